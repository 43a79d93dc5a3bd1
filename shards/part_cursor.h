// SPDX-License-Identifier: Apache-2.0
// PartCursor: how far a collection has been packed in parts (Collection::pack_part). Elements that have
// neither come nor gone since the first part, nor got another value, are in exactly one part, or in several
// that say the same. Owner thread only.
#pragma once

#include <cstdint>
#include <string>

namespace stave {

struct PartCursor {
  bool begun = false;
  // Of a hash and a set: of the walk over their index. Of a list: how many elements from its head on are
  // packed, which edits change (list_prefix.h).
  std::uint64_t place = 0;
  std::uint64_t size = 0;  // of the list, likewise
  // Of a sorted set: what was packed last.
  double score = 0;
  std::string member;
};

}  // namespace stave
