// SPDX-License-Identifier: Apache-2.0
// Bounds of the server's front: connections, turns, buffers, each with its reason. The store's are in
// shards/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave::limits {

// Commands of one turn of one connection: enough for deep pipelines to amortise a hop between workers, few
// enough that no connection keeps the loop for more than about a millisecond.
inline constexpr std::size_t kTurnCommands = 1024;

// A batch stops when its replies have grown to this and goes on when the client has read them.
inline constexpr std::size_t kBatchReplyBytes = 1u << 20;

// Commands of a connection are not run while it has this much unread output.
inline constexpr std::size_t kOutputBytesHigh = 1u << 20;

// client-output-buffer-limit does not concern less than this: Redis answers from a fixed buffer first.
inline constexpr std::size_t kOutputBytesUncounted = 16u << 10;

// First size of a connection's input buffer; it grows to what a request needs.
inline constexpr std::size_t kInputBytes = 16u << 10;

// A larger request's buffer begins with this and doubles as bytes come, whatever its header announces.
inline constexpr std::size_t kInputGrowBytes = 1u << 20;

// Input that may wait behind a turn that is under way; more stays in the socket.
inline constexpr std::size_t kInputWaitingBytes = 64u << 10;

// Buffers larger than this are given back after use.
inline constexpr std::size_t kKeptBufferBytes = 64u << 10;

// Commands behind a waiting one whose cold values are read ahead.
inline constexpr std::size_t kStagedAhead = 128;
// And no more of them than this together: large values would fill the memory long before they are used.
inline constexpr std::uint64_t kStagedAheadBytes = 4u << 20;

// Times that a command may find that a value it had read was demoted again, before it holds demotion up.
inline constexpr int kStageAttempts = 3;

// Who waits for compaction to give disk space back looks so often whether it has.
inline constexpr std::int64_t kSpaceLookMs = 100;

// Commands whose index buckets are fetched before a batch runs.
inline constexpr std::size_t kPrefetched = 64;

// A stop waits this long for what is in flight and for clients to take their replies.
inline constexpr std::int64_t kShutdownMs = 10'000;

// Rounds of messages and ready work that a loop turn does before it looks at sockets again.
inline constexpr int kRoundsPerTurn = 8;
// Messages of other workers that are taken up in one of these rounds.
inline constexpr std::size_t kMessagesPerRound = 256;

}  // namespace stave::limits
