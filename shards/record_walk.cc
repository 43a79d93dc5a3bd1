// SPDX-License-Identifier: Apache-2.0
#include "shards/record_walk.h"

#include <algorithm>
#include <string>
#include <vector>

namespace stave {
namespace {

// A record of a batch whose last one is still to come: the reader's views do not last.
struct Held {
  HintEntry entry;
  std::string bytes;  // key and value

  explicit Held(const HintEntry& of) : entry(of), bytes(of.record.key) { bytes.append(of.record.value); }
  HintEntry view() const {
    HintEntry seen = entry;
    seen.record.key = std::string_view(bytes).substr(0, entry.record.key.size());
    seen.record.value = std::string_view(bytes).substr(entry.record.key.size());
    return seen;
  }
};

HintEntry entry_of(const Record& record, std::uint64_t offset) {
  HintEntry entry{record, static_cast<std::uint32_t>(record.value.size()), offset};
  if (!hint_has_value(record.kind)) entry.record.value = {};
  return entry;
}

}  // namespace

WalkEnd walk_records(SegmentReader& reader, const SegmentHeader& header,
                     const std::function<void(const HintEntry&)>& visit) {
  const bool dense = header.kind == SegmentKind::kLog;
  WalkEnd end;
  end.gsn = header.lowest_gsn - 1;
  std::uint64_t gsn = end.gsn;
  std::vector<Held> batch;
  Record record;
  std::uint64_t offset = 0;
  while ((end.outcome = reader.next(record, offset)) == SegmentReader::Outcome::kRecord) {
    const bool fits =
        dense ? record.gsn == gsn + 1 : record.gsn >= header.lowest_gsn && record.gsn <= header.highest_gsn;
    if (!fits) {
      end.outcome = SegmentReader::Outcome::kBad;
      reader.step_back(offset);
      break;
    }
    gsn = std::max(gsn, record.gsn);
    const HintEntry entry = entry_of(record, offset);
    if (record.has(kContinues)) {
      batch.emplace_back(entry);
      continue;
    }
    for (const Held& held : batch) visit(held.view());
    visit(entry);
    batch.clear();
    end.bytes = reader.offset();
    end.gsn = gsn;
  }
  return end;
}

}  // namespace stave
