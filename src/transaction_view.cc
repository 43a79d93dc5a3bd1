// SPDX-License-Identifier: Apache-2.0
#include "src/transaction_view.h"

#include <cassert>

namespace stave {

TransactionView::Item& TransactionView::item(Key key) {
  return items_[std::string(key.name)][key.db];
}

void TransactionView::load(Key key, const Found& found) {
  Item& loaded = item(key);
  loaded.loaded = found;
  loaded.loaded_value.assign(found.value);
  loaded.known = true;
}

bool TransactionView::complete(Key key) {
  const Item& loaded = item(key);
  return loaded.known && (!loaded.loaded.exists || loaded.loaded.resident);
}

Found TransactionView::find(Key key, bool) {
  Item& found = item(key);
  Found result = found.changed ? found.now : found.loaded;
  if (result.exists && result.resident) result.value = found.changed ? found.now_value : found.loaded_value;
  return result;
}

Status TransactionView::set_string(Key key, const NewString& string) {
  Item& changed = item(key);
  std::string value(string.value);  // may view the value that goes
  changed.changed = true;
  changed.now = Found{};
  changed.now.exists = changed.now.resident = true;
  changed.now.raw_encoding = string.raw_encoding;
  changed.now.value_bytes = static_cast<std::uint32_t>(value.size());
  changed.now.expiry_ms = string.expiry_ms;
  changed.now_value = std::move(value);
  return {};
}

Status TransactionView::remove(Key key) {
  Item& changed = item(key);
  changed.changed = true;
  changed.now = Found{};
  changed.now_value.clear();
  return {};
}

Status TransactionView::set_expiry(Key key, std::int64_t expiry_ms) {
  const Found found = find(key, false);
  assert(found.exists && found.resident);
  return set_string(key, {found.value, expiry_ms, found.raw_encoding});
}

std::vector<Change> TransactionView::changes_of(const std::vector<std::string_view>& names) const {
  std::vector<Change> changes;
  for (const std::string_view name : names) {
    const auto found = items_.find(std::string(name));
    if (found == items_.end()) continue;
    for (const auto& [db, item] : found->second) {
      if (!item.changed || (!item.now.exists && !item.loaded.exists)) continue;
      Change change;
      change.kind = item.now.exists ? Change::Kind::kSetString : Change::Kind::kRemove;
      change.key = {db, name};
      if (item.now.exists) change.string = {item.now_value, item.now.expiry_ms, item.now.raw_encoding};
      changes.push_back(change);
    }
  }
  return changes;
}

void TransactionView::drop_changes() {
  for (auto& [name, by_db] : items_) {
    for (auto& [db, item] : by_db) item.changed = false;
  }
}

}  // namespace stave
