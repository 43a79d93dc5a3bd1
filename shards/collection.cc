// SPDX-License-Identifier: Apache-2.0
#include "shards/collection.h"

#include <cassert>

#include "shards/hash.h"
#include "shards/list.h"
#include "shards/set.h"
#include "shards/zset.h"

namespace stave {
namespace {

std::string_view with_article(Type type) {
  switch (type) {
    case Type::kHash:
      return "a hash";
    case Type::kSet:
      return "a set";
    case Type::kZset:
      return "a sorted set";
    case Type::kList:
      return "a list";
    default:
      return "a value without elements";
  }
}

}  // namespace

std::unique_ptr<Collection> unpack(Type type, std::string_view packed) {
  switch (type) {
    case Type::kHash:
      return std::make_unique<HashValue>(packed);
    case Type::kSet:
      return std::make_unique<SetValue>(packed);
    case Type::kZset:
      return std::make_unique<ZsetValue>(packed);
    case Type::kList:
      return std::make_unique<ListValue>(packed);
    default:
      assert(false);
      return nullptr;
  }
}

Status edit_packed(Type type, std::string& packed, std::string_view edits, const CollectionLimits& limits,
                   EditResult& result) {
  switch (type) {
    case Type::kHash:
      return edit_packed_hash(packed, edits, limits, result);
    case Type::kSet:
      return edit_packed_set(packed, edits, limits, result);
    case Type::kZset:
      return edit_packed_zset(packed, edits, limits, result);
    case Type::kList:
      return edit_packed_list(packed, edits, limits, result);
    default:
      return bad_edit(type);
  }
}

Status bad_edit(Type type) {
  return Status::error("an edit does not fit " + std::string(with_article(type)));
}

}  // namespace stave
