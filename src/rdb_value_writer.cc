// SPDX-License-Identifier: Apache-2.0
// Value to bytes.
#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <vector>

#include "resp/number_text.h"
#include "shards/collection.h"
#include "shards/hash.h"
#include "shards/list.h"
#include "shards/set.h"
#include "shards/zset.h"
#include "src/numbers.h"
#include "src/quicklist_nodes.h"
#include "src/rdb_packed.h"
#include "src/rdb_strings.h"
#include "src/rdb_value.h"

namespace stave {
namespace {

// Redis makes no larger ones, and refuses to add to them.
constexpr std::size_t kListpackBytesMax = std::size_t{1} << 30;

void put_type(std::string& out, RdbType type) {
  out.push_back(static_cast<char>(type));
}

// False, and nothing written, when the listpack is too large.
bool put_listpack(std::string& out, RdbType type, ListpackWriter& listpack) {
  if (listpack.bytes() > kListpackBytesMax) return false;
  put_type(out, type);
  put_rdb_string(out, listpack.finish());
  return true;
}

bool put_small_hash(std::string& out, const HashView& hash) {
  ListpackWriter listpack;
  hash.for_each([&](std::string_view field, std::string_view value) {
    listpack.add(field);
    listpack.add(value);
  });
  return put_listpack(out, RdbType::kHashListpack, listpack);
}

// Those that never expire at the end, as Redis keeps them.
std::vector<HashElement> by_expiry(const HashView& hash) {
  std::vector<HashElement> elements;
  hash.for_each_element([&](const HashElement& element) { elements.push_back(element); });
  std::stable_sort(elements.begin(), elements.end(), [](const HashElement& a, const HashElement& b) {
    return a.expiry_ms != 0 && (b.expiry_ms == 0 || a.expiry_ms < b.expiry_ms);
  });
  return elements;
}

bool put_small_expiring_hash(std::string& out, const HashView& hash) {
  ListpackWriter listpack;
  for (const HashElement& element : by_expiry(hash)) {
    listpack.add(element.field);
    listpack.add(element.value);
    listpack.add(std::to_string(element.expiry_ms));
  }
  if (listpack.bytes() > kListpackBytesMax) return false;
  put_type(out, RdbType::kHashListpackExpiring);
  put_rdb_i64(out, hash.next_expiry_ms());
  put_rdb_string(out, listpack.finish());
  return true;
}

void put_expiring_hash(std::string& out, const HashView& hash) {
  const std::int64_t first_ms = hash.next_expiry_ms();
  put_type(out, RdbType::kHashExpiring);
  put_rdb_i64(out, first_ms);
  put_rdb_length(out, hash.size());
  hash.for_each_element([&](const HashElement& element) {
    const std::int64_t after_first = element.expiry_ms == 0 ? 0 : element.expiry_ms - first_ms + 1;
    put_rdb_length(out, static_cast<std::uint64_t>(after_first));
    put_rdb_string(out, element.field);
    put_rdb_string(out, element.value);
  });
}

void put_hash(std::string& out, const HashView& hash, Encoding encoding) {
  if (encoding == Encoding::kListpackEx && put_small_expiring_hash(out, hash)) return;
  if (hash.next_expiry_ms() != 0) return put_expiring_hash(out, hash);
  if (encoding == Encoding::kListpack && put_small_hash(out, hash)) return;
  put_type(out, RdbType::kHash);
  put_rdb_length(out, hash.size());
  hash.for_each([&](std::string_view field, std::string_view value) {
    put_rdb_string(out, field);
    put_rdb_string(out, value);
  });
}

bool put_small_set(std::string& out, const SetView& set) {
  ListpackWriter listpack;
  set.for_each([&](std::string_view member) { listpack.add(member); });
  return put_listpack(out, RdbType::kSetListpack, listpack);
}

// None unless all members are integers.
std::optional<std::vector<std::int64_t>> integers_of(const SetView& set) {
  std::vector<std::int64_t> integers;
  integers.reserve(set.size());
  set.for_each([&](std::string_view member) {
    if (const auto number = parse_integer(member)) integers.push_back(*number);
  });
  if (integers.size() != set.size()) return std::nullopt;
  return integers;
}

bool put_intset(std::string& out, const SetView& set) {
  auto integers = integers_of(set);
  if (!integers) return false;
  put_type(out, RdbType::kSetIntset);
  put_rdb_string(out, make_intset(*std::move(integers)));
  return true;
}

void put_set(std::string& out, const SetView& set, Encoding encoding) {
  if (encoding == Encoding::kListpack && put_small_set(out, set)) return;
  if (encoding == Encoding::kIntset && put_intset(out, set)) return;
  put_type(out, RdbType::kSet);
  put_rdb_length(out, set.size());
  set.for_each([&](std::string_view member) { put_rdb_string(out, member); });
}

bool put_small_zset(std::string& out, const ZsetView& zset) {
  ListpackWriter listpack;
  char buffer[resp::kDoubleTextBytesMax];
  zset.walk(0, false, [&](std::string_view member, double score) {
    listpack.add(member);
    listpack.add(resp::double_text(score, buffer));
    return true;
  });
  return put_listpack(out, RdbType::kZsetListpack, listpack);
}

// From the last one on, as Redis does, for which that is the fastest way to load it.
void put_zset(std::string& out, const ZsetView& zset, Encoding encoding) {
  if (encoding == Encoding::kListpack && put_small_zset(out, zset)) return;
  put_type(out, RdbType::kZset2);
  put_rdb_length(out, zset.size());
  zset.walk(zset.size() - 1, true, [&](std::string_view member, double score) {
    put_rdb_string(out, member);
    put_rdb_double(out, score);
    return true;
  });
}

// The nodes of a list, each with its container type in front.
class NodeWriter {
 public:
  void add(std::string_view element) { listpack_.add(element); }
  void end_node() {
    constexpr std::uint64_t kPacked = 2;
    if (listpack_.count() == 0) return;
    put_rdb_length(bytes_, kPacked);
    put_rdb_string(bytes_, listpack_.finish());
    listpack_.clear();
    ++nodes_;
  }
  void put(std::string& out) const {
    put_rdb_length(out, nodes_);
    out += bytes_;
  }

 private:
  ListpackWriter listpack_;
  std::string bytes_;
  std::size_t nodes_ = 0;
};

void put_list(std::string& out, const ListView& list, Encoding encoding, const CollectionLimits& limits) {
  QuicklistNodes nodes(limits);
  NodeWriter writer;
  list.for_each_while(0, false, [&](std::string_view element) {
    if (encoding == Encoding::kQuicklist && nodes.begins_one(element)) writer.end_node();
    writer.add(element);
    return true;
  });
  writer.end_node();
  put_type(out, RdbType::kListQuicklist2);
  writer.put(out);
}

}  // namespace

void put_rdb_value(std::string& out, const Found& found, const CollectionLimits& limits) {
  assert(found.exists && found.resident);
  if (found.type == Type::kString) {
    put_type(out, RdbType::kString);
    put_rdb_string(out, found.value);
    return;
  }
  const Encoding encoding =
      found.collection != nullptr ? found.collection->encoding() : packed_encoding(found.value);
  switch (found.type) {
    case Type::kHash:
      return put_hash(out, HashView(found), encoding);
    case Type::kSet:
      return put_set(out, SetView(found), encoding);
    case Type::kZset:
      return put_zset(out, ZsetView(found), encoding);
    case Type::kList:
      return put_list(out, ListView(found), encoding, limits);
    default:
      assert(false);
  }
}

}  // namespace stave
