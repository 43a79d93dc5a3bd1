// SPDX-License-Identifier: Apache-2.0
// KEYS, SCAN, RANDOMKEY: walks over the keys of a database.
//
// A cursor of SCAN is, in decimal, the index's cursor << 10 | shard: the shards are walked one after the
// other, and 0 is both the beginning and the end. It lives as long as the shards do, whatever happens to the
// index meanwhile.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shards/shard.h"
#include "src/ascii.h"
#include "src/call.h"
#include "src/commands/arguments.h"
#include "src/commands/element_scan.h"
#include "src/commands/object.h"
#include "src/commands/server.h"
#include "src/glob.h"
#include "src/random.h"
#include "src/server.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave {
namespace {

constexpr unsigned kCursorShardBits = 10;
static_assert(limits::kShardsMax <= 1u << kCursorShardBits);

struct ScanOptions {
  std::size_t count = 10;
  std::optional<std::string_view> pattern;
  std::optional<std::string_view> type;  // perhaps not one that there is: then it matches nothing

  bool match(std::string_view key, const Entry& entry) const {
    if (type && !ascii::equal(*type, type_name(entry.type()))) return false;
    return !pattern || glob_match(*pattern, key);
  }
};

// [MATCH pattern] [COUNT count] [TYPE type]
Result<ScanOptions> parse_scan(Args words) {
  ScanOptions options;
  for (std::size_t at = 0; at < words.size(); at += 2) {
    if (at + 1 == words.size()) return errors::kSyntax;
    const std::string_view value = words[at + 1];
    if (ascii::equal(words[at], "count")) {
      auto count = integer_argument(value);
      if (!count.ok()) return count.take_status();
      if (*count < 1) return errors::kSyntax;
      options.count = static_cast<std::size_t>(*count);
    } else if (ascii::equal(words[at], "match")) {
      options.pattern = value;
    } else if (ascii::equal(words[at], "type")) {
      options.type = value;
    } else {
      return errors::kSyntax;
    }
  }
  return options;
}

// Where the walk goes on after this shard's part. `index_cursor` 0: the shard is done.
std::uint64_t next_cursor(std::uint64_t index_cursor, std::uint32_t shard, std::uint32_t shard_count) {
  if (index_cursor != 0) return index_cursor << kCursorShardBits | shard;
  return shard + 1 < shard_count ? shard + 1 : 0;
}

using Names = std::vector<std::string>;

void reply_names(Call& call, const std::vector<Names>& by_worker) {
  std::size_t count = 0;
  for (const Names& names : by_worker) count += names.size();
  call.reply.array(count);
  for (const Names& names : by_worker) {
    for (const std::string& name : names) call.reply.bulk(name);
  }
  call.finish();
}

// A shard, each as likely as it has keys in the database; any when there are none.
std::uint32_t random_shard(const Server& server, int db) {
  const std::uint64_t keys = server.db_size(db);
  if (keys == 0) return 0;
  std::uint64_t nth = random_number() % keys;
  for (std::uint32_t shard = 0; shard < server.shard_count(); ++shard) {
    const std::uint64_t here =
        server.sizes(shard).keys[static_cast<std::size_t>(db)].load(std::memory_order_relaxed);
    if (nth < here) return shard;
    nth -= here;
  }
  return 0;  // keys went meanwhile
}

// Asks the shard, and when all that it has is expired, the next one, `shards_left` times.
void pick_key(Call& call, std::uint32_t shard, std::uint32_t shards_left) {
  if (shards_left == 0) {
    call.reply.null();
    return call.finish();
  }
  const auto found = std::make_shared<std::optional<std::string>>();
  const int db = call.session().client.db;
  const auto work = [found, shard, db](Worker& here) {
    Shard& asked = here.host(shard).shard;
    asked.set_now(here.now_ms());
    std::string key;
    if (asked.random_key(db, random_number(), key)) *found = std::move(key);
  };
  const auto then = [&call, found, shard, shards_left] {
    if (!*found) return pick_key(call, (shard + 1) % call.server().shard_count(), shards_left - 1);
    call.reply.bulk(**found);
    call.finish();
  };
  call.read_on_worker(call.server().worker_of(shard), work, then);
}

}  // namespace

// KEYS pattern
void keys_command(Call& call) {
  const auto by_worker = std::make_shared<std::vector<Names>>(call.server().worker_count());
  const int db = call.session().client.db;
  const std::string_view pattern = call.args()[1];
  const auto work = [by_worker, db, pattern](Worker& here) {
    Names& names = (*by_worker)[here.number()];
    for (ShardHost* host : here.hosts()) {
      host->shard.set_now(here.now_ms());
      host->shard.for_each(db, [&](std::string_view key, const Entry&) {
        if (glob_match(pattern, key)) names.emplace_back(key);
      });
    }
  };
  call.read_on_workers(work, [&call, by_worker] { reply_names(call, *by_worker); });
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]. The router has sent it to the shard that the cursor
// names.
Status scan(Context& context, Args args) {
  auto cursor = cursor_argument(args[1]);
  if (!cursor.ok()) return cursor.take_status();
  auto options = parse_scan(args.subspan(2));
  if (!options.ok()) return options.take_status();

  auto& shard = static_cast<Shard&>(context.keys);
  Names names;
  const std::uint64_t index_cursor = shard.scan(context.db, *cursor >> kCursorShardBits, options->count,
                                                [&](std::string_view key, const Entry& entry) {
                                                  if (options->match(key, entry)) names.emplace_back(key);
                                                });
  context.reply.array(2);
  context.reply.bulk(std::to_string(next_cursor(index_cursor, shard.number(), context.limits.shard_count)));
  context.reply.array(names.size());
  for (const std::string& name : names) context.reply.bulk(name);
  return {};
}

// All shards are asked, before it says that there is no key: the last removal may not be committed yet.
void randomkey(Call& call) {
  pick_key(call, random_shard(call.server(), call.session().client.db), call.server().shard_count());
}

}  // namespace stave
