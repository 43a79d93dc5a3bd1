// SPDX-License-Identifier: Apache-2.0
// Bytes to value.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "shards/limits.h"
#include "shards/list.h"
#include "shards/packed.h"
#include "shards/zset.h"
#include "src/errors.h"
#include "src/numbers.h"
#include "src/quicklist_nodes.h"
#include "src/rdb_packed.h"
#include "src/rdb_strings.h"
#include "src/rdb_value.h"

namespace stave {
namespace {

// Takes items as they come, in packed form but for the order of a sorted set, which is made at the end.
class Gathering {
 public:
  // `expiring`: of a hash, each element has an expiry, too.
  Gathering(Type type, bool expiring) : type_(type), expiring_(expiring), packed_(empty_packed(type)) {}

  bool add(std::string_view item) {
    too_large_ = too_large_ || packed_.size() + item_bytes(item.size()) > limits::kValueBytesMax;
    if (too_large_) return false;
    put_item(packed_, item);
    longest_ = std::max(longest_, item.size());
    ++items_;
    return true;
  }
  bool add_score(double score) {
    char bytes[sizeof score];
    std::memcpy(bytes, &score, sizeof score);
    return !std::isnan(score) && add({bytes, sizeof bytes});
  }

  // Redis takes no later ones.
  bool add_expiry(std::uint64_t expiry_ms) {
    constexpr std::uint64_t kLatestMs = (std::uint64_t{1} << 48) - 1;
    if (expiry_ms > kLatestMs) return false;
    put_expiry(packed_, static_cast<std::int64_t>(expiry_ms));
    ++items_;
    return true;
  }

  Type type() const { return type_; }
  bool too_large() const { return too_large_; }
  std::size_t items_per_element() const {
    return stave::items_per_element(type_, expiring_ ? Encoding::kListpackEx : Encoding::kListpack);
  }
  std::size_t count() const { return items_ / items_per_element(); }
  std::size_t longest() const { return longest_; }  // bytes of an item
  std::string_view packed() const { return packed_; }

  // False when there is nothing, half an element, or an element twice.
  bool end() {
    if (items_ == 0 || items_ % items_per_element() != 0) return false;
    set_packed_count(packed_, count());
    if (type_ != Type::kList && has_twice()) return false;
    if (type_ == Type::kZset && !is_packed(type_, packed_)) put_in_order();
    return true;
  }
  std::string take(Encoding encoding) {
    set_packed_encoding(packed_, encoding);
    return std::move(packed_);
  }

