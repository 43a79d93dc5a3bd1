// SPDX-License-Identifier: Apache-2.0
#include "src/transaction_view.h"

#include <cassert>
#include <utility>

namespace stave {

TransactionView::Item& TransactionView::item(Key key) {
  return items_[std::string(key.name)][key.db];
}

void TransactionView::load(Key key, const Found& found, Collection* borrowed) {
  Item& loaded = item(key);
  loaded.known = true;
  loaded.wanted = false;
  if (flushed_[static_cast<std::size_t>(key.db)]) return;
  loaded.loaded = found;
  loaded.loaded_value.assign(found.value);
  if (!loaded.changed) loaded.borrowed = borrowed;
}

bool TransactionView::complete(Key key) {
  const Item& loaded = item(key);
  return loaded.known && (!loaded.loaded.exists || loaded.loaded.resident);
}

Found TransactionView::find(Key key, bool) {
  Item& found = item(key);
  Found result = found.changed ? found.now : found.loaded;
  if (!found.known && !found.changed) result.exists = on_demand_;
  if (!result.exists || !result.resident) return result;
  result.collection = found.borrowed != nullptr ? found.borrowed : found.now_collection.get();
  if (result.collection == nullptr) result.value = found.changed ? found.now_value : found.loaded_value;
  return result;
}

void TransactionView::want(Key key) {
  Item& wanted = item(key);
  if (!on_demand_ || wanted.wanted || complete(key)) return;
  wanted.wanted = true;
  wanted_.emplace_back(key.db, items_.find(std::string(key.name))->first);
}

std::size_t TransactionView::memory_bytes(Key key) {
  const Found found = find(key, false);
  if (!found.exists) return 0;
  return sizeof(Slot) + sizeof(Entry) + key.name.size() + found.value.size() +
         (found.collection != nullptr ? found.collection->memory_bytes() : 0);
}

// Another value, or none, comes in the place of the present one.
void TransactionView::replace(Item& item) {
  item.changed = true;
  item.borrowed = nullptr;
  item.edits.clear();
  item.now = Found{};
}

Status TransactionView::set_value(Key key, const NewValue& value) {
  if (value.value.size() > limits::kValueBytesMax) return kValueTooLarge;
  Item& changed = item(key);
  std::string bytes(value.value);  // may view the value that goes
  replace(changed);
  changed.now.exists = changed.now.resident = true;
  changed.now.type = value.type;
  changed.now.raw_encoding = value.raw_encoding;
  changed.now.expiry_ms = value.expiry_ms;
  set_packed(changed, value.type, std::move(bytes));
  return {};
}

// A string's bytes, or a collection.
void TransactionView::set_packed(Item& item, Type type, std::string packed) {
  item.now.value_bytes = static_cast<std::uint32_t>(packed.size());
  item.now_collection = type != Type::kString && is_outgrown(packed) ? unpack(type, packed) : nullptr;
  item.now_value = item.now_collection == nullptr ? std::move(packed) : std::string();
}

// A large collection is edited where it is, and the edits are collected for the log; of any other there is a
// copy, which becomes the new value.
Status TransactionView::edit(Key key, Type type, std::string_view edits, EditResult& result) {
  const Found before = find(key, false);
  Item& changed = item(key);
  if (changed.borrowed != nullptr) return edit_borrowed(changed, edits, result);
  if (!before.exists) {
    changed.now = Found{};
    changed.now.resident = true;
    changed.now.type = type;
    set_packed(changed, type, empty_packed(type));
  } else if (!changed.changed) {
    changed.now = before;
    set_packed(changed, type, changed.loaded_value);
  }
  Status status = changed.now_collection != nullptr
                      ? changed.now_collection->apply(edits, limits_, result)
                      : edit_packed(type, changed.now_value, edits, limits_, result);
  if (!status.ok() || !result.any()) return status;
  changed.changed = true;
  if (changed.now_collection == nullptr && is_outgrown(changed.now_value))
    set_packed(changed, type, std::exchange(changed.now_value, {}));
  const std::size_t left =
      changed.now_collection != nullptr ? changed.now_collection->size() : packed_count(changed.now_value);
  changed.now.exists = left > 0;
  return {};
}

Status TransactionView::edit_borrowed(Item& item, std::string_view edits, EditResult& result) {
  if (item.undo == nullptr) item.undo = std::make_unique<Undo>(*item.borrowed);
  if (Status status = item.undo->apply(edits, limits_, result); !status.ok()) return status;
  if (!result.any()) return {};
  if (item.borrowed->size() == 0) {
    replace(item);
    return {};
  }
  if (!item.changed) item.now = item.loaded;
  item.changed = true;
  item.edits.append(edits);
  return {};
}

Status TransactionView::remove(Key key) {
  Item& changed = item(key);
  replace(changed);
  changed.now_value.clear();
  changed.now_collection = nullptr;
  return {};
}

Status TransactionView::set_expiry(Key key, std::int64_t expiry_ms) {
  const Found found = find(key, false);
  assert(found.exists && found.resident);
  Item& changed = item(key);
  if (changed.changed) {
    changed.now.expiry_ms = expiry_ms;
    return {};
  }
  if (changed.borrowed == nullptr)
    return set_value(key, {found.value, expiry_ms, found.raw_encoding, found.type});
  changed.now = changed.loaded;
  changed.now.expiry_ms = expiry_ms;
  changed.changed = true;
  return {};
}

void TransactionView::give_back(const std::vector<std::string_view>& names, Shard& owner, GiveBack how) {
  for (const std::string_view name : names) {
    const auto found = items_.find(std::string(name));
    if (found == items_.end()) continue;
    for (auto& [db, item] : found->second) {
      if (item.undo == nullptr) continue;
      const auto undo = std::move(item.undo);
      if (how == GiveBack::kAsItWas) undo->take_back(limits_);
      owner.give_back({db, name}, undo->memory_bytes());
    }
  }
}

std::vector<Change> TransactionView::changes_of(const std::vector<std::string_view>& names) {
  std::vector<Change> changes;
  for (const std::string_view name : names) {
    const auto found = items_.find(std::string(name));
    if (found == items_.end()) continue;
    for (auto& [db, item] : found->second) {
      if (!item.changed || (!item.now.exists && !item.loaded.exists)) continue;
      changes.push_back(change_of({db, name}, item));
    }
  }
  return changes;
}

Change TransactionView::change_of(Key key, Item& item) {
  Change change;
  change.key = key;
  if (!item.now.exists) {
    change.kind = Change::Kind::kRemove;
  } else if (item.borrowed != nullptr) {
    change.kind = Change::Kind::kEdit;
    change.edits = item.edits;
    change.expiry_ms = item.now.expiry_ms;
  } else {
    if (item.now_collection != nullptr) item.now_collection->pack(item.now_value);
    change.value = {item.now_value, item.now.expiry_ms, item.now.raw_encoding, item.now.type};
  }
  return change;
}

void TransactionView::flush(int db) {
  flushed_[static_cast<std::size_t>(db)] = true;
  for (auto& [name, by_db] : items_) {
    const auto found = by_db.find(db);
    if (found == by_db.end()) continue;
    auto undo = std::move(found->second.undo);
    found->second = Item();
    found->second.known = true;
    found->second.undo = std::move(undo);
  }
}

std::int64_t TransactionView::keys_after(int db, std::int64_t keys) const {
  if (flushed_[static_cast<std::size_t>(db)]) keys = 0;
  for (const auto& [name, by_db] : items_) {
    const auto found = by_db.find(db);
    if (found == by_db.end() || !found->second.changed) continue;
    keys += static_cast<int>(found->second.now.exists) - static_cast<int>(found->second.loaded.exists);
  }
  return keys;
}

}  // namespace stave
