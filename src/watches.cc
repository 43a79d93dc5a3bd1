// SPDX-License-Identifier: Apache-2.0
#include "src/watches.h"

#include <algorithm>

namespace stave {

void WatchTable::add(std::uint64_t client, int db, std::string_view name, bool exists) {
  std::vector<Watched>& keys = clients_[client].keys;
  const auto same = [&](const Watched& key) { return key.db == db && key.name == name; };
  if (std::any_of(keys.begin(), keys.end(), same)) return;
  keys.push_back({db, std::string(name), exists});
  by_name_[std::string(name)].push_back(client);
}

void WatchTable::remove(std::uint64_t client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  for (const Watched& key : found->second.keys) {
    const auto by_name = by_name_.find(key.name);
    if (by_name == by_name_.end()) continue;  // watched in several databases
    std::erase(by_name->second, client);
    if (by_name->second.empty()) by_name_.erase(by_name);
  }
  clients_.erase(found);
}

const std::vector<WatchTable::Watched>* WatchTable::of(std::uint64_t client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() ? nullptr : &found->second.keys;
}

bool WatchTable::touched(std::uint64_t client) const {
  const auto found = clients_.find(client);
  return found != clients_.end() && found->second.touched;
}

void WatchTable::changed(int db, std::string_view name) {
  const auto by_name = by_name_.find(std::string(name));
  if (by_name == by_name_.end()) return;
  for (const std::uint64_t id : by_name->second) {
    Client& client = clients_.at(id);
    for (const Watched& key : client.keys) client.touched |= key.db == db && key.name == name;
  }
}

}  // namespace stave
