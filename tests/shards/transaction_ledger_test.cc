// SPDX-License-Identifier: Apache-2.0
// Shows when the ledger counts transactions as behind us.
#include "shards/transaction_ledger.h"

#include <doctest/doctest.h>

namespace stave {
namespace {

TEST_CASE("a transaction is behind us when it and all before it are closed") {
  TransactionLedger ledger(2);
  const std::uint64_t first = ledger.open();
  const std::uint64_t second = ledger.open();
  CHECK(second > first);
  CHECK(ledger.lowest_open() == first);
  ledger.close(second);
  CHECK(ledger.lowest_open() == first);
  ledger.close(first);
  CHECK(ledger.lowest_open() == ledger.next_id());
}

TEST_CASE("after a start ids go on behind those of the log, and void ones are open until a record says so") {
  TransactionLedger ledger(2);
  ledger.start_after(50);
  ledger.start_after(40);
  ledger.reopen(47);
  CHECK(ledger.next_id() == 51);
  CHECK(ledger.lowest_open() == 47);
  CHECK(ledger.open() == 51);
  ledger.close(47);
  CHECK(ledger.lowest_open() == 51);
}

TEST_CASE("a round is over when every shard has answered it or a later one") {
  TransactionLedger ledger(3);
  const std::uint64_t round = ledger.ask();
  CHECK(ledger.asked() == round);
  ledger.answer(0, round);
  ledger.answer(1, round);
  CHECK_FALSE(ledger.all_answered(round));
  const std::uint64_t next = ledger.ask();
  ledger.answer(2, next);
  CHECK(ledger.all_answered(round));
  CHECK_FALSE(ledger.all_answered(next));
  ledger.answer(2, round);  // late, and takes nothing back
  ledger.answer(0, next);
  ledger.answer(1, next);
  CHECK(ledger.all_answered(next));
}

}  // namespace
}  // namespace stave
