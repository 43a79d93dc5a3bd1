// SPDX-License-Identifier: Apache-2.0
// PUBSUB: what is listened to. Every worker looks into its own table; a name may be in several.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "src/call.h"
#include "src/commands/pubsub.h"
#include "src/errors.h"
#include "src/glob.h"
#include "src/pubsub.h"
#include "src/server.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave {
namespace {

using Names = std::set<std::string>;

// The names that match, of all workers, each once.
void gather(Call& call, Topic topic, std::string_view pattern, std::function<void(const Names&)> then) {
  const auto by_worker = std::make_shared<std::vector<Names>>(call.server().worker_count());
  const auto work = [by_worker, topic, pattern](Worker& here) {
    here.pubsub().for_each_name(topic, [&](const std::string& name) {
      if (glob_match(pattern, name)) (*by_worker)[here.number()].insert(name);
    });
  };
  call.on_workers(work, [by_worker, then = std::move(then)] {
    Names all;
    for (Names& names : *by_worker) all.merge(names);
    then(all);
  });
}

void reply_names(Call& call, Topic topic) {
  const Args args = call.args();
  if (args.size() > 3) return call.finish(errors::wrong_subcommand_arguments(args[1], "PUBSUB"));
  gather(call, topic, args.size() == 3 ? args[2] : "*", [&call](const Names& names) {
    call.reply.array(names.size());
    for (const std::string& name : names) call.reply.bulk(name);
    call.finish();
  });
}

void reply_counts(Call& call, Topic topic) {
  using Counts = std::vector<std::size_t>;
  const Args names = call.args().subspan(2);
  const auto by_worker =
      std::make_shared<std::vector<Counts>>(call.server().worker_count(), Counts(names.size()));
  const auto work = [by_worker, topic, names](Worker& here) {
    Counts& counts = (*by_worker)[here.number()];
    for (std::size_t i = 0; i < names.size(); ++i) counts[i] = here.pubsub().subscribers(topic, names[i]);
  };
  call.on_workers(work, [&call, by_worker, names] {
    call.reply.array(2 * names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t count = 0;
      for (const Counts& counts : *by_worker) count += counts[i];
      call.reply.bulk(names[i]);
      call.reply.integer(static_cast<std::int64_t>(count));
    }
    call.finish();
  });
}

}  // namespace

// PUBSUB CHANNELS [pattern]
void pubsub_channels(Call& call) {
  reply_names(call, Topic::kChannel);
}

// PUBSUB SHARDCHANNELS [pattern]
void pubsub_shardchannels(Call& call) {
  reply_names(call, Topic::kShardChannel);
}

// PUBSUB NUMSUB [channel ...]
void pubsub_numsub(Call& call) {
  reply_counts(call, Topic::kChannel);
}

// PUBSUB SHARDNUMSUB [shardchannel ...]
void pubsub_shardnumsub(Call& call) {
  reply_counts(call, Topic::kShardChannel);
}

void pubsub_numpat(Call& call) {
  gather(call, Topic::kPattern, "*", [&call](const Names& patterns) {
    call.reply.integer(static_cast<std::int64_t>(patterns.size()));
    call.finish();
  });
}

}  // namespace stave
