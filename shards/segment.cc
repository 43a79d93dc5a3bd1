// SPDX-License-Identifier: Apache-2.0
#include "shards/segment.h"

#include <charconv>
#include <cstdio>

#include "shards/crc32c.h"

namespace stave {
namespace {

constexpr std::string_view kMagic = "STAVESEG";
constexpr std::size_t kCrcAt = 12;

std::uint32_t block_crc(std::string block) {
  block.replace(kCrcAt, 4, 4, '\0');
  return crc32c(0, block.data(), block.size());
}

}  // namespace

std::uint32_t SegmentHeader::record_seed() const {
  std::string identity(reinterpret_cast<const char*>(database.data()), database.size());
  put(identity, shard);
  put(identity, number);
  return crc32c(0, identity.data(), identity.size());
}

std::string SegmentHeader::encode() const {
  std::string block(kMagic);
  put(block, kFormatVersion);
  put(block, std::uint32_t{0});
  block.append(reinterpret_cast<const char*>(database.data()), database.size());
  put(block, shard);
  put(block, kind);
  put(block, static_cast<std::uint8_t>(sealed));
  put(block, generation);
  put(block, static_cast<std::uint8_t>(recycled));
  put(block, number);
  put(block, lowest_gsn);
  put(block, highest_gsn);
  put(block, end_bytes);
  put(block, order);
  put(block, clean_gsn);
  block.resize(kSegmentHeaderBytes, '\0');
  const std::uint32_t crc = block_crc(block);
  block.replace(kCrcAt, 4, reinterpret_cast<const char*>(&crc), 4);
  return block;
}

Result<SegmentHeader> SegmentHeader::decode(std::string_view block) {
  if (block.size() < kSegmentHeaderBytes || block.substr(0, kMagic.size()) != kMagic) {
    return Status::error("is not a segment of Stave");
  }
  const auto version = get<std::uint32_t>(block, 8);
  if (version < kFormatVersionMin || version > kFormatVersion) {
    return Status::error("has format version " + std::to_string(version) + ", this program reads version " +
                         std::to_string(kFormatVersion));
  }
  if (get<std::uint32_t>(block, kCrcAt) != block_crc(std::string(block.substr(0, kSegmentHeaderBytes)))) {
    return Status::error("has a header with a wrong checksum");
  }
  SegmentHeader header;
  block.copy(reinterpret_cast<char*>(header.database.data()), header.database.size(), 16);
  header.shard = get<std::uint32_t>(block, 32);
  header.kind = get<SegmentKind>(block, 36);
  header.sealed = get<std::uint8_t>(block, 37) != 0;
  header.generation = get<std::uint8_t>(block, 38);
  header.recycled = get<std::uint8_t>(block, 39) != 0;
  header.number = get<std::uint64_t>(block, 40);
  header.lowest_gsn = get<std::uint64_t>(block, 48);
  header.highest_gsn = get<std::uint64_t>(block, 56);
  header.end_bytes = get<std::uint64_t>(block, 64);
  header.order = get<std::uint64_t>(block, 72);
  if (header.order == 0) header.order = header.number;
  header.clean_gsn = get<std::uint64_t>(block, 80);
  return header;
}

std::uint32_t free_slot(SegmentTable& segments) {
  for (std::uint32_t slot = 0; slot < segments.size(); ++slot) {
    if (segments[slot] == nullptr) return slot;
  }
  segments.emplace_back();
  return static_cast<std::uint32_t>(segments.size() - 1);
}

std::string segment_name(std::uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%08llu.seg", static_cast<unsigned long long>(number));
  return name;
}

std::string hint_name(std::uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%08llu.hint", static_cast<unsigned long long>(number));
  return name;
}

std::string shard_name(std::uint32_t shard) {
  char name[32];
  std::snprintf(name, sizeof name, "shard-%04u", shard);
  return name;
}

std::uint64_t parse_segment_name(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return 0;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() && name.size() >= 8 ? number : 0;
}

}  // namespace stave
