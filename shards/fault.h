// SPDX-License-Identifier: Apache-2.0
// Fault: mistakes that the store makes on purpose, so that the simulation (tests/sim/) can show that it would
// find them. Only tests set one, through the options of a shard; no setting, command or environment variable
// of the server reaches it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave {

enum class Fault : std::uint8_t {
  kNone,
  kAckBeforeSync,        // what the kernel has counts as durable
  kAckBeforeWrite,       // a durable write counts as done when it is started
  kRetryFailedSync,      // a sync that failed is made again, as if nothing had happened
  kHintBeforeData,       // a segment is sealed and gets its hint before it is durable
  kSealOutOfOrder,       // a segment may be sealed before those in front of it
  kSkipChecksum,         // a value that is read counts as good, whatever its checksum says
  kNoDirectorySync,      // the name of a new segment may be lost with the power
  kNoSyncInRecovery,     // what a start finds in the kernel counts as durable
  kOnlySyncInRecovery,   // and what a failed sync has lost, when it is synced once more
  kPartOfBatch,          // a start takes the first records of a batch whose others are lost
  kPartOfTransaction,    // and a shard's part of a transaction that others have not
  kDropTombstoneEarly,   // compaction leaves out a tombstone that still hides an older record
  kRecycleUnderReaders,  // compaction frees a segment that is still being read
  kDropUnsettled,        // compaction drops what a change has replaced that a power loss may undo
  kReplaceBeforeSync,    // compaction removes segments whose copy is not durable
  kRecycleShared,        // compaction makes a new segment of a file that a backup has, too
  kOverwriteNewer,       // compaction points a key that has changed meanwhile at the old value
  kDemoteChanged,        // a collection leaves memory without a snapshot of its edits
  kEndSeriesEarly,       // a snapshot in parts replaces the old one before its last part is logged
  kSnapshotUnsettled,    // and does not wait for transactions that may be void
};

inline constexpr Fault kLastFault = Fault::kSnapshotUnsettled;

inline const char* name_of(Fault fault) {
  constexpr const char* kNames[] = {"none",
                                    "ack before sync",
                                    "ack before write",
                                    "retry failed sync",
                                    "hint before data",
                                    "seal out of order",
                                    "skip checksum",
                                    "no directory sync",
                                    "no sync in recovery",
                                    "only sync in recovery",
                                    "part of batch",
                                    "part of transaction",
                                    "drop tombstone early",
                                    "recycle under readers",
                                    "drop unsettled",
                                    "replace before sync",
                                    "recycle shared",
                                    "overwrite newer",
                                    "demote changed",
                                    "end series early",
                                    "snapshot unsettled"};
  return kNames[static_cast<std::size_t>(fault)];
}

}  // namespace stave
