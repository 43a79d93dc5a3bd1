// SPDX-License-Identifier: Apache-2.0
// CollectionLimits: up to which size OBJECT ENCODING calls a collection by the name of its compact form, as
// Redis' directives of the same names say. A collection that has outgrown one keeps the larger form's name.
#pragma once

#include <cstdint>

namespace stave {

struct CollectionLimits {
  std::uint64_t hash_listpack_entries = 512;
  std::uint64_t hash_listpack_value = 64;  // bytes of a field or a value
  std::uint64_t set_intset_entries = 512;
  std::uint64_t set_listpack_entries = 128;
  std::uint64_t set_listpack_value = 64;
  std::uint64_t zset_listpack_entries = 128;
  std::uint64_t zset_listpack_value = 64;
  std::int64_t list_listpack_size = -2;  // elements, or -1 to -5: 4, 8, 16, 32, 64 KiB
};

}  // namespace stave
