// SPDX-License-Identifier: Apache-2.0
// WatchTable: the keys of one shard that clients WATCH, and whether they have changed since. The connection
// registers its keys here with a message; its EXEC looks after it has locked them, so that nothing can change
// any more. Owner thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stave {

class WatchTable {
 public:
  bool empty() const { return clients_.empty(); }
  // `exists`: the key does, now.
  void add(std::uint64_t client, int db, std::string_view name, bool exists);
  void remove(std::uint64_t client);

  struct Watched {
    int db;
    std::string name;
    bool existed;
  };
  // What the client watches here; null when that is nothing.
  const std::vector<Watched>* of(std::uint64_t client) const;
  // One of them has changed.
  bool touched(std::uint64_t client) const;

  void changed(int db, std::string_view name);
  // All keys of the database have gone, or are others now. Keys that did not exist and still do not are as
  // before: `exists_now` tells.
  template <typename ExistsNow>
  void replaced(int db, ExistsNow exists_now) {
    for (auto& [id, client] : clients_) {
      for (const Watched& key : client.keys)
        client.touched |= key.db == db && (key.existed || exists_now(key));
    }
  }

 private:
  struct Client {
    std::vector<Watched> keys;
    bool touched = false;
  };
  std::unordered_map<std::uint64_t, Client> clients_;
  std::unordered_map<std::string, std::vector<std::uint64_t>> by_name_;  // clients, by name of their keys
};

}  // namespace stave
