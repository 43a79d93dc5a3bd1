// SPDX-License-Identifier: Apache-2.0
#include "shards/entry.h"

#include <bit>
#include <cassert>
#include <cstdio>
#include <cstdlib>

#include "shards/collection.h"

namespace stave {
namespace {

char* copy(char* to, std::string_view from) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
  return to + from.size();
}

}  // namespace

Entry* Entry::create(const Fields& fields) {
  assert((fields.flags & ~(kRawEncoding | kChained)) == 0);
  assert(!fields.resident || fields.collection != nullptr || fields.value.size() == fields.value_bytes);
  assert(fields.key.size() <= UINT32_MAX);
  const bool long_key = fields.key.size() >= kLongKeyMark;
  const bool expires = fields.expiry_ms != 0;
  const std::size_t key_at = kHeaderBytes + (long_key ? 4 : 0) + (expires ? 8 : 0);
  const std::string_view value =
      fields.collection == nullptr
          ? fields.value
          : std::string_view(reinterpret_cast<const char*>(&fields.collection), sizeof fields.collection);
  const std::size_t bytes = key_at + fields.key.size() + (fields.resident ? value.size() : 0);
  auto* const entry = static_cast<Entry*>(std::malloc(bytes));
  if (entry == nullptr) {
    std::fprintf(stderr, "stave: out of memory for an entry of %zu bytes\n", bytes);
    std::abort();
  }

  const auto flags = fields.flags | (expires ? kExpires : 0) | (long_key ? kLongKey : 0) |
                     (fields.collection != nullptr ? kOutgrown : 0);
  entry->store<std::uint64_t>(0, fields.location.packed);
  entry->store<std::uint8_t>(kTypeAt, static_cast<std::uint8_t>(fields.type));
  entry->store<std::uint8_t>(kFlagsAt, static_cast<std::uint8_t>(flags));
  entry->store<std::uint32_t>(kValueBytesAt, fields.value_bytes);
  entry->store<std::uint8_t>(kKeyBytesAt,
                             long_key ? kLongKeyMark : static_cast<std::uint8_t>(fields.key.size()));
  entry->store<std::uint8_t>(kKeyBytesAt + 1, 0);
  if (long_key) entry->store<std::uint32_t>(kHeaderBytes, static_cast<std::uint32_t>(fields.key.size()));
  if (expires) entry->set_expiry_ms(fields.expiry_ms);
  char* const value_at = copy(entry->mutable_bytes() + key_at, fields.key);
  if (fields.resident) copy(value_at, value);
  return entry;
}

void Entry::destroy(Entry* entry) {
  delete entry->collection();
  std::free(entry);
}

std::size_t Entry::allocated_bytes(bool resident) const {
  const std::size_t value = has(kOutgrown) ? sizeof(Collection*) : value_bytes();
  return allocated_bytes(key_offset() + key_bytes() + (resident ? value : 0));
}

// mimalloc's size classes (2.0.9, measured): 8, then multiples of 16 up to 128, then four steps for each
// doubling.
std::size_t Entry::allocated_bytes(std::size_t requested) {
  if (requested <= 8) return 8;
  if (requested <= 128) return (requested + 15) & ~std::size_t{15};
  const std::size_t step = std::bit_floor(requested - 1) / 4;
  return (requested + step - 1) / step * step;
}

}  // namespace stave
