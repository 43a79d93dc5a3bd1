// SPDX-License-Identifier: Apache-2.0
// IndexTable: one table of the index, and the 8 bytes in the index's directory that describe it. Only
// index*.cc use this.
//
// A table is an array of 8, 16, ... 64 buckets and nothing else. A bucket is one cache line of 8 slots.
// A tag chooses two buckets; its slot is in the first one, or in the alternate one when the first was full.
// A bucket in which a slot was never used was never full, so none of its keys is in an alternate one: most
// lookups need one cache line. Erasing in a bucket that was full leaves a vacated slot, to keep that so.
// When both are full, slots move to their other bucket until one is free: tables get 92 % full before they
// must grow. Nothing here looks at entries.
//
// The description: depth << 56 | address | overflowed << 3 | size class, which is the number of buckets / 8
// - 1. The address is a multiple of 64.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "shards/slot.h"

namespace stave {

struct alignas(64) Bucket {
  static constexpr unsigned kSlots = 8;

  Slot slots[kSlots];

  // A bit for each slot with this tag; empty slots look as if they had tag 0.
  unsigned with_tag(std::uint64_t tag) const;
  unsigned empty_slots() const;
  // Empty slots look as if their tag were 0 and their pointer null; this tells those that were never used.
  unsigned unused_slots() const;
  unsigned resident_slots() const;
  // Sets the clock of all slots that are not resident to 0.
  void forget_cold();
  // Empties a slot of this bucket.
  void vacate(Slot& slot) { slot = unused_slots() == 0 ? Slot::vacated() : Slot{}; }

 private:
  unsigned without(std::uint64_t mask) const;
#if defined(__SSE2__)
  __m128 two_slots(unsigned pair) const;
#endif
};
static_assert(sizeof(Bucket) == 64);

class IndexTable {
 public:
  static constexpr unsigned kLargestClass = 7;
  static constexpr unsigned kSlotsMax = (kLargestClass + 1) * 8 * Bucket::kSlots;

  // Allocates an empty table. The caller calls release() for one copy of the result.
  static IndexTable create(unsigned size_class, unsigned depth);
  void release();
  // The next class: double at first, then in steps of 16 buckets. Smaller steps would save a byte for each
  // key, and move every slot twice as often. REQUIRES: not the largest.
  static unsigned larger_class(unsigned size_class) {
    if (size_class == 0) return 1;
    return size_class + 2 < kLargestClass ? size_class + 2 : kLargestClass;
  }
  // The smallest class in which `count` slots take at most `percent` of the room; the largest one if there is
  // none.
  static unsigned class_for(std::size_t count, unsigned percent);

  Bucket* buckets() const { return reinterpret_cast<Bucket*>(word_ & kAddressMask); }
  unsigned size_class() const { return static_cast<unsigned>(word_ & kLargestClass); }
  unsigned bucket_count() const { return (size_class() + 1) * 8; }
  unsigned slot_count() const { return bucket_count() * Bucket::kSlots; }
  std::size_t bytes() const { return bucket_count() * sizeof(Bucket); }
  Slot& slot(unsigned i) const { return buckets()[i / Bucket::kSlots].slots[i % Bucket::kSlots]; }

  // How many high bits of a place lead here.
  unsigned depth() const { return static_cast<unsigned>(word_ >> kDepthShift); }
  void set_depth(unsigned depth) {
    word_ = (word_ & ((1ull << kDepthShift) - 1)) | std::uint64_t{depth} << kDepthShift;
  }
  // The range of places that lead here: a power of two.
  std::uint64_t width() const { return 1ull << (64 - depth()); }
  std::uint64_t begin(std::uint64_t place) const { return place & ~(width() - 1); }

  // Slots of this table may be in the index's overflow list.
  bool overflowed() const { return (word_ & kOverflowed) != 0; }
  void set_overflowed() { word_ |= kOverflowed; }

  unsigned first_bucket(std::uint64_t tag) const { return scale(tag); }
  unsigned alternate_bucket(std::uint64_t tag) const { return scale(tag * kMixer & 0xffff); }

  unsigned occupied() const;  // slots
  // Null, and nothing changed, when there is no room for this tag.
  Slot* place(Slot slot);

  friend bool operator==(IndexTable, IndexTable) = default;

