// SPDX-License-Identifier: Apache-2.0
// What the workload writes.
#include <algorithm>

#include "tests/sim/simulation.h"

namespace stave::sim {
namespace {

constexpr std::size_t kValueBytesMax = 6000;

// Bytes that tell which write they are of.
std::string bytes_of(Random& random) {
  const std::size_t size = one_in(random, 4) ? random() % kValueBytesMax : random() % 100;
  std::string bytes = std::to_string(random()) + ":";
  bytes.resize(std::max(size, bytes.size()), static_cast<char>('a' + random() % 26));
  return bytes;
}

}  // namespace

Simulation::Name Simulation::random_name() {
  const std::uint64_t keys = one_in(random_, 8) ? keys_ : hot_keys_;
  return {static_cast<int>(below(kDbs)), "key:" + std::to_string(below(keys))};
}

Simulation::Value Simulation::random_value() {
  Value value;
  value.bytes = bytes_of(random_);
  if (one_in(random_, 5)) value.expiry_ms = now_ms_ + 1 + static_cast<std::int64_t>(below(5000));
  return value;
}

void Simulation::apply(Contents& contents, const Batch& batch) const {
  if (batch.flushed_db >= 0) {
    std::erase_if(contents, [&](const auto& each) { return each.first.first == batch.flushed_db; });
  }
  for (const auto& [name, value] : batch.changes) {
    if (value) {
      contents[name] = *value;
    } else {
      contents.erase(name);
    }
  }
  for (const auto& [name, edits] : batch.edits) apply(contents, name, edits);
  for (const auto& [name, edit] : batch.list_edits) apply(contents, name, edit);
  for (const auto& [name, expiry_ms] : batch.expiries) {
    if (const auto found = contents.find(name); found != contents.end()) found->second.expiry_ms = expiry_ms;
  }
}

void Simulation::note(std::uint32_t shard, Batch batch) {
  ++coverage_.writes;
  apply(models_[shard].now, batch);
  models_[shard].batches.push_back(std::move(batch));
}

void Simulation::write_some(std::uint32_t number) {
  Shard& shard = *shards_[number];
  const Name name = one_in(random_, 20) ? random_collection_name() : random_name();
  const Key key(name.first, name.second);
  const Found found = shard.find(key, true);  // may log that it has expired
  Batch batch;
  batch.first_gsn = shard.last_gsn() + 1;
  Status status;
  if (found.exists && one_in(random_, removal_in_)) {
    status = shard.remove(key);
    batch.changes.emplace_back(name, std::nullopt);
  } else if (found.exists && found.resident && one_in(random_, 5)) {
    Value value = value_of(found);
    value.expiry_ms = one_in(random_, 2) ? 0 : now_ms_ + 1 + static_cast<std::int64_t>(below(5000));
    status = shard.set_expiry(key, value.expiry_ms);
    if (found.collection != nullptr)
      batch.expiries.emplace_back(name, value.expiry_ms);
    else
      batch.changes.emplace_back(name, std::move(value));
  } else {
    Value value = random_value();
    status = shard.set_value(key, {value.bytes, value.expiry_ms, false});
    batch.changes.emplace_back(name, std::move(value));
  }
  batch.last_gsn = shard.last_gsn();
  if (!status.ok()) {
    ++coverage_.refused_writes;
    if (batch.last_gsn >= batch.first_gsn) violate("a refused write is in the log");
    return;
  }
  // An expiry that stays as it was needs no record.
  if (batch.last_gsn < batch.first_gsn) return;
  if (!batch.expiries.empty()) batch.last_gsn = batch.first_gsn;  // a snapshot may follow
  note(number, std::move(batch));
}

void Simulation::write_batch(std::uint32_t number) {
  Shard& shard = *shards_[number];
  Batch batch;
  const std::uint64_t count = 1 + below(4);
  for (std::uint64_t i = 0; i < count; ++i) batch.changes.emplace_back(random_name(), random_value());
  batch.first_gsn = shard.last_gsn() + 1;
  if (!shard.begin_batch(count * (kValueBytesMax + 200)).ok()) {
    ++coverage_.refused_writes;
    return;
  }
  for (const auto& [name, value] : batch.changes) {
    const Status status = shard.set_value({name.first, name.second}, {value->bytes, value->expiry_ms, false});
    if (!status.ok()) violate("a write within a batch was refused: " + status.message());
  }
  shard.end_batch();
  batch.last_gsn = shard.last_gsn();
  note(number, std::move(batch));
}

// As MSET over shards: space everywhere, then everywhere the changes.
void Simulation::write_transaction() {
  std::vector<std::uint16_t> participants;
  for (std::size_t shard = 0; shard < models_.size(); ++shard) {
    if (one_in(random_, 2)) participants.push_back(static_cast<std::uint16_t>(shard));
  }
  std::vector<std::vector<Change>> changes(participants.size());
  std::vector<Batch> batches(participants.size());
  std::vector<std::uint64_t> held(participants.size());
  std::deque<std::string> bytes;  // that edits view
  std::vector<Borrowed> borrowed;
  std::size_t ready = 0;
  for (; ready < participants.size(); ++ready) {
    Batch& batch = batches[ready];
    const std::uint64_t count = 1 + below(3);
    batch.changes.reserve(count + 2);  // changes view the names
    for (std::uint64_t i = 0; i < count; ++i) {
      const Name name = random_name();
      const bool twice = std::any_of(batch.changes.begin(), batch.changes.end(),
                                     [&](const auto& change) { return change.first == name; });
      if (twice) continue;
      const bool removes = one_in(random_, 4) && models_[participants[ready]].now.contains(name);
      batch.changes.emplace_back(name, removes ? std::nullopt : std::optional<Value>(random_value()));
    }
    for (const auto& [name, value] : batch.changes) {
      Change change;
      change.kind = value ? Change::Kind::kSet : Change::Kind::kRemove;
      change.key = Key(name.first, name.second);
      if (value) change.value = {value->bytes, value->expiry_ms, false};
      changes[ready].push_back(change);
    }
    if (one_in(random_, 2)) add_hash_edits(participants[ready], batch, changes[ready], bytes, borrowed);
    if (one_in(random_, 2)) add_list_edit(participants[ready], batch, changes[ready], bytes, borrowed);
    held[ready] = Shard::batch_bytes(changes[ready], participants.size());
    if (!shards_[participants[ready]]->hold(held[ready]).ok()) break;
  }
  for (std::size_t i = 0; i < ready; ++i) shards_[participants[i]]->unhold(held[i]);
  for (const Borrowed& hash : borrowed) {
    if (ready < participants.size()) hash.undo->take_back({});
    shards_[hash.shard]->give_back(hash.key, hash.undo->memory_bytes());
  }
  if (ready < participants.size()) {
    ++coverage_.refused_writes;
    return;
  }
  const std::uint64_t id = participants.size() > 1 ? ledger_->open() : 0;
  for (std::size_t i = 0; i < participants.size(); ++i) {
    Shard& shard = *shards_[participants[i]];
    batches[i].first_gsn = shard.last_gsn() + 1;
    shard.apply(changes[i], id, participants);
    // A snapshot, or a part of one, may follow.
    batches[i].last_gsn = batches[i].first_gsn + changes[i].size() - (id != 0 ? 0 : 1);
    batches[i].transaction = id;
    if (i == 0 && id != 0) transactions_[id] = {};
    if (id != 0) transactions_[id].gsns[participants[i]] = batches[i].last_gsn;
    note(participants[i], std::move(batches[i]));
    // Some snapshots are complete soon after, and durable before all of the transaction is.
    if (one_in(random_, 2)) log_parts(participants[i], 40);
  }
}

void Simulation::flush_db(std::uint32_t number) {
  Shard& shard = *shards_[number];
  Change change;
  change.kind = Change::Kind::kFlushDb;
  change.key.db = static_cast<int>(below(kDbs));
  const std::vector<Change> changes{change};
  const std::uint64_t bytes = Shard::batch_bytes(changes, 1);
  if (!shard.hold(bytes).ok()) return;
  shard.unhold(bytes);
  Batch batch;
  batch.first_gsn = shard.last_gsn() + 1;
  batch.flushed_db = change.key.db;
  shard.apply(changes, 0, {static_cast<std::uint16_t>(number)});
  batch.last_gsn = shard.last_gsn();
  note(number, std::move(batch));
}

}  // namespace stave::sim
