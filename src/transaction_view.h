// SPDX-License-Identifier: Apache-2.0
// TransactionView: the keys of a transaction as its command sees them. Owners put copies of what they have
// into it while the keys are locked; the command reads them and its changes are collected here, to be applied
// by the owners. It travels between workers with its transaction, so only one thread at a time touches it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shards/keyspace.h"
#include "shards/shard.h"

namespace stave {

class TransactionView final : public Keyspace {
 public:
  // The owner's part: what is there under `key`. A value that is cold stays unknown; only its shape is
  // copied.
  void load(Key key, const Found& found);
  // True when load() has brought all there is to know of the key.
  bool complete(Key key);

  Found find(Key key, bool touch) override;
  void want(Key) override {}
  Status set_string(Key key, const NewString& string) override;
  Status remove(Key key) override;
  Status set_expiry(Key key, std::int64_t expiry_ms) override;

  // What the command changed, one change for each key, for the keys of one shard.
  std::vector<Change> changes_of(const std::vector<std::string_view>& names) const;
  // Forgets changes, and keeps what was loaded: the command is run again.
  void drop_changes();

 private:
  struct Item {
    Found loaded;
    bool known = false;
    std::string loaded_value;
    bool changed = false;
    Found now;  // its value views now_value, once changed
    std::string now_value;
  };
  using ByDb = std::unordered_map<int, Item>;

  Item& item(Key key);

  std::unordered_map<std::string, ByDb> items_;  // by name, then database
};

}  // namespace stave
