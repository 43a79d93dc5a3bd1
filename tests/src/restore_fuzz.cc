// SPDX-License-Identifier: Apache-2.0
// Fuzzes what RESTORE takes, without footer: what is read must be a value that the store takes, written again
// it must be the same value, and nothing may be larger than the format lets it be.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "shards/collection.h"
#include "shards/packed.h"
#include "src/rdb_value.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

stave::Found found_of(const stave::RdbValue& value) {
  stave::Found found;
  found.exists = found.resident = true;
  found.type = value.type;
  found.value = value.bytes;
  return found;
}

std::string written(const stave::Found& found) {
  std::string bytes;
  stave::put_rdb_value(bytes, found, {});
  return bytes;
}

void require_same(const stave::RdbValue& value, const std::string& bytes) {
  auto again = stave::parse_rdb_value(bytes, {});
  require(again.ok() && again->type == value.type);
  // A large hash of which no field expires any more is written as one of which none ever did.
  if (value.type == stave::Type::kHash &&
      stave::packed_encoding(value.bytes) == stave::Encoding::kHashtableEx) {
    require(stave::packed_count(again->bytes) == stave::packed_count(value.bytes));
    return;
  }
  require(again->bytes.size() == value.bytes.size());
  if (value.type == stave::Type::kHash || value.type == stave::Type::kSet) return;  // in any order
  // Compact forms may hold what one by one would have made another encoding of them.
  if (value.type != stave::Type::kString)
    stave::set_packed_encoding(again->bytes, stave::packed_encoding(value.bytes));
  require(again->bytes == value.bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLzf = 88;        // bytes from one
  constexpr std::size_t kOfListpack = 5;  // for one of a listpack: a score is 9 from 2
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto value = stave::parse_rdb_value(bytes, {});
  if (!value.ok()) return 0;
  require(value->bytes.size() <= 16 + size * kLzf * kOfListpack);
  require_same(*value, written(found_of(*value)));
  if (value->type == stave::Type::kString) return 0;
  require(stave::is_packed(value->type, value->bytes) && stave::packed_count(value->bytes) > 0);
  const auto native = stave::unpack(value->type, value->bytes);
  require(native->size() == stave::packed_count(value->bytes));  // so nothing is there twice
  stave::Found found = found_of(*value);
  found.value = {};
  found.collection = native.get();
  require_same(*value, written(found));
  return 0;
}
