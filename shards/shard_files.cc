// SPDX-License-Identifier: Apache-2.0
#include "shards/shard_files.h"

#include <algorithm>

namespace stave {
namespace {

Status read_header(Disk& disk, const DatabaseId& database, std::uint32_t shard, SegmentFile& segment) {
  auto file = disk.open(segment.path);
  if (!file.ok()) return file.take_status();
  auto size = (*file)->size();
  if (!size.ok()) return size.take_status();
  segment.file_bytes = *size;
  std::string block(kSegmentHeaderBytes, '\0');
  auto got = (*file)->read(0, block);
  if (!got.ok()) {
    segment.fault = "has a header that cannot be read (" + got.message() + ")";
    return {};
  }
  segment.blank = std::all_of(block.begin(), block.end(), [](char c) { return c == 0; });
  auto header = SegmentHeader::decode(std::string_view(block).substr(0, *got));
  if (!header.ok()) {
    segment.fault = header.message();
  } else if (header->database != database || header->shard != shard || header->number != segment.number) {
    segment.fault = "belongs to another database, shard or number";
  } else {
    segment.header = *header;
    segment.order = header->order;
  }
  return {};
}

void judge(ShardFiles& files) {
  const bool all_count = !files.manifest_fault.empty();
  for (SegmentFile& segment : files.segments) {
    segment.listed = files.manifest.lists(segment.number);
    const bool compacted = segment.header.kind == SegmentKind::kCompacted;
    segment.garbage = !all_count && segment.fault.empty() && !segment.listed &&
                      (compacted || segment.header.lowest_gsn <= files.manifest.log_gsn);
  }
  // From the end, as only what follows the last sealed segment is the tail.
  bool tail = true;
  for (auto segment = files.segments.rbegin(); segment != files.segments.rend(); ++segment) {
    if (segment->garbage) continue;
    const bool empty = segment->blank || segment->file_bytes < kSegmentHeaderBytes;
    tail = tail && !segment->listed && (empty || (segment->fault.empty() && !segment->header.sealed));
    segment->tail = tail;
  }
}

void find_missing(ShardFiles& files) {
  for (const std::uint64_t number : files.manifest.segments) {
    const bool found = std::any_of(files.segments.begin(), files.segments.end(),
                                   [&](const SegmentFile& segment) { return segment.number == number; });
    if (!found) files.missing.push_back(number);
  }
}

}  // namespace

Result<ShardFiles> ShardFiles::read(Disk& disk, const std::string& directory, const DatabaseId& database,
                                    std::uint32_t shard) {
  ShardFiles files;
  auto names = disk.list(directory);
  if (!names.ok()) return names.take_status();
  auto manifest = Manifest::load(disk, directory, database, shard);
  files.manifest = manifest.ok() ? std::move(*manifest) : Manifest::none();
  if (!manifest.ok()) files.manifest_fault = manifest.message();
  for (const std::string& name : *names) {
    if (name.ends_with(".seg.new")) files.unfinished.push_back(name);
    SegmentFile segment;
    segment.number = segment.order = parse_segment_name(name, ".seg");
    if (segment.number == 0) continue;
    segment.path = directory + "/" + name;
    if (auto status = read_header(disk, database, shard, segment); !status.ok()) return status;
    files.segments.push_back(std::move(segment));
  }
  std::stable_sort(files.segments.begin(), files.segments.end(),
                   [](const SegmentFile& a, const SegmentFile& b) { return a.order < b.order; });
  judge(files);
  find_missing(files);
  return files;
}

}  // namespace stave
