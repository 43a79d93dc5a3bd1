// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/coverage.h"

namespace stave::sim {
namespace {

struct Field {
  const char* name;
  std::uint64_t Coverage::*count;
};

constexpr Field kFields[] = {
    {"lives", &Coverage::lives},
    {"kills", &Coverage::kills},
    {"power losses", &Coverage::power_losses},
    {"crashes in recovery", &Coverage::crashes_in_recovery},
    {"clean stops", &Coverage::clean_stops},
    {"failed calls", &Coverage::failed_calls},
    {"refused writes", &Coverage::refused_writes},
    {"segments by hint", &Coverage::segments_by_hint},
    {"dropped hints", &Coverage::dropped_hints},
    {"cut tails", &Coverage::cut_tails},
    {"void transactions", &Coverage::void_transactions},
    {"segments made ahead", &Coverage::segments_made_ahead},
    {"compactions", &Coverage::compactions},
    {"segments freed", &Coverage::segments_freed},
    {"flipped bits", &Coverage::flipped_bits},
    {"reads of damage", &Coverage::damaged_reads},
    {"starts refused for damage", &Coverage::refused_starts},
    {"backups", &Coverage::backups},
    {"backups verified", &Coverage::backups_verified},
    {"edits of hashes", &Coverage::hash_edits},
    {"edits of lists", &Coverage::list_edits},
    {"expired fields", &Coverage::expired_fields},
    {"snapshots", &Coverage::snapshots},
    {"parts of snapshots", &Coverage::parts},
    {"chains read", &Coverage::chains_read},
    {"chains mended", &Coverage::chains_mended},
    {"reads", &Coverage::reads},
    {"writes", &Coverage::writes},
};

}  // namespace

void Coverage::add(const Coverage& other) {
  for (const Field& field : kFields) this->*field.count += other.*field.count;
}

std::string Coverage::text() const {
  std::string text;
  for (const Field& field : kFields) {
    if (!text.empty()) text += ", ";
    text += std::to_string(this->*field.count) + " " + field.name;
  }
  return text;
}

}  // namespace stave::sim
