// SPDX-License-Identifier: Apache-2.0
// Bounds of the store, each with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave::limits {

inline constexpr int kDatabases =
    16;  // the record's db byte could say 256; Redis' default is what clients expect

// Shard numbers are u16 in records of transactions.
inline constexpr std::uint32_t kShardsMax = 1024;

// A location has 29 bits of 8-byte units for the offset.
inline constexpr std::uint64_t kSegmentBytesMax = 1ull << 32;
inline constexpr std::uint64_t kSegmentBytesMin = 64u << 10;
// A new segment takes no more than this part of what is stored, so that files that are not full yet count for
// little; but files below the second size cost more in opening and syncing than they save.
inline constexpr std::uint64_t kSegmentPart = 64;
inline constexpr std::uint64_t kUsualSegmentBytesMin = 16u << 20;

inline constexpr std::size_t kKeyBytesMax = 512u << 20;    // Redis' limit for any string
inline constexpr std::size_t kValueBytesMax = 512u << 20;  // likewise (proto-max-bulk-len can only lower it)

// With appendfsync always the log is zeroed this far ahead of its end, so that commits overwrite written
// blocks.
inline constexpr std::uint64_t kZeroedAheadBytes = 2u << 20;
// One zeroing write: small, so that a commit never queues behind much.
inline constexpr std::size_t kZeroChunkBytes = 256u << 10;

// Reads of a scan, for recovery, hints and compaction: large enough to stream, small enough to stay in a
// core's cache, and as fresh memory has its price.
inline constexpr std::size_t kScanChunkBytes = 256u << 10;
// Writes of a hint.
inline constexpr std::size_t kHintPieceBytes = 64u << 10;

// Slots that the cache's clock may pass in one step before it gives the loop back.
inline constexpr std::size_t kClockSlotsPerStep = 4096;

// Segments that one compaction run replaces: their files stay open and on disk until its end.
inline constexpr std::size_t kVictimsMax = 64;
// Compaction joins segments below this part of the normal size when there are so many of them: each start
// leaves one.
inline constexpr std::uint64_t kSmallSegmentPart = 8;
inline constexpr std::size_t kSmallSegmentsMax = 16;
// Records that compaction reads and writes at once on the other thread, and bytes of them; and how many of
// them it looks up in one slice of the loop: some 100 ns each, ten times as much when the caches are cold and
// the core is shared. A multiple of the group whose cache misses overlap.
inline constexpr std::size_t kCompactedRecordsPerBatch = 1024;
inline constexpr std::size_t kCompactedBytesPerBatch = 1u << 20;
inline constexpr std::size_t kCompactedRecordsPerSlice = 256;
// What a slice is meant to take at most, of CPU time; longer ones are counted.
inline constexpr std::uint64_t kCompactionSliceUs = 1000;
// A compacted segment is handed to the kernel in pieces of this size, and synced after so much, so that the
// syncs of the log never wait for much.
inline constexpr std::size_t kCompactionWriteBytes = 256u << 10;
inline constexpr std::uint64_t kCompactionSyncBytes = 4u << 20;
// How often compaction looks for something to do, and how long it waits after an error.
inline constexpr std::int64_t kCompactionCheckMs = 1000;
// The same where maxdisk leaves little room.
inline constexpr std::int64_t kUrgentCheckMs = 10;
inline constexpr std::int64_t kCompactionRetryMs = 10'000;
// While commands wait for the disk, compaction takes this part of its budget, and more the further the dead
// bytes are above the threshold: all of it from so many percent on. It may catch up on so much lost time.
inline constexpr double kPolitePart = 0.25;
inline constexpr double kUrgentPercent = 10;
inline constexpr std::int64_t kPaceSlackMs = 50;

// A backup copies records in pieces of this size, and syncs after so much, for the same reasons.
inline constexpr std::size_t kBackupCopyBytes = 256u << 10;
inline constexpr std::uint64_t kBackupSyncBytes = 4u << 20;

// Expired keys removed in one slice of active expiry (about a millisecond's work).
inline constexpr std::size_t kExpiredKeysPerSlice = 1000;

// The expiry queue is made anew when it has twice as many elements as keys expire, and at least so many (64
// KiB of them) beyond that. A slice of the walk passes about so many slots.
inline constexpr std::size_t kExpiryExcessMin = 4096;
inline constexpr std::size_t kTidiedKeysPerSlice = 1000;

// Keys that one command, or one slice of the chores, may evict: each takes about a microsecond for every key
// that is looked at.
inline constexpr std::size_t kEvictionsPerCommand = 64;
inline constexpr std::size_t kEvictionsPerSlice = 256;
// More samples for one eviction (maxmemory-samples) would not choose better.
inline constexpr std::size_t kEvictionSamplesMax = 64;
// Elements of the expiry queue that are looked at until one is of a key that is there.
inline constexpr std::size_t kEvictionLookups = 512;

// The snapshot of a collection is packed and logged in parts of about this size: half a millisecond's work or
// so. A value that is read is put together from its records in pieces of about as much.
inline constexpr std::size_t kPartBytes = 128u << 10;
// After a snapshot in parts for which there was no room, none is begun for this time, as its parts would only
// be more that is dead.
inline constexpr std::int64_t kSeriesRetryMs = 1000;

// What has more elements, or keys, is freed in slices of the loop, of so many: some 50 to 150 ns each.
inline constexpr std::size_t kFreedAtOnce = 64;
inline constexpr std::size_t kFreedPerSlice = 4096;

// A refused allocation of log space is tried again after this time, so that writes resume when there is room
// without a system call for each refused command.
inline constexpr std::int64_t kSpaceRetryMs = 100;

// The server's log tells of a full disk at most once in this time, since large writes may be refused while
// small ones still find room.
inline constexpr std::int64_t kSpaceToldMs = 60'000;

}  // namespace stave::limits