 private:
  static constexpr unsigned kDepthShift = 56;
  static constexpr std::uint64_t kAddressMask = 0x0000ffffffffffc0ull;
  static constexpr std::uint64_t kOverflowed = 8;
  static constexpr std::uint64_t kMixer = 0x9e3b;  // odd: distinct tags stay distinct

  unsigned scale(std::uint64_t tag) const { return static_cast<unsigned>(tag * bucket_count() >> 16); }
  unsigned other_bucket(std::uint64_t tag, unsigned bucket) const {
    const unsigned first = first_bucket(tag);
    return bucket == first ? alternate_bucket(tag) : first;
  }
  Slot* vacancy(unsigned bucket) const {
    const unsigned empty = buckets()[bucket].empty_slots();
    return empty == 0 ? nullptr : &buckets()[bucket].slots[std::countr_zero(empty)];
  }
  Slot* displace(unsigned first, unsigned alternate);

  std::uint64_t word_ = 0;
};

inline unsigned Bucket::empty_slots() const {
  return without(Slot::kPointer);
}

inline unsigned Bucket::unused_slots() const {
  return without(~std::uint64_t{0});
}

inline void Bucket::forget_cold() {
  for (Slot& slot : slots) {
    if (!slot.resident() && !slot.empty()) slot.set_clock(0);
  }
}

#if defined(__SSE2__)

// A load that may alias anything: a pointer to __m128 that `auto` has deduced may not.
inline __m128 Bucket::two_slots(unsigned pair) const {
  return _mm_load_ps(reinterpret_cast<const float*>(slots) + std::size_t{pair} * 4);
}

inline unsigned Bucket::with_tag(std::uint64_t tag) const {
  constexpr int kHighHalves = _MM_SHUFFLE(3, 1, 3, 1);
  const __m128i low = _mm_castps_si128(_mm_shuffle_ps(two_slots(0), two_slots(1), kHighHalves));
  const __m128i high = _mm_castps_si128(_mm_shuffle_ps(two_slots(2), two_slots(3), kHighHalves));
  // The arithmetic shift keeps each tag within the range of a signed 16-bit lane, so packing does not change
  // it.
  const __m128i tags = _mm_packs_epi32(_mm_srai_epi32(low, 16), _mm_srai_epi32(high, 16));
  const __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<short>(tag)));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())));
}

// The slots of which no bit of `mask` is set.
inline unsigned Bucket::without(std::uint64_t mask) const {
  const __m128 bits = _mm_castsi128_ps(_mm_set1_epi64x(static_cast<long long>(mask)));
  const auto halves_or = [bits](__m128 a, __m128 b) {
    a = _mm_and_ps(a, bits);
    b = _mm_and_ps(b, bits);
    return _mm_castps_si128(_mm_or_ps(_mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
                                      _mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1))));
  };
  const __m128i zero = _mm_setzero_si128();
  const __m128i low = _mm_cmpeq_epi32(halves_or(two_slots(0), two_slots(1)), zero);
  const __m128i high = _mm_cmpeq_epi32(halves_or(two_slots(2), two_slots(3)), zero);
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(low, high), zero)));
}

inline unsigned Bucket::resident_slots() const {
  // Moves the lowest bit of each slot to where the sign of a float is.
  const auto signs = [](__m128 a, __m128 b) {
    const __m128 low_halves = _mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0));
    return static_cast<unsigned>(
        _mm_movemask_ps(_mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(low_halves), 31))));
  };
  return signs(two_slots(0), two_slots(1)) | signs(two_slots(2), two_slots(3)) << 4;
}

#else

inline unsigned Bucket::with_tag(std::uint64_t tag) const {
  unsigned mask = 0;
  for (unsigned i = 0; i < kSlots; ++i) mask |= static_cast<unsigned>(slots[i].tag() == tag) << i;
  return mask;
}

inline unsigned Bucket::without(std::uint64_t mask) const {
  unsigned found = 0;
  for (unsigned i = 0; i < kSlots; ++i) found |= static_cast<unsigned>((slots[i].word() & mask) == 0) << i;
  return found;
}

inline unsigned Bucket::resident_slots() const {
  unsigned mask = 0;
  for (unsigned i = 0; i < kSlots; ++i) mask |= static_cast<unsigned>(slots[i].resident()) << i;
  return mask;
}

#endif

}  // namespace stave
