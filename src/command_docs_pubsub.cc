// SPDX-License-Identifier: Apache-2.0
// Channels and who listens to them.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kChannels[] = {string("channel").multiple()};
constexpr Argument kAnyChannels[] = {string("channel").optional().multiple()};
constexpr Argument kPatterns[] = {pattern("pattern").multiple()};
constexpr Argument kAnyPatterns[] = {pattern("pattern").optional().multiple()};
constexpr Argument kAPattern[] = {pattern("pattern").optional()};
constexpr Argument kShardChannels[] = {string("shardchannel").multiple()};
constexpr Argument kAnyShardChannels[] = {string("shardchannel").optional().multiple()};
constexpr Argument kPublish[] = {string("channel"), string("message")};
constexpr Argument kSpublish[] = {string("shardchannel"), string("message")};
// clang-format on

constexpr KeySpec kOneShardChannel[] = {key_at(1, kKeyNotKey)};
constexpr KeySpec kEachShardChannel[] = {keys_from(1, kKeyNotKey)};

constexpr CommandDocs kDocs[] = {
    {.name = "subscribe",
     .since = "2.0.0",
     .summary = "Lets the connection listen to channels.",
     .complexity = "O(N) in the number of channels",
     .arguments = kChannels},
    {.name = "unsubscribe",
     .since = "2.0.0",
     .summary = "Ends listening to channels, or to all channels.",
     .complexity = "O(N) in the number of channels",
     .arguments = kAnyChannels},
    {.name = "psubscribe",
     .since = "2.0.0",
     .summary = "Lets the connection listen to all channels that match patterns.",
     .complexity = "O(N) in the number of patterns",
     .arguments = kPatterns},
    {.name = "punsubscribe",
     .since = "2.0.0",
     .summary = "Ends listening to patterns, or to all patterns.",
     .complexity = "O(N) in the number of patterns",
     .arguments = kAnyPatterns},
    {.name = "ssubscribe",
     .since = "7.0.0",
     .summary = "Lets the connection listen to shard channels.",
     .complexity = "O(N) in the number of shard channels",
     .arguments = kShardChannels,
     .key_specs = kEachShardChannel},
    {.name = "sunsubscribe",
     .since = "7.0.0",
     .summary = "Ends listening to shard channels, or to all shard channels.",
     .complexity = "O(N) in the number of shard channels",
     .arguments = kAnyShardChannels,
     .key_specs = kEachShardChannel},
    {.name = "publish",
     .since = "2.0.0",
     .summary = "Sends a message to a channel.",
     .complexity = "O(N+M) with N subscribers of the channel and M patterns that anybody listens to",
     .arguments = kPublish},
    {.name = "spublish",
     .since = "7.0.0",
     .summary = "Sends a message to a shard channel.",
     .complexity = "O(N) in the number of its subscribers",
     .arguments = kSpublish,
     .key_specs = kOneShardChannel},
    {.name = "pubsub",
     .since = "2.8.0",
     .summary = "Holds the commands that tell what is listened to.",
     .complexity = kThatOfTheSubcommand},
    {.name = "pubsub|channels",
     .since = "2.8.0",
     .summary = "Lists channels that have subscribers.",
     .complexity = "O(N) in the number of channels",
     .arguments = kAPattern},
    {.name = "pubsub|help", .since = "6.2.0", .summary = kListsSubcommands, .complexity = "O(1)"},
    {.name = "pubsub|numpat",
     .since = "2.8.0",
     .summary = "Counts the patterns that have subscribers.",
     .complexity = "O(N) in the number of patterns"},
    {.name = "pubsub|numsub",
     .since = "2.8.0",
     .summary = "Counts the subscribers of channels.",
     .complexity = "O(N) in the number of channels asked for",
     .arguments = kAnyChannels},
    {.name = "pubsub|shardchannels",
     .since = "7.0.0",
     .summary = "Lists shard channels that have subscribers.",
     .complexity = "O(N) in the number of shard channels",
     .arguments = kAPattern},
    {.name = "pubsub|shardnumsub",
     .since = "7.0.0",
     .summary = "Counts the subscribers of shard channels.",
     .complexity = "O(N) in the number of shard channels asked for",
     .arguments = kAnyShardChannels},
};

}  // namespace

std::span<const CommandDocs> pubsub_docs() {
  return kDocs;
}

}  // namespace stave
