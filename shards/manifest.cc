// SPDX-License-Identifier: Apache-2.0
#include "shards/manifest.h"

#include <algorithm>

#include "shards/crc32c.h"

namespace stave {
namespace {

constexpr std::string_view kMagic = "STAVEMAN";
constexpr std::uint32_t kManifestVersion = 1;
constexpr std::size_t kCrcAt = 12;
constexpr std::size_t kLogGsnAt = 40;
constexpr std::size_t kDbMapAt = kLogGsnAt + 3 * 8;
constexpr std::size_t kFlushGsnAt = kDbMapAt + limits::kDatabases;
constexpr std::size_t kSegmentsAt = kFlushGsnAt + limits::kDatabases * 8;
constexpr std::size_t kNumbersAt = kSegmentsAt + 8;

std::uint32_t file_crc(std::string_view bytes) {
  const std::uint32_t before = crc32c(0, bytes.data(), kCrcAt);
  return crc32c(before, bytes.data() + kCrcAt + 4, bytes.size() - kCrcAt - 4);
}

std::string_view view_of(const DatabaseId& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

// "" when it is whole.
std::string fault_of(std::string_view bytes, const DatabaseId& database, std::uint32_t shard) {
  if (bytes.size() < kNumbersAt || !bytes.starts_with(kMagic)) return "is no manifest of Stave";
  const auto version = get<std::uint32_t>(bytes, 8);
  if (version != kManifestVersion) {
    return "has format version " + std::to_string(version) + ", this program reads version " +
           std::to_string(kManifestVersion);
  }
  if (get<std::uint32_t>(bytes, kCrcAt) != file_crc(bytes)) return "has a wrong checksum";
  if (bytes.substr(16, 16) != view_of(database) || get<std::uint32_t>(bytes, 32) != shard)
    return "belongs to another database or shard";
  const std::uint64_t numbers_bytes = bytes.size() - kNumbersAt;
  if (numbers_bytes % 8 != 0 || get<std::uint64_t>(bytes, kSegmentsAt) != numbers_bytes / 8)
    return "has a wrong length";
  return "";
}

}  // namespace

bool Manifest::lists(std::uint64_t number) const {
  return std::binary_search(segments.begin(), segments.end(), number);
}

Manifest Manifest::none() {
  Manifest manifest;
  for (std::size_t db = 0; db < manifest.db_map.size(); ++db)
    manifest.db_map[db] = static_cast<std::uint8_t>(db);
  return manifest;
}

Result<Manifest> Manifest::decode(std::string_view bytes, const DatabaseId& database, std::uint32_t shard) {
  if (const std::string fault = fault_of(bytes, database, shard); !fault.empty()) return Status::error(fault);
  Manifest manifest;
  manifest.log_gsn = get<std::uint64_t>(bytes, kLogGsnAt);
  manifest.settled = get<std::uint64_t>(bytes, kLogGsnAt + 8);
  manifest.swap_gsn = get<std::uint64_t>(bytes, kLogGsnAt + 16);
  for (std::size_t db = 0; db < limits::kDatabases; ++db) {
    manifest.db_map[db] = get<std::uint8_t>(bytes, kDbMapAt + db);
    manifest.flush_gsn[db] = get<std::uint64_t>(bytes, kFlushGsnAt + 8 * db);
    if (manifest.db_map[db] >= limits::kDatabases) return Status::error("has a wrong db map");
  }
  manifest.segments.resize(get<std::uint64_t>(bytes, kSegmentsAt));
  for (std::size_t i = 0; i < manifest.segments.size(); ++i)
    manifest.segments[i] = get<std::uint64_t>(bytes, kNumbersAt + 8 * i);
  return manifest;
}

std::string Manifest::encode(const DatabaseId& database, std::uint32_t shard) const {
  std::string bytes(kMagic);
  put(bytes, kManifestVersion);
  put(bytes, std::uint32_t{0});
  bytes.append(view_of(database));
  put(bytes, shard);
  put(bytes, std::uint32_t{0});
  put(bytes, log_gsn);
  put(bytes, settled);
  put(bytes, swap_gsn);
  for (const std::uint8_t db : db_map) put(bytes, db);
  for (const std::uint64_t gsn : flush_gsn) put(bytes, gsn);
  put(bytes, static_cast<std::uint64_t>(segments.size()));
  for (const std::uint64_t number : segments) put(bytes, number);
  const std::uint32_t crc = file_crc(bytes);
  bytes.replace(kCrcAt, 4, reinterpret_cast<const char*>(&crc), 4);
  return bytes;
}

void Manifest::mend_for_fuzzing(std::string& bytes) {
  if (bytes.size() < kNumbersAt) return;
  std::string header(kMagic);
  put(header, kManifestVersion);
  header.resize(kLogGsnAt, '\0');  // crc, database, shard
  bytes.replace(0, header.size(), header);
  const std::uint32_t crc = file_crc(bytes);
  bytes.replace(kCrcAt, 4, reinterpret_cast<const char*>(&crc), 4);
}

Result<Manifest> Manifest::load(Disk& disk, const std::string& directory, const DatabaseId& database,
                                std::uint32_t shard) {
  const std::string path = directory + "/" + kManifestName;
  if (!disk.exists(path)) return none();
  auto bytes = read_file(disk, path);
  if (!bytes.ok()) return bytes.take_status();
  auto manifest = decode(*bytes, database, shard);
  if (!manifest.ok()) return Status::error(path + ": " + manifest.message());
  return manifest;
}

Status Manifest::save(Disk& disk, const std::string& directory, const DatabaseId& database,
                      std::uint32_t shard, bool* in_doubt) const {
  return replace_file(disk, directory, kManifestName, encode(database, shard), in_doubt);
}

}  // namespace stave
