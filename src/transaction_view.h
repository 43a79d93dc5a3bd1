// SPDX-License-Identifier: Apache-2.0
// TransactionView: the keys of a transaction as its command sees them. Owners put copies of what they have
// into it while the keys are locked; the command reads them and its changes are collected here, to be applied
// by the owners. It travels between workers with its transaction, so only one thread at a time touches it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shards/collection.h"
#include "shards/collection_limits.h"
#include "shards/keyspace.h"
#include "shards/shard.h"
#include "shards/undo.h"

namespace stave {

class TransactionView final : public Keyspace {
 public:
  void set_collection_limits(const CollectionLimits& limits) { limits_ = limits; }

  // The owner's part: what is there under `key`. A value that is cold stays unknown; only its shape is
  // copied. A collection that has outgrown its packed form is not copied either, but read and edited where it
  // is (`borrowed`, null for all else): while its key is locked the owner does neither.
  void load(Key key, const Found& found, Collection* borrowed);
  // True when load() has brought all there is to know of the key.
  bool complete(Key key);

  // A key that was not loaded is cold, and can be had by want(); otherwise there are none but those loaded.
  void load_on_demand(bool on) { on_demand_ = on; }
  std::vector<Key> take_wanted() { return std::exchange(wanted_, {}); }

  Found find(Key key, bool touch) override;
  void want(Key key) override;
  std::size_t memory_bytes(Key key) override;
  Status set_value(Key key, const NewValue& value) override;
  Status edit(Key key, Type type, std::string_view edits, EditResult& result) override;
  Status remove(Key key) override;
  Status set_expiry(Key key, std::int64_t expiry_ms) override;

  // What the command changed, one change for each key, for the keys of one shard. They view what is in here.
  std::vector<Change> changes_of(const std::vector<std::string_view>& names);
  // The owner's part, before it applies the changes, and in the end: it gets back what was edited of these
  // keys; what it has not got by the end has not happened.
  enum class GiveBack : std::uint8_t { kEdited, kAsItWas };
  void give_back(const std::vector<std::string_view>& names, Shard& owner, GiveBack how);
  // Removes all keys of the database, also those that were not loaded.
  void flush(int db);
  // The number of keys in the database, whose owners have `keys`.
  std::int64_t keys_after(int db, std::int64_t keys) const;

 private:
  struct Item {
    Found loaded;
    bool known = false;
    bool wanted = false;
    std::string loaded_value;
    Collection* borrowed = nullptr;  // the value, until it is replaced
    std::unique_ptr<Undo> undo;      // of what was edited of it, until it is given back
    bool changed = false;
    Found now;  // its value views now_value, once changed
    std::string now_value;
    std::unique_ptr<Collection> now_collection;  // instead, when it is large
    std::string edits;                           // of `borrowed`
  };
  using ByDb = std::unordered_map<int, Item>;

  Item& item(Key key);
  Status edit_borrowed(Item& item, std::string_view edits, EditResult& result);
  static void replace(Item& item);
  static Change change_of(Key key, Item& item);
  static void set_packed(Item& item, Type type, std::string packed);

  CollectionLimits limits_;
  bool on_demand_ = false;
  std::vector<Key> wanted_;  // their names are those of items_
  std::array<bool, limits::kDatabases> flushed_{};
  std::unordered_map<std::string, ByDb> items_;  // by name, then database
};

}  // namespace stave
