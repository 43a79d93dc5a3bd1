// SPDX-License-Identifier: Apache-2.0
// NameTable: which names a command has come across. It does not own their bytes.
#pragma once

#include <string_view>
#include <unordered_set>

#include "shards/hash_key.h"

namespace stave {

// Clients choose the names, so the hash is one whose collisions they cannot choose.
struct NameHash {
  std::size_t operator()(std::string_view name) const { return hash_key(name); }
};
using NameTable = std::unordered_set<std::string_view, NameHash>;

}  // namespace stave
