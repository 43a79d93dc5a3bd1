// SPDX-License-Identifier: Apache-2.0
// BlockedTable: who is tried next, for which key, and who must wait meanwhile.
#include "src/blocked.h"

#include <doctest/doctest.h>

#include <initializer_list>

namespace stave {
namespace {

struct Place final : BlockedPlace {
  Place(BlockedTable& blocked, std::initializer_list<const char*> keys, Type type = Type::kList,
        bool claims = false, int db = 0)
      : BlockedPlace(db, type, claims) {
    for (const char* key : keys) names.emplace_back(key);
    blocked.wait(*this);
  }
  void try_again(Worker&) override {}
};

struct Waiter final : LockWaiter {
  int granted_count = 0;
  void granted() override { ++granted_count; }
};

struct Fixture {
  BlockedTable table;

  // Who is tried next, when all keys are of this type.
  const BlockedPlace* next(std::optional<Type> type = Type::kList) {
    while (const auto key = table.take_ready()) {
      if (BlockedPlace* const place = table.tried_next(*key, type)) return place;
    }
    return nullptr;
  }
};

TEST_CASE_FIXTURE(Fixture, "first come, first served, one after the other") {
  Place first(table, {"k"});
  Place second(table, {"k"});
  CHECK_FALSE(table.any_ready());
  table.changed(0, "other");
  table.changed(1, "k");
  CHECK_FALSE(table.any_ready());
  table.changed(0, "k");
  table.changed(0, "k");
  CHECK(table.any_ready());
  CHECK(next() == &first);
  CHECK(first.is_tried());
  CHECK(next() == nullptr);  // the second one waits for the first
  table.leave(first);
  CHECK_FALSE(first.waits());
  CHECK(next() == &second);
  table.leave(second);
  CHECK(next() == nullptr);
  CHECK(table.empty());
}

TEST_CASE_FIXTURE(Fixture, "a key that is gone, or of another type, serves nobody") {
  Place list(table, {"k"});
  Place zset(table, {"k"}, Type::kZset);
  table.changed(0, "k");
  CHECK(next(std::nullopt) == nullptr);
  table.changed(0, "k");
  CHECK(next(Type::kString) == nullptr);
  table.changed(0, "k");
  CHECK(next(Type::kZset) == &zset);
  table.leave(zset);
  CHECK(next(Type::kZset) == nullptr);
  table.changed(0, "k");
  CHECK(next() == &list);
  table.leave(list);
}

TEST_CASE_FIXTURE(Fixture, "who was tried in vain keeps its place, and is not tried again before a change") {
  Place first(table, {"a", "b"});
  Place second(table, {"b"});
  table.changed(0, "b");
  CHECK(next() == &first);
  table.wait(first);
  CHECK(first.waits());
  CHECK(next() == &second);
  table.wait(second);
  CHECK(next() == nullptr);
  table.changed(0, "b");
  CHECK(next() == &first);
  table.leave(first);
  CHECK(next() == &second);
  table.leave(second);
}

TEST_CASE_FIXTURE(Fixture, "who is being tried for one key keeps those behind it at its others waiting") {
  Place first(table, {"a", "b"});
  Place second(table, {"b"});
  table.changed(0, "a");
  CHECK(next() == &first);
  table.changed(0, "b");
  CHECK(next() == nullptr);
  table.leave(first);
  CHECK(next() == &second);
  table.leave(second);
}

TEST_CASE_FIXTURE(Fixture, "keys are looked at in the order of their changes, each until it is done") {
  Place a1(table, {"a"});
  Place b1(table, {"b"});
  Place a2(table, {"a"});
  table.changed(0, "a");
  table.changed(0, "b");
  CHECK(next() == &a1);
  table.leave(a1);
  CHECK(next() == &a2);
  table.leave(a2);
  CHECK(next() == &b1);
  table.leave(b1);
}

TEST_CASE_FIXTURE(Fixture, "another database's keys, and those of a database that was swapped") {
  Place here(table, {"k"});
  Place there(table, {"k"}, Type::kList, false, 3);
  CHECK(table.key_count() == 2);
  table.changed(3, "k");
  CHECK(next() == &there);
  table.leave(there);
  table.replaced(0);
  CHECK(next() == &here);
  table.leave(here);
  CHECK(next() == nullptr);
  table.replaced(0);
  CHECK_FALSE(table.any_ready());
}

TEST_CASE_FIXTURE(Fixture, "leaving while nothing is there for it") {
  Place first(table, {"k"});
  Place second(table, {"k"});
  table.leave(first);
  table.leave(first);
  table.changed(0, "k");
  CHECK(next() == &second);
  table.leave(second);
  CHECK(next() == nullptr);
  CHECK(table.empty());
  Place third(table, {"k"});
  table.changed(0, "k");
  table.leave(third);
  CHECK(next() == nullptr);
  CHECK(table.empty());
}

TEST_CASE_FIXTURE(Fixture, "a claim keeps others out until the place is left, or was tried in vain") {
  Place place(table, {"a", "b"}, Type::kList, true);
  CHECK_FALSE(table.any_claimed());
  for (const bool leaves : {false, true}) {
    table.changed(0, "a");
    CHECK(next() == &place);
    CHECK(table.any_claimed());
    CHECK(table.claimed({0, "a"}));
    CHECK_FALSE(table.claimed({0, "b"}));
    CHECK_FALSE(table.claimed({1, "a"}));
    Waiter waiter;
    table.wait_for_claim({0, "a"}, waiter);
    CHECK(waiter.granted_count == 0);
    leaves ? table.leave(place) : table.wait(place);
    CHECK(waiter.granted_count == 1);
    CHECK_FALSE(table.any_claimed());
    CHECK(next() == nullptr);
  }
  Place other(table, {"a"});
  table.changed(0, "a");
  CHECK(next() == &other);
  CHECK_FALSE(table.any_claimed());
  table.leave(other);
}

}  // namespace
}  // namespace stave