 private:
  bool has_twice() const {
    std::vector<std::string_view> names;
    names.reserve(count());
    PackedItems items(packed_);
    std::string_view value;
    for (std::string_view name; items.next(name);) {
      names.push_back(name);
      for (std::size_t i = 1; i < items_per_element(); ++i) items.next(value);
    }
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  // Redis' large ones come backwards.
  void put_in_order() {
    std::vector<ScoredMember> members(count());
    PackedItems items(packed_);
    for (ScoredMember& element : members) {
      std::string_view score;
      items.next(element.member);
      items.next(score);
      std::memcpy(&element.score, score.data(), sizeof element.score);
    }
    std::sort(members.begin(), members.end(), [](const ScoredMember& a, const ScoredMember& b) {
      return a.score < b.score || (a.score == b.score && a.member < b.member);
    });
    std::string ordered = empty_packed(type_);
    ordered.reserve(packed_.size());
    set_packed_count(ordered, count());
    for (const ScoredMember& element : members) {
      put_item(ordered, element.member);
      put_item(ordered, {reinterpret_cast<const char*>(&element.score), sizeof element.score});
    }
    packed_ = std::move(ordered);
  }

  const Type type_;
  const bool expiring_;
  std::string packed_;
  std::size_t items_ = 0;
  std::size_t longest_ = 0;
  bool too_large_ = false;
};

// --- What the types have behind their first byte.

bool read_items(RdbReader& reader, Gathering& items) {
  std::uint64_t count = 0;
  if (!reader.take_length(count) || count > reader.left()) return false;  // a byte each at least
  for (count *= items.items_per_element(); count > 0; --count) {
    std::string_view item;
    if (!reader.take_string(item) || !items.add(item)) return false;
  }
  return true;
}

bool read_expiring(RdbReader& reader, Gathering& hash) {
  std::int64_t first_ms = 0;
  std::uint64_t count = 0;
  if (!reader.take_i64(first_ms) || first_ms < 0 || !reader.take_length(count)) return false;
  for (; count > 0; --count) {
    std::uint64_t after_first = 0;
    std::string_view item;
    if (!reader.take_length(after_first)) return false;
    for (int i = 0; i < 2; ++i) {  // the second may replace the bytes of the first
      if (!reader.take_string(item) || !hash.add(item)) return false;
    }
    const bool never = after_first == 0;
    if (!never && after_first > std::numeric_limits<std::uint64_t>::max() / 2) return false;
    if (!hash.add_expiry(never ? 0 : static_cast<std::uint64_t>(first_ms) + after_first - 1)) return false;
  }
  return true;
}

bool read_scored(RdbReader& reader, Gathering& items, RdbType type) {
  std::uint64_t count = 0;
  if (!reader.take_length(count)) return false;
  for (; count > 0; --count) {
    std::string_view member;
    double score = 0;
    if (!reader.take_string(member) || !items.add(member)) return false;
    const bool taken = type == RdbType::kZset ? reader.take_text_double(score) : reader.take_double(score);
    if (!taken || !items.add_score(score)) return false;
  }
  return true;
}

using Walk = bool (*)(std::string_view bytes, const VisitElement& visit);

bool read_packed(RdbReader& reader, Gathering& items, Walk walk) {
  std::string_view bytes;
  if (!reader.take_string(bytes)) return false;
  if (items.type() != Type::kZset) return walk(bytes, [&](std::string_view item) { return items.add(item); });
  bool is_score = true;
  return walk(bytes, [&](std::string_view item) {
    is_score = !is_score;
    if (!is_score) return items.add(item);
    const auto score = parse_double(item);
    return score && items.add_score(*score);
  });
}

bool read_expiring_listpack(RdbReader& reader, Gathering& hash) {
  std::int64_t first_ms = 0;
  std::string_view bytes;
  if (!reader.take_i64(first_ms) || !reader.take_string(bytes)) return false;
  std::size_t at = 0;
  return walk_listpack(bytes, [&](std::string_view item) {
    if (++at % hash.items_per_element() != 0) return hash.add(item);
    const auto expiry_ms = parse_integer(item);
    return expiry_ms && *expiry_ms >= 0 && hash.add_expiry(static_cast<std::uint64_t>(*expiry_ms));
  });
}

// `packed_nodes` becomes how many there are, but for empty ones; a node of one plain element counts as many.
bool read_quicklist(RdbReader& reader, Gathering& items, RdbType type, std::size_t& packed_nodes) {
  constexpr std::uint64_t kPlain = 1;
  constexpr std::uint64_t kPacked = 2;
  constexpr std::size_t kMany = 2;
  std::uint64_t nodes = 0;
  if (!reader.take_length(nodes)) return false;
  for (; nodes > 0; --nodes) {
    std::uint64_t container = kPacked;
    if (type == RdbType::kListQuicklist2 && !reader.take_length(container)) return false;
    if (container == kPlain) {
      std::string_view element;
      if (!reader.take_string(element) || element.empty() || !items.add(element)) return false;
      packed_nodes += kMany;
      continue;
    }
    const std::size_t before = items.count();
    const Walk walk = type == RdbType::kListQuicklist2 ? walk_listpack : walk_ziplist;
    if (container != kPacked || !read_packed(reader, items, walk)) return false;
    packed_nodes += items.count() > before ? 1 : 0;
  }
  return true;
}

// --- The encoding, as Redis 7.2 chooses it when it loads.

Encoding encoding_of_set(const Gathering& set, RdbType type, const CollectionLimits& limits) {
  if (type == RdbType::kSetListpack)
    return set.count() <= limits.set_listpack_entries ? Encoding::kListpack : Encoding::kHashtable;
  constexpr std::uint64_t kIntsetEntriesMax = 1u << 30;
  if (set.count() > std::min(limits.set_intset_entries, kIntsetEntriesMax)) return Encoding::kHashtable;
  if (type == RdbType::kSetIntset) return Encoding::kIntset;
  PackedItems items(set.packed());
  bool integers = true;
  for (std::string_view member; integers && items.next(member);) integers = parse_integer(member).has_value();
  if (integers) return Encoding::kIntset;
  const bool small = set.count() <= limits.set_listpack_entries && set.longest() <= limits.set_listpack_value;
  return small ? Encoding::kListpack : Encoding::kHashtable;
}

// Of hashes and sorted sets: those that come in a compact form stay in one however long their elements are.
bool stays_small(const Gathering& items, RdbType type, std::uint64_t entries_max, std::uint64_t bytes_max) {
  const bool by_length = type == RdbType::kHash || type == RdbType::kHashExpiring ||
                         type == RdbType::kHashZipmap || type == RdbType::kZset || type == RdbType::kZset2;
  return items.count() <= entries_max && (!by_length || items.longest() <= bytes_max);
}

Encoding encoding_of_list(const Gathering& list, RdbType type, std::size_t packed_nodes,
                          const CollectionLimits& limits) {
  if (type == RdbType::kListZiplist) return Encoding::kQuicklist;
  QuicklistNodes nodes(limits);
  std::size_t bytes = kListpackHeaderBytes;
  PackedItems items(list.packed());
  for (std::string_view element; items.next(element);) {
    if (type == RdbType::kList && nodes.begins_one(element)) ++packed_nodes;
    bytes += listpack_bytes(element);
  }
  const bool one = packed_nodes == 1 && fits_listpack(list.count(), bytes, limits);
  return one ? Encoding::kListpack : Encoding::kQuicklist;
}

bool is_expiring(RdbType type) {
  return type == RdbType::kHashExpiring || type == RdbType::kHashListpackExpiring;
}

Encoding encoding_of_hash(const Gathering& hash, RdbType type, const CollectionLimits& limits) {
  const bool small = stays_small(hash, type, limits.hash_listpack_entries, limits.hash_listpack_value);
  if (is_expiring(type)) return small ? Encoding::kListpackEx : Encoding::kHashtableEx;
  return small ? Encoding::kListpack : Encoding::kHashtable;
}

Encoding encoding_of(const Gathering& items, RdbType type, std::size_t packed_nodes,
                     const CollectionLimits& limits) {
  switch (items.type()) {
    case Type::kSet:
      return encoding_of_set(items, type, limits);
    case Type::kHash:
      return encoding_of_hash(items, type, limits);
    case Type::kZset:
      return stays_small(items, type, limits.zset_listpack_entries, limits.zset_listpack_value)
                 ? Encoding::kListpack
                 : Encoding::kSkiplist;
    default:
      return encoding_of_list(items, type, packed_nodes, limits);
  }
}

std::optional<Type> type_of(RdbType type) {
  switch (type) {
    case RdbType::kString:
      return Type::kString;
    case RdbType::kList:
    case RdbType::kListZiplist:
    case RdbType::kListQuicklist:
    case RdbType::kListQuicklist2:
      return Type::kList;
    case RdbType::kSet:
    case RdbType::kSetIntset:
    case RdbType::kSetListpack:
      return Type::kSet;
    case RdbType::kZset:
    case RdbType::kZset2:
    case RdbType::kZsetZiplist:
    case RdbType::kZsetListpack:
      return Type::kZset;
    case RdbType::kHash:
    case RdbType::kHashZipmap:
    case RdbType::kHashZiplist:
    case RdbType::kHashListpack:
    case RdbType::kHashExpiring:
    case RdbType::kHashListpackExpiring:
      return Type::kHash;
  }
  return std::nullopt;
}

bool read_collection(RdbReader& reader, RdbType type, Gathering& items, std::size_t& packed_nodes) {
  switch (type) {
    case RdbType::kList:
    case RdbType::kSet:
    case RdbType::kHash:
      return read_items(reader, items);
    case RdbType::kZset:
    case RdbType::kZset2:
      return read_scored(reader, items, type);
    case RdbType::kHashExpiring:
      return read_expiring(reader, items);
    case RdbType::kHashListpackExpiring:
      return read_expiring_listpack(reader, items);
    case RdbType::kHashZipmap:
      return read_packed(reader, items, walk_zipmap);
    case RdbType::kListZiplist:
    case RdbType::kZsetZiplist:
    case RdbType::kHashZiplist:
      return read_packed(reader, items, walk_ziplist);
    case RdbType::kHashListpack:
    case RdbType::kZsetListpack:
    case RdbType::kSetListpack:
      return read_packed(reader, items, walk_listpack);
    case RdbType::kSetIntset:
      return read_packed(reader, items, walk_intset);
    case RdbType::kListQuicklist:
    case RdbType::kListQuicklist2:
      return read_quicklist(reader, items, type, packed_nodes);
    case RdbType::kString:
      return false;
  }
  return false;
}

}  // namespace

Result<RdbValue> parse_rdb_value(std::string_view bytes, const CollectionLimits& limits) {
  RdbReader reader(bytes);
  std::uint8_t first = 0;
  if (!reader.take_byte(first)) return errors::kBadDataFormat;
  const auto rdb_type = static_cast<RdbType>(first);
  const auto type = type_of(rdb_type);
  if (!type) return errors::kBadDataFormat;
  if (type == Type::kString) {
    std::string_view text;
    if (!reader.take_string(text) || reader.left() > 0) return errors::kBadDataFormat;
    return RdbValue{.type = Type::kString, .bytes = std::string(text)};
  }
  Gathering items(*type, is_expiring(rdb_type));
  std::size_t packed_nodes = 0;
  const bool whole = read_collection(reader, rdb_type, items, packed_nodes) && reader.left() == 0;
  if (items.too_large()) return kValueTooLarge;
  if (!whole || !items.end()) return errors::kBadDataFormat;
  const Encoding encoding = encoding_of(items, rdb_type, packed_nodes, limits);
  return RdbValue{.type = *type, .bytes = items.take(encoding)};
}

}  // namespace stave
