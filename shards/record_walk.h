// SPDX-License-Identifier: Apache-2.0
// Walks over the records of a segment as recovery takes them: batches as a whole or not at all, and of a log
// segment only records whose GSNs follow each other. For the check.
#pragma once

#include <cstdint>
#include <functional>

#include "shards/hint.h"
#include "shards/segment_reader.h"

namespace stave {

struct WalkEnd {
  SegmentReader::Outcome outcome = SegmentReader::Outcome::kEnd;
  std::uint64_t bytes = kSegmentHeaderBytes;  // where the last whole batch ends
  std::uint64_t gsn = 0;  // the highest up to there; one below the header's lowest if none
};

// `visit` gets every record as the hint would have it; its views last as long as the call.
WalkEnd walk_records(SegmentReader& reader, const SegmentHeader& header,
                     const std::function<void(const HintEntry&)>& visit);

}  // namespace stave
