// SPDX-License-Identifier: Apache-2.0
// DBSIZE, FLUSHALL, FLUSHDB, SWAPDB: databases as a whole, in all shards.
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

#include "shards/shard.h"
#include "src/ascii.h"
#include "src/call.h"
#include "src/commands/server.h"
#include "src/numbers.h"
#include "src/server.h"
#include "src/session.h"
#include "src/transaction.h"
#include "src/worker.h"

namespace stave {
namespace {

// [ASYNC|SYNC]. To us both are the same: a shard drops its index at once, whoever asks.
Status check_flush(Args words) {
  if (words.empty()) return {};
  const bool known = ascii::equal(words[0], "async") || ascii::equal(words[0], "sync");
  return words.size() == 1 && known ? Status() : Status(errors::kSyntax);
}

Change flush_of(int db) {
  Change change;
  change.kind = Change::Kind::kFlushDb;
  change.key.db = db;
  return change;
}

// Whatever is not a number of the C type int; that it names no database is found later.
std::optional<int> database_number(std::string_view text) {
  using Int = std::numeric_limits<int>;
  const auto number = parse_integer(text);
  if (!number || *number < Int::min() || *number > Int::max()) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

void dbsize(Call& call) {
  const auto by_worker = std::make_shared<std::vector<std::int64_t>>(call.server().worker_count());
  const auto db = static_cast<std::size_t>(call.session().client.db);
  const auto work = [by_worker, db](Worker& here) {
    std::int64_t& keys = (*by_worker)[here.number()];
    for (const ShardHost* host : here.hosts())
      keys += static_cast<std::int64_t>(host->shard.sizes().keys[db].load());
  };
  call.read_on_workers(work, [&call, by_worker, db] {
    std::int64_t keys = std::accumulate(by_worker->begin(), by_worker->end(), std::int64_t{0});
    if (call.within() != nullptr) keys = call.within()->keys_after(static_cast<int>(db), keys);
    call.reply.integer(keys);
    call.finish();
  });
}

void flushall(Call& call) {
  if (Status status = check_flush(call.args().subspan(1)); !status.ok()) return call.finish(status);
  std::vector<Change> changes;
  changes.reserve(limits::kDatabases);
  for (int db = 0; db < limits::kDatabases; ++db) changes.push_back(flush_of(db));
  call.change_databases(changes);
}

void flushdb(Call& call) {
  if (Status status = check_flush(call.args().subspan(1)); !status.ok()) return call.finish(status);
  call.change_databases({flush_of(call.session().client.db)});
}

// SWAPDB index index
void swapdb(Call& call) {
  const auto one = database_number(call.args()[1]);
  if (!one) return call.finish(Error{"ERR invalid first DB index"});
  const auto other = database_number(call.args()[2]);
  if (!other) return call.finish(Error{"ERR invalid second DB index"});
  const auto databases = static_cast<int>(call.home().settings().databases);
  const auto exists = [databases](int db) { return db >= 0 && db < databases; };
  if (!exists(*one) || !exists(*other)) return call.finish(errors::kIndexOutOfRange);
  if (*one == *other) return call.finish(Status());
  Change change;
  change.kind = Change::Kind::kSwapDbs;
  change.key.db = *one;
  change.other_db = *other;
  call.change_databases({change});
}

}  // namespace stave
