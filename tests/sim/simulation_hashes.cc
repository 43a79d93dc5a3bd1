// SPDX-License-Identifier: Apache-2.0
// The workload of hashes: they grow beyond their packed form and shrink again, so that their records are
// wholes, snapshots and edits.
#include <deque>
#include <string>

#include "shards/collection.h"
#include "shards/hash.h"
#include "shards/list.h"
#include "tests/sim/simulation.h"

namespace stave::sim {
namespace {

constexpr std::uint64_t kHashes = 4;
constexpr std::uint64_t kFields = 40;
constexpr std::uint64_t kFieldBytesMax = 200;
constexpr std::uint64_t kEditBytesMax = kFieldBytesMax + 150;
constexpr char kUntil = '@';  // between a field's value and its expiry

}  // namespace

Simulation::Name Simulation::random_hash_name() {
  return {static_cast<int>(below(kDbs)), "hash:" + std::to_string(below(kHashes))};
}

Simulation::HashEdits Simulation::random_edits() {
  HashEdits edits;
  const std::uint64_t count = 1 + below(4);
  const bool shrinks = one_in(random_, 3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string field = "f" + std::to_string(below(kFields));
    if (one_in(random_, shrinks ? 2 : 8)) {
      edits.emplace_back(field, std::nullopt);
      continue;
    }
    std::string value = std::to_string(random_() % 1000) + ":";
    value.resize(value.size() + below(kFieldBytesMax), 'v');
    const bool expires = one_in(random_, 6);
    const auto expiry_ms = now_ms_ + 1 + static_cast<std::int64_t>(below(5000));
    edits.emplace_back(field, expires ? expiring(value, expiry_ms) : value);
  }
  return edits;
}

void Simulation::apply(Contents& contents, const Name& name, const HashEdits& edits) {
  const auto found = contents.find(name);
  // Of a hash that a transaction had put over the string, and that never was.
  if (found != contents.end() && found->second.fields.empty()) return;
  Value& value = contents[name];
  for (const auto& [field, text] : edits) {
    if (text)
      value.fields[field] = *text;
    else
      value.fields.erase(field);
  }
  if (value.fields.empty()) contents.erase(name);
}

Simulation::Value Simulation::value_of(const Found& found) {
  Value value;
  value.expiry_ms = found.expiry_ms;
  if (found.type == Type::kString)
    value.bytes = found.value;
  else if (found.type == Type::kList)
    value.elements = elements_of(ListView(found));
  else
    HashView(found).for_each_element([&](const HashElement& element) {
      value.fields.emplace(element.field, expiring(element.value, element.expiry_ms));
    });
  return value;
}

std::string Simulation::expiring(std::string_view text, std::int64_t expiry_ms) {
  return std::string(text) + (expiry_ms == 0 ? std::string() : kUntil + std::to_string(expiry_ms));
}

std::string Simulation::edit_bytes(const HashEdits& edits) {
  Edits bytes;
  for (const auto& [field, text] : edits) {
    if (!text) {
      bytes.remove(field);
      continue;
    }
    const std::size_t until = text->find(kUntil);
    bytes.put(field, text->substr(0, until));
    if (until != std::string::npos) bytes.expire(field, std::stoll(text->substr(until + 1)));
  }
  return std::string(bytes.bytes());
}

Status Simulation::edit_hash(Shard& shard, const Name& name, Batch& batch) {
  const Key key(name.first, name.second);
  const HashEdits edits = random_edits();
  Batch noted;
  note_edits(name, shard.find(key, true), edits, noted.edits, noted);
  EditResult result;
  Status status = shard.edit(key, Type::kHash, edit_bytes(edits), result);
  if (!status.ok() || !result.any()) return status;
  batch.changes = std::move(noted.changes);
  batch.edits = std::move(noted.edits);
  return status;
}

// A name of a collection; likelier one of which a snapshot is under way.
Simulation::Name Simulation::rather_under_way(std::uint32_t number, const std::function<Name()>& random) {
  Name name = random();
  for (int tries = 0; tries < 8; ++tries) {
    const Found tried = shards_[number]->find({name.first, name.second}, false);
    if (tried.collection != nullptr && tried.collection->chain.series != nullptr) break;
    name = random();
  }
  return name;
}

// Adds edits of a hash to a transaction's batch and changes. False if it cannot take part now.
bool Simulation::add_hash_edits(std::uint32_t number, Batch& batch, std::vector<Change>& changes,
                                std::deque<std::string>& bytes, std::vector<Borrowed>& borrowed) {
  const Name name = rather_under_way(number, [this] { return random_hash_name(); });
  const Key key(name.first, name.second);
  const Found found = shards_[number]->find(key, true);
  if (found.exists && (found.type != Type::kHash || !found.resident)) return false;
  HashEdits edits = random_edits();
  // One that has an effect, so that there is a record.
  edits.emplace_back("t", std::to_string(random_()));
  note_edits(name, found, edits, batch.edits, batch);
  add_change(number, name, found, Type::kHash, edit_bytes(edits), changes, bytes, borrowed);
  return true;
}

void Simulation::add_change(std::uint32_t number, const Name& name, const Found& found, Type type,
                            const std::string& edits, std::vector<Change>& changes,
                            std::deque<std::string>& bytes, std::vector<Borrowed>& borrowed) {
  Change change;
  change.key = Key(name.first, bytes.emplace_back(name.second));
  const std::string& made = bytes.emplace_back(edits);
  EditResult result;
  if (found.collection != nullptr) {
    change.kind = Change::Kind::kEdit;
    change.edits = made;
    change.expiry_ms = found.expiry_ms;
    auto undo = std::make_unique<Undo>(*shards_[number]->borrow(change.key));
    if (!undo->apply(made, {}, result).ok()) violate("edits do not fit a large collection");
    borrowed.push_back({number, change.key, std::move(undo)});
  } else {
    std::string packed = found.exists ? std::string(found.value) : empty_packed(type);
    if (!edit_packed(type, packed, made, {}, result).ok()) violate("edits do not fit a collection");
    change.value = {bytes.emplace_back(packed), found.exists ? found.expiry_ms : 0, false, type};
  }
  changes.push_back(change);
}

void Simulation::write_hash(std::uint32_t number) {
  Shard& shard = *shards_[number];
  const Name name = random_hash_name();
  const Key key(name.first, name.second);
  const Found found = shard.find(key, true);  // may log that it has expired
  if (found.exists && found.type != Type::kHash) return;
  if (found.exists && !found.resident) return stage(number, name);
  Batch batch;
  batch.first_gsn = shard.last_gsn() + 1;
  const bool in_batch = one_in(random_, 4) && shard.begin_batch(4 * kEditBytesMax + 2 * 512).ok();
  const Status status = edit_hash(shard, name, batch);
  if (in_batch) shard.end_batch();
  const std::uint64_t gsn = shard.last_gsn();
  if (!status.ok()) {
    ++coverage_.refused_writes;
    if (gsn >= batch.first_gsn) violate("a refused write is in the log");
    return;
  }
  if (gsn < batch.first_gsn) return;
  batch.last_gsn = batch.first_gsn;
  ++coverage_.hash_edits;
  note(number, std::move(batch));
}

void Simulation::expire(std::uint32_t number) {
  Shard& shard = *shards_[number];
  due_fields_.clear();
  for (std::uint64_t hash = 0; hash < kHashes * kDbs; ++hash) {
    const Name name{static_cast<int>(hash % kDbs), "hash:" + std::to_string(hash / kDbs)};
    const Found found = shard.find({name.first, name.second}, false);
    if (!found.exists || !found.resident || found.type != Type::kHash) continue;
    DueFields& due = due_fields_[name];
    due.outgrown = found.collection != nullptr;
    HashView(found).for_each_element([&](const HashElement& element) {
      if (element.expired_at(now_ms_)) due.removals.emplace_back(element.field, std::nullopt);
    });
  }
  shard.expire_due();
}

// As a batch of its own, which a snapshot may follow.
void Simulation::note_expired(std::uint32_t number, const Name& name) {
  Shard& shard = *shards_[number];
  const auto due = due_fields_.find(name);
  if (due == due_fields_.end() || due->second.removals.empty()) violate("fields expired that were not due");
  coverage_.expired_fields += due->second.removals.size();
  const Found found = shard.find({name.first, name.second}, false);
  Batch batch;
  batch.first_gsn = shard.last_gsn();
  if (!found.exists) {
    batch.changes.emplace_back(name, std::nullopt);
  } else if (!due->second.outgrown) {
    batch.changes.emplace_back(name, value_of(found));
  } else {
    // A snapshot as a whole, or the first part of one.
    const Collection* const left = found.collection;
    const bool snapshot = left == nullptr || left->chain.snapshot_gsn == batch.first_gsn ||
                          left->chain.last_gsn != batch.first_gsn;
    batch.first_gsn -= snapshot ? 1 : 0;
    batch.edits.emplace_back(name, due->second.removals);
  }
  batch.last_gsn = batch.first_gsn;
  note(number, std::move(batch));
}

}  // namespace stave::sim
