// SPDX-License-Identifier: Apache-2.0
// LockTable: who waits for a key gets on in the order of coming, however many transactions queue for it.
#include "shards/locks.h"

#include <doctest/doctest.h>

namespace stave {
namespace {

struct Waiter final : LockWaiter {
  void granted() override { ++grants; }
  int grants = 0;
};

const Key kKey{0, "k"};

}  // namespace

TEST_CASE("who waits until nothing is locked is told once, and not before") {
  LockTable locks;
  Waiter first, second, command, waiting;
  REQUIRE(locks.lock_gate(false, first));
  REQUIRE(locks.lock(kKey, first));
  REQUIRE(locks.lock_gate(false, second));
  locks.wait_until_idle(waiting);
  const auto pass = locks.wait(kKey, command);
  locks.unlock(kKey);
  locks.unlock_gate(false);
  locks.unlock_gate(false);
  CHECK(command.grants == 1);
  CHECK(waiting.grants == 0);
  locks.come_back(pass);
  CHECK(locks.idle());
  CHECK(waiting.grants == 1);
}

TEST_CASE("a command that waits runs between two transactions that follow each other") {
  LockTable locks;
  Waiter first, command, second;
  REQUIRE(locks.lock(kKey, first));
  CHECK_FALSE(locks.free(kKey));
  const auto pass = locks.wait(kKey, command);
  REQUIRE_FALSE(locks.lock(kKey, second));

  locks.unlock(kKey);
  CHECK(command.grants == 1);
  CHECK(second.grants == 1);
  CHECK(locks.free(kKey));  // the command's turn: the second has not begun
  Waiter third;
  CHECK_FALSE(locks.lock(kKey, third));
  locks.come_back(pass);
  locks.take(kKey);
  CHECK_FALSE(locks.free(kKey));

  locks.unlock(kKey);
  CHECK(third.grants == 1);
  locks.take(kKey);
  locks.unlock(kKey);
  CHECK(locks.free(kKey));
  CHECK(locks.idle());
}

TEST_CASE("a transaction that comes between a command's grant and its return goes behind it") {
  LockTable locks;
  Waiter first, command, second;
  SUBCASE("of a key") {
    REQUIRE(locks.lock(kKey, first));
    const auto pass = locks.wait(kKey, command);
    locks.unlock(kKey);
    CHECK(command.grants == 1);
    CHECK_FALSE(locks.lock(kKey, second));
    CHECK(second.grants == 1);  // told, behind the command
    CHECK(locks.free(kKey));
    locks.come_back(pass);
    locks.take(kKey);
    CHECK_FALSE(locks.free(kKey));
    locks.unlock(kKey);
  }
  SUBCASE("of the whole shard") {
    REQUIRE(locks.lock_gate(true, first));
    const auto pass = locks.wait(kKey, command);
    locks.unlock_gate(true);
    CHECK(command.grants == 1);
    CHECK_FALSE(locks.lock_gate(true, second));
    CHECK(second.grants == 1);
    CHECK(locks.free(kKey));
    locks.come_back(pass);
    locks.take_gate(true);
    CHECK_FALSE(locks.free(kKey));
    locks.unlock_gate(true);
  }
  SUBCASE("none comes") {
    REQUIRE(locks.lock(kKey, first));
    const auto pass = locks.wait(kKey, command);
    locks.unlock(kKey);
    CHECK(locks.free(kKey));
    locks.come_back(pass);
  }
  CHECK(locks.free(kKey));
  CHECK(locks.idle());
}

TEST_CASE("a command that waits runs between two holders of the whole shard") {
  LockTable locks;
  Waiter first, command, second;
  REQUIRE(locks.lock_gate(true, first));
  CHECK_FALSE(locks.free(kKey));
  const auto pass = locks.wait(kKey, command);
  REQUIRE_FALSE(locks.lock_gate(true, second));
  locks.unlock_gate(true);
  CHECK(command.grants == 1);
  CHECK(second.grants == 1);
  CHECK(locks.free(kKey));
  Waiter sharer;
  CHECK_FALSE(locks.lock_gate(false, sharer));
  locks.come_back(pass);
  locks.take_gate(true);
  CHECK_FALSE(locks.free(kKey));
  locks.unlock_gate(true);
  CHECK(sharer.grants == 1);
  locks.unlock_gate(false);
  CHECK(locks.idle());
}

}  // namespace stave
