// SPDX-License-Identifier: Apache-2.0
// FakeKeyspace: a Keyspace on a std::map, with cold values and failing changes on demand. Collections are
// stored packed; on demand commands see them as outgrown.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shards/collection.h"
#include "shards/keyspace.h"

namespace stave::testing {

class FakeKeyspace : public Keyspace {
 public:
  struct Stored {
    std::string value;
    std::int64_t expiry_ms = 0;
    bool raw_encoding = false;
    bool resident = true;
    Type type = Type::kString;
    std::shared_ptr<const Collection> native = nullptr;  // made when it is asked for
  };

  std::int64_t now_ms = 1'700'000'000'000;
  bool natively = false;  // collections of any size are outgrown
  CollectionLimits collection_limits;
  std::string failure;  // not empty: what every change returns
  std::map<std::pair<int, std::string>, Stored> stored;
  std::vector<std::pair<int, std::string>> wanted;
  int changes = 0;

  Found find(Key key, bool) override {
    Stored* const entry = live(key);
    // Commands must not look at these fields of an absent key, so they are nonsense here.
    if (entry == nullptr) {
      Found absent;
      absent.raw_encoding = true;
      absent.value_bytes = 99;
      absent.expiry_ms = 99;
      absent.value = "nonsense";
      return absent;
    }
    Found found{.exists = true,
                .resident = entry->resident,
                .type = entry->type,
                .raw_encoding = entry->raw_encoding,
                .value_bytes = static_cast<std::uint32_t>(entry->value.size()),
                .expiry_ms = entry->expiry_ms,
                .value = {}};
    if (entry->resident && natively && entry->type != Type::kString) {
      if (entry->native == nullptr) entry->native = unpack(entry->type, entry->value);
      found.collection = entry->native.get();
    } else if (entry->resident) {
      found.value = entry->value;
    }
    return found;
  }

  void want(Key key) override { wanted.emplace_back(key.db, key.name); }
  std::size_t memory_bytes(Key key) override {
    const Found found = find(key, false);
    return found.exists ? key.name.size() + found.value_bytes : 0;
  }

  Status set_value(Key key, const NewValue& value) override {
    if (Status status = change(); !status.ok()) return status;
    if (value.type != Type::kString) {
      REQUIRE(is_packed(value.type, value.value));
      REQUIRE(packed_count(value.value) > 0);
    }
    Stored created;
    created.value = value.value;
    created.expiry_ms = value.expiry_ms;
    created.raw_encoding = value.raw_encoding;
    created.type = value.type;
    // A new allocation, so that the address sanitizer sees every use of a view from before.
    stored[{key.db, std::string(key.name)}] = std::move(created);
    return {};
  }

  Status edit(Key key, Type type, std::string_view edits, EditResult& result) override {
    const Stored* const entry = live(key);
    if (entry != nullptr) {
      REQUIRE(entry->resident);
      REQUIRE(entry->type == type);
    }
    std::string packed = entry != nullptr ? entry->value : empty_packed(type);
    const std::int64_t expiry_ms = entry != nullptr ? entry->expiry_ms : 0;
    if (Status status = edit_packed(type, packed, edits, collection_limits, result); !status.ok())
      return status;
    if (!result.any()) return {};
    if (packed_count(packed) == 0) return entry != nullptr ? remove(key) : Status();
    return set_value(key, {.value = packed, .expiry_ms = expiry_ms, .type = type});
  }

  Status remove(Key key) override {
    REQUIRE(live(key) != nullptr);
    if (Status status = change(); !status.ok()) return status;
    stored.erase({key.db, std::string(key.name)});
    return {};
  }

  Status set_expiry(Key key, std::int64_t expiry_ms) override {
    Stored* const entry = live(key);
    REQUIRE(entry != nullptr);
    REQUIRE(entry->resident);
    if (Status status = change(); !status.ok()) return status;
    entry->expiry_ms = expiry_ms;
    return {};
  }

  // Makes every value cold, until it is wanted and staged.
  void make_cold() {
    for (auto& [key, entry] : stored) entry.resident = false;
  }
  void stage_wanted() {
    for (const auto& key : wanted) stored[key].resident = true;
    wanted.clear();
  }

 private:
  Stored* live(Key key) {
    const auto at = stored.find({key.db, std::string(key.name)});
    if (at == stored.end()) return nullptr;
    if (at->second.expiry_ms == 0 || at->second.expiry_ms > now_ms) return &at->second;
    stored.erase(at);
    return nullptr;
  }

  Status change() {
    if (!failure.empty()) return Status::error(failure);
    ++changes;
    return {};
  }
};

}  // namespace stave::testing
