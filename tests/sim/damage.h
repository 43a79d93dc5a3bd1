// SPDX-License-Identifier: Apache-2.0
// Damage: a bit of a file that is not to change any more turns over between two lives, and back later. What
// the store may do about it: give right answers all the same, or an error that names the file and the offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/sim/sim_disk.h"

namespace stave::sim {

struct Damage {
  std::string path;
  std::uint64_t offset = 0;
  char good = 0;  // the byte as it was

  // Flips a bit in a sealed segment, a hint or a manifest, if there is one that is durable.
  static std::optional<Damage> make(Storage& storage, Random& random);
  void undo(Storage& storage) const;

  // True when the message names the file and, of records, an offset from which `bytes` reach the damage.
  bool is_named_by(const std::string& message, std::uint64_t bytes) const;
};

}  // namespace stave::sim
