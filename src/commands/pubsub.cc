// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and its like, which change what the connection listens to, and PUBLISH and SPUBLISH.
#include "src/commands/pubsub.h"

#include <optional>

#include "src/call.h"
#include "src/commands/help.h"
#include "src/publish.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave {
namespace {

struct Words {
  std::string_view joined;
  std::string_view left;
};

Words words_of(Topic topic) {
  switch (topic) {
    case Topic::kChannel:
      return {"subscribe", "unsubscribe"};
    case Topic::kPattern:
      return {"psubscribe", "punsubscribe"};
    case Topic::kShardChannel:
      return {"ssubscribe", "sunsubscribe"};
  }
  return {};
}

// Channels and patterns are counted together, shard channels by themselves.
std::int64_t count_of(const Subscriber& subscriber, Topic topic) {
  const std::size_t count = topic == Topic::kShardChannel
                                ? subscriber.count(topic)
                                : subscriber.count(Topic::kChannel) + subscriber.count(Topic::kPattern);
  return static_cast<std::int64_t>(count);
}

// One for each name; it is a push even to the client that asked.
void confirm(Session& session, Topic topic, std::string_view word, std::optional<std::string_view> name) {
  session.reply.push(3);
  session.reply.bulk(word);
  name ? session.reply.bulk(*name) : session.reply.null();
  session.reply.integer(count_of(*session.subscriber, topic));
}

template <Topic kTopic>
Status join(Session& session, Args args) {
  for (const std::string_view name : args.subspan(1)) {
    session.worker.pubsub().join(*session.subscriber, kTopic, name);
    confirm(session, kTopic, words_of(kTopic).joined, name);
  }
  session.client.pubsub = true;
  return {};
}

// Without names: all that there are, or one confirmation without a name if there are none.
template <Topic kTopic>
Status leave(Session& session, Args args) {
  Pubsub& pubsub = session.worker.pubsub();
  const auto leave_one = [&](std::string_view name) {
    pubsub.leave(*session.subscriber, kTopic, name);
    confirm(session, kTopic, words_of(kTopic).left, name);
  };
  if (args.size() > 1) {
    for (const std::string_view name : args.subspan(1)) leave_one(name);
  } else {
    const auto names = pubsub.names_of(*session.subscriber, kTopic);
    for (const std::string& name : names) leave_one(name);
    if (names.empty()) confirm(session, kTopic, words_of(kTopic).left, std::nullopt);
  }
  session.client.pubsub = session.subscriber->listens();
  return {};
}

template <bool kSharded>
Publication publication_of(Args args, const Session& session) {
  return {.sharded = kSharded, .channel = args[1], .message = args[2], .publisher = session.client.id};
}

// Where nobody listens on another worker.
template <bool kSharded>
Status publish_here(Session& session, Args args) {
  const std::uint64_t receivers = session.worker.pubsub().deliver(publication_of<kSharded>(args, session));
  session.reply.integer(static_cast<std::int64_t>(receivers));
  return {};
}

template <bool kSharded>
void publish_everywhere(Call& call) {
  publish(call.home(), publication_of<kSharded>(call.args(), call.session()),
          [&call](std::uint64_t receivers) {
            call.reply.integer(static_cast<std::int64_t>(receivers));
            call.finish();
          });
}

template <bool kSharded>
constexpr Command publish_command(std::string_view name, std::uint32_t flags) {
  Command command = call_command(name, publish_everywhere<kSharded>, 3, flags, "pubsub");
  command.session = publish_here<kSharded>;
  return command;
}

Status pubsub_help(Session& session, Args) {
  constexpr std::string_view kLines[] = {
      "PUBSUB <subcommand> [<argument> ...]",
      "CHANNELS [<pattern>]",
      "    List the channels that have subscribers, or those that match the pattern.",
      "NUMPAT",
      "    Count the patterns that have subscribers.",
      "NUMSUB [<channel> ...]",
      "    Count the subscribers of these channels, without those of patterns.",
      "SHARDCHANNELS [<pattern>]",
      "    List the shard channels that have subscribers, or those that match the pattern.",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    Count the subscribers of these shard channels.",
      "HELP",
      "    Show this text.",
  };
  reply_help(session.reply, kLines);
  return {};
}

constexpr std::uint32_t kAsks = kPubsub | kLoading | kStale;
constexpr std::uint32_t kListens = kAsks | kNoScript;
constexpr std::uint32_t kPublishes = kAsks | kFast | kMayReplicate;

constexpr Command kPubsubCommands[] = {
    session_command("subscribe", join<Topic::kChannel>, -2, kListens | kSentinel, "pubsub"),
    session_command("unsubscribe", leave<Topic::kChannel>, -1, kListens | kSentinel, "pubsub"),
    session_command("psubscribe", join<Topic::kPattern>, -2, kListens | kSentinel, "pubsub"),
    session_command("punsubscribe", leave<Topic::kPattern>, -1, kListens | kSentinel, "pubsub"),
    session_command("ssubscribe", join<Topic::kShardChannel>, -2, kListens, "pubsub"),
    session_command("sunsubscribe", leave<Topic::kShardChannel>, -1, kListens, "pubsub"),
    publish_command<false>("publish", kPublishes | kSentinel),
    publish_command<true>("spublish", kPublishes),
    session_command("pubsub", nullptr, -2, 0, "pubsub"),
    call_command("pubsub|channels", pubsub_channels, -2, kAsks, "pubsub"),
    session_command("pubsub|help", pubsub_help, 2, kLoading | kStale, "pubsub"),
    call_command("pubsub|numpat", pubsub_numpat, 2, kAsks, "pubsub"),
    call_command("pubsub|numsub", pubsub_numsub, -2, kAsks, "pubsub"),
    call_command("pubsub|shardchannels", pubsub_shardchannels, -2, kAsks, "pubsub"),
    call_command("pubsub|shardnumsub", pubsub_shardnumsub, -2, kAsks, "pubsub"),
};

}  // namespace

std::span<const Command> pubsub_commands() {
  return kPubsubCommands;
}

}  // namespace stave
