// SPDX-License-Identifier: Apache-2.0
// Fuzzes the packed form of collections and edits, as a disk or a client may give them: a byte that chooses
// the type, two for the length of the packed form, that form, edits. What is accepted must come back from the
// native form, and edits must do the same to both.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shards/collection.h"

namespace {

constexpr stave::Type kTypes[] = {stave::Type::kList, stave::Type::kSet, stave::Type::kZset,
                                  stave::Type::kHash};

void require(bool holds) {
  if (!holds) std::abort();
}

// What does not depend on the order of a hash or a set.
void require_same(stave::Type type, const stave::Collection& native, const std::string& packed) {
  std::string again;
  native.pack(again);
  require(stave::is_packed(type, packed) && stave::is_packed(type, again));
  require(stave::packed_count(packed) == native.size() && again.size() == packed.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const stave::Type type = kTypes[data[0] % 4];
  const std::size_t packed_bytes = data[1] + 256u * data[2];
  const std::string_view rest(reinterpret_cast<const char*>(data + 3), size - 3);
  const std::string_view edits = rest.substr(std::min(packed_bytes, rest.size()));
  std::string packed(rest.substr(0, packed_bytes));
  if (!stave::is_packed(type, packed)) packed = stave::empty_packed(type);
  const auto native = stave::unpack(type, packed);
  native->pack(packed);  // without what it had twice
  require_same(type, *native, packed);
  stave::EditResult to_packed;
  stave::EditResult to_native;
  const bool fits = stave::edit_packed(type, packed, edits, {}, to_packed).ok();
  require(native->apply(edits, {}, to_native).ok() == fits);
  require(to_packed.added == to_native.added && to_packed.updated == to_native.updated &&
          to_packed.removed == to_native.removed);
  require_same(type, *native, packed);
  return 0;
}
