// SPDX-License-Identifier: Apache-2.0
// Coverage: what happened in a run of the simulation, to show that a set of seeds reaches what it is meant to
// reach.
#pragma once

#include <cstdint>
#include <string>

namespace stave::sim {

struct Coverage {
  std::uint64_t lives = 0;
  std::uint64_t kills = 0;
  std::uint64_t power_losses = 0;
  std::uint64_t crashes_in_recovery = 0;
  std::uint64_t clean_stops = 0;
  std::uint64_t failed_calls = 0;
  std::uint64_t refused_writes = 0;
  std::uint64_t segments_by_hint = 0;
  std::uint64_t dropped_hints = 0;
  std::uint64_t cut_tails = 0;
  std::uint64_t void_transactions = 0;
  std::uint64_t segments_made_ahead = 0;
  std::uint64_t compactions = 0;
  std::uint64_t segments_freed = 0;
  std::uint64_t flipped_bits = 0;
  std::uint64_t damaged_reads = 0;
  std::uint64_t refused_starts = 0;
  std::uint64_t backups = 0;
  std::uint64_t backups_verified = 0;
  std::uint64_t hash_edits = 0;
  std::uint64_t list_edits = 0;
  std::uint64_t expired_fields = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t parts = 0;
  std::uint64_t chains_read = 0;
  std::uint64_t chains_mended = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;

  void add(const Coverage& other);
  // "12 lives, 3 kills, ..."
  std::string text() const;
};

}  // namespace stave::sim
