// SPDX-License-Identifier: Apache-2.0
// Entry: what RAM keeps of one key, in one allocation. The index's slots point at entries; the shard that
// owns the index is the only one to touch them (owner thread only).
//
// Layout of the bytes (little-endian, no padding):
//
//   location 6 | type 1 | flags 1 | value length 4 | key length 1 (255: 4 more bytes follow with it) |
//   pad 1 | [expiry ms 8, if kExpires] | key | [value, if the slot says resident]
//
// So a cold string with a 16-byte key and no expiry takes 30 bytes, which allocators round to 32.
// The value of a collection is its packed form (packed.h), or, with kOutgrown, 8 bytes of a pointer to what
// the entry owns; the value length is that of its last snapshot in the log in any case.
//
// An entry never changes its size: giving it a value, an expiry or another length makes a new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stave {

class Collection;

// Type of a value. Persistent (record kinds refer to it): never renumber.
enum class Type : std::uint8_t { kString = 0, kList = 1, kSet = 2, kZset = 3, kHash = 4, kStream = 5 };

// Where a record begins: a slot of the shard's segment table and an offset in units of 8 bytes. The slot is
// reused after its segment is gone, so 19 bits bound how many segments live at once, not how many there ever
// were.
struct Location {
  static constexpr int kOffsetBits = 29;  // 8-byte units: 4 GiB, the largest segment
  static constexpr int kSegmentBits = 19;

  std::uint64_t packed = 0;  // segment slot << 29 | offset / 8

  Location() = default;
  Location(std::uint32_t segment, std::uint64_t offset_bytes)
      : packed(std::uint64_t{segment} << kOffsetBits | offset_bytes / 8) {}
  std::uint32_t segment() const { return static_cast<std::uint32_t>(packed >> kOffsetBits); }
  std::uint64_t offset_bytes() const { return (packed & ((1ull << kOffsetBits) - 1)) * 8; }
  friend bool operator==(Location, Location) = default;
};

class Entry {
 public:
  enum Flag : std::uint8_t {
    kExpires = 1,
    kLongKey = 2,
    kStaged = 4,       // resident since a read for a command that has not come back for the value yet
    kRawEncoding = 8,  // made by APPEND, SETRANGE, SETBIT, ...: OBJECT ENCODING says raw
    kOutgrown = 16,    // resident: the value is a Collection
    kChained = 32,     // cold: of more than one record of the log (cold_chains.h)
  };

  struct Fields {
    std::string_view key;
    std::string_view value;  // bytes when `resident`, otherwise ignored
    std::uint32_t value_bytes = 0;
    bool resident = false;
    Collection* collection = nullptr;  // instead of `value`; the entry's to own
    std::int64_t expiry_ms = 0;        // Unix time; 0 means none
    Location location;
    Type type = Type::kString;
    std::uint8_t flags = 0;  // kRawEncoding and kChained only; the others follow from the fields
  };

  // Allocates. The caller owns the result until Entry::destroy.
  static Entry* create(const Fields& fields);
  static void destroy(Entry* entry);

  std::string_view key() const { return {bytes() + key_offset(), key_bytes()}; }
  // REQUIRES: the slot that points here says resident; not outgrown.
  std::string_view value() const { return {bytes() + key_offset() + key_bytes(), value_bytes()}; }
  // Null unless outgrown.
  Collection* collection() const {
    return has(kOutgrown) ? load<Collection*>(key_offset() + key_bytes()) : nullptr;
  }
  // The caller's to own from now on; the entry is good for nothing but to be destroyed.
  Collection* release_collection() {
    Collection* const released = collection();
    set_flag(kOutgrown, false);
    return released;
  }
  char* mutable_value() { return mutable_bytes() + key_offset() + key_bytes(); }

  std::uint32_t value_bytes() const { return load<std::uint32_t>(kValueBytesAt); }
  void set_value_bytes(std::uint32_t bytes) { store(kValueBytesAt, bytes); }
  std::uint32_t key_bytes() const {
    const auto small = load<std::uint8_t>(kKeyBytesAt);
    return small == kLongKeyMark ? load<std::uint32_t>(kHeaderBytes) : small;
  }
  Type type() const { return static_cast<Type>(load<std::uint8_t>(kTypeAt)); }
  std::uint8_t flags() const { return load<std::uint8_t>(kFlagsAt); }
  bool has(Flag flag) const { return (flags() & flag) != 0; }
  void set_flag(Flag flag, bool on) {
    store<std::uint8_t>(kFlagsAt, static_cast<std::uint8_t>(on ? flags() | flag : flags() & ~flag));
  }

  Location location() const {
    Location location;
    location.packed = load<std::uint64_t>(0) & kLocationMask;
    return location;
  }
  void set_location(Location location) {
    store<std::uint64_t>(0, (load<std::uint64_t>(0) & ~kLocationMask) | location.packed);
  }

  // 0 means that the key does not expire.
  std::int64_t expiry_ms() const { return has(kExpires) ? load<std::int64_t>(expiry_offset()) : 0; }
  // REQUIRES: has(kExpires) and expiry_ms != 0.
  void set_expiry_ms(std::int64_t expiry_ms) { store<std::int64_t>(expiry_offset(), expiry_ms); }
  bool expired_at(std::int64_t now_ms) const { return has(kExpires) && expiry_ms() <= now_ms; }

  // Bytes that the allocator gives to an entry of this shape, as accounted in used memory.
  std::size_t allocated_bytes(bool resident) const;
  static std::size_t allocated_bytes(std::size_t requested);

 private:
  static constexpr std::size_t kTypeAt = 6;
  static constexpr std::size_t kFlagsAt = 7;
  static constexpr std::size_t kValueBytesAt = 8;
  static constexpr std::size_t kKeyBytesAt = 12;
  static constexpr std::size_t kHeaderBytes = 14;
  static constexpr std::uint8_t kLongKeyMark = 255;
  static constexpr std::uint64_t kLocationMask = (1ull << 48) - 1;

  Entry() = default;
  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  char* mutable_bytes() { return reinterpret_cast<char*>(this); }
  std::size_t expiry_offset() const { return kHeaderBytes + (has(kLongKey) ? 4 : 0); }
  std::size_t key_offset() const { return expiry_offset() + (has(kExpires) ? 8 : 0); }

  template <typename T>
  T load(std::size_t at) const {
    T value;
    std::memcpy(&value, bytes() + at, sizeof value);
    return value;
  }
  template <typename T>
  void store(std::size_t at, T value) {
    std::memcpy(mutable_bytes() + at, &value, sizeof value);
  }
};

}  // namespace stave
