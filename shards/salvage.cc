// SPDX-License-Identifier: Apache-2.0
#include "shards/salvage.h"

#include <memory>
#include <vector>

#include "shards/shard_salvage.h"

namespace stave {
namespace {

using Shards = std::vector<std::unique_ptr<ShardSalvage>>;

bool is_void(const Shards& shards, std::size_t shard, const TransactionHeader& header) {
  if (shards[shard]->aborted(header.id)) return true;
  for (const auto& other : shards) {
    if (header.id < other->settled()) return false;
  }
  for (std::size_t i = 0; i < header.count(); ++i) {
    const std::uint16_t participant = header.participant(i);
    if (participant >= shards.size()) return true;
    const ShardSalvage& other = *shards[participant];
    if (!other.has_part(header.id) && !other.has_losses()) return true;
  }
  return false;
}

// What a SWAPDB said may be lost in one shard and not in another.
bool maps_agree(const Shards& shards) {
  for (const auto& shard : shards) {
    if (shard->db_map() != shards[0]->db_map()) return false;
  }
  return true;
}

}  // namespace

Result<SalvageReport> salvage(Disk& disk, const Database& from, const std::string& into,
                              const SalvageOptions& options) {
  auto database = Database::begin(disk, into, from.shards());
  if (!database.ok()) return database.take_status();
  Shards shards;
  for (std::uint32_t number = 0; number < from.shards(); ++number) {
    shards.push_back(
        std::make_unique<ShardSalvage>(disk, from.shard_directory(number), from.id(), number, options.lost));
    shards.back()->scan();
  }
  SalvageReport report;
  for (std::uint32_t number = 0; number < from.shards(); ++number) {
    ShardSalvage& shard = *shards[number];
    shard.index([&](const TransactionHeader& header) { return is_void(shards, number, header); });
    shard.tell_losses();
    Status status =
        shard.write(database->shard_directory(number), database->id(), options.segment_bytes, report.keys);
    if (!status.ok()) return status;
    shard.forget_keys();
    report.places_lost += shard.places_lost();
  }
  if (!maps_agree(shards)) {
    ++report.places_lost;
    options.lost("a SWAPDB: not all shards have it, so some keys stand in the other database");
  }
  if (auto status = database->publish(disk); !status.ok()) return status;
  return report;
}

}  // namespace stave
