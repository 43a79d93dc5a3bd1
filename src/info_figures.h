// SPDX-License-Identifier: Apache-2.0
// InfoFigures: what INFO tells of the workers, summed up. Each worker counts its own on its own thread
// (count_here), the home of the client adds them up (add), and src/info_*.cc write them down.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>

#include "src/pubsub.h"
#include "src/shard_host.h"
#include "src/stats.h"

namespace stave {

class Worker;

struct InfoFigures {
  // Commands and connections, since the last CONFIG RESETSTAT.
  std::map<const Command*, CommandCount> commands;
  std::map<std::string, std::uint64_t, std::less<>> errors;  // by code
  Stats::Rates last_second;
  std::uint64_t commands_processed = 0;
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t error_replies = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t wakes_sent = 0;
  std::uint64_t turns = 0;
  KeyspaceCounters keyspace;
  Shard::Counters shard;

  // As it is now.
  std::size_t input_bytes_max = 0;    // of one connection
  std::size_t output_bytes_max = 0;   // likewise
  std::uint64_t clients_blocked = 0;  // in a blocking command, or held by CLIENT PAUSE
  std::uint64_t client_timeouts = 0;  // of blocking commands
  std::uint64_t blocking_keys = 0;    // that somebody waits for
  // Hashes of the names of channels, patterns and shard channels that are listened to: several workers may
  // have the same.
  std::array<std::unordered_set<std::size_t>, kTopics> topics;
  std::uint64_t client_bytes = 0;
  std::uint64_t shard_bytes = 0;  // in memory
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t resident_values = 0;

  // The logs.
  Log::Counters log;
  std::uint64_t log_buffer_bytes = 0;
  std::uint64_t log_bytes = 0;       // from the first to the last record, dead ones included
  std::uint64_t disk_bytes = 0;      // all files of the shards
  std::uint64_t log_file_bytes = 0;  // what the files take
  std::uint64_t live_bytes = 0;      // of records that are some key's value
  std::uint64_t dead_bytes = 0;      // what compaction could give back
  std::uint64_t segments = 0;
  Compaction::Counters compaction;
  std::uint64_t compactions_running = 0;
  std::uint64_t compaction_backlog_bytes = 0;
  std::int64_t compaction_seconds_left = 0;  // the longest of all shards; -1: not known
  std::uint64_t compaction_slice_us_max = 0;
  std::string compaction_last_error;  // of any; "" when there was none
  std::uint64_t last_gsns = 0;        // sums over shards
  std::uint64_t durable_gsns = 0;
  std::uint64_t logs_busy = 0;
  std::uint64_t logs_out_of_space = 0;
  std::uint64_t exceeded_ms = 0;  // total and current, of the shard that has the most
  std::uint64_t exceeded_now_ms = 0;
  std::string log_failure;  // of any; "" when all is well

  // Of the threads.
  double cpu_user_seconds = 0;
  double cpu_system_seconds = 0;
};

// Of one worker, on its thread.
InfoFigures count_here(Worker& here);
void add(InfoFigures& sum, const InfoFigures& more);

}  // namespace stave
