// SPDX-License-Identifier: Apache-2.0
// The server, its configuration and its state.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kInfoArguments[] = {string("section").optional().multiple()};
constexpr Argument kConfigGetArguments[] = {string("parameter").multiple()};
constexpr Argument kConfigSetArguments[] = {
    block("data", 2).multiple(),
      string("parameter"),
      string("value"),
};
constexpr Argument kFlushallArguments[] = {
    one_of("flush-type", 2).optional(),
      token("async", "ASYNC").since("4.0.0"),
      token("sync", "SYNC").since("6.2.0"),
};
constexpr Argument kSwapdbArguments[] = {integer("index1"), integer("index2")};
constexpr Argument kShutdownArguments[] = {
    one_of("save-selector", 2).optional(),
      token("nosave", "NOSAVE"),
      token("save", "SAVE"),
    token("now", "NOW").since("7.0.0").optional(),
    token("force", "FORCE").since("7.0.0").optional(),
    token("abort", "ABORT").since("7.0.0").optional(),
};
constexpr Argument kBgsaveArguments[] = {token("schedule", "SCHEDULE").since("3.2.2").optional()};
constexpr Argument kMemoryUsageArguments[] = {key(), integer("count", "SAMPLES").optional()};
constexpr Argument kSlowlogGetArguments[] = {integer("count").optional()};
// clang-format on

constexpr std::string_view kInfoTips[] = {"nondeterministic_output", "request_policy:all_shards",
                                          "response_policy:special"};
constexpr Change kInfoHistory[] = {{"7.0.0", "More than one section."}};
constexpr Change kConfigGetHistory[] = {{"7.0.0", "More than one pattern."}};
constexpr std::string_view kConfigSetTips[] = {"request_policy:all_nodes", "response_policy:all_succeeded"};
constexpr Change kConfigSetHistory[] = {{"7.0.0", "More than one setting."}};
constexpr Change kFlushallHistory[] = {{"4.0.0", "Option ASYNC."}, {"6.2.0", "Option SYNC."}};
constexpr Change kShutdownHistory[] = {{"7.0.0", "Options NOW, FORCE and ABORT."}};
constexpr Change kBgsaveHistory[] = {{"3.2.2", "Option SCHEDULE."}};
constexpr std::string_view kSlowlogGetTips[] = {"request_policy:all_nodes", "nondeterministic_output"};
constexpr Change kSlowlogGetHistory[] = {{"4.0.0", "Address and name of the client in each entry."}};
constexpr std::string_view kSlowlogLenTips[] = {"request_policy:all_nodes", "response_policy:agg_sum",
                                                "nondeterministic_output"};

constexpr CommandDocs kDocs[] = {
    {.name = "info",
     .since = "1.0.0",
     .summary = "Reports the state and the statistics of the server, by sections.",
     .complexity = "O(1)",
     .arguments = kInfoArguments,
     .tips = kInfoTips,
     .history = kInfoHistory,
     .more_categories = kAclDangerous},
    {.name = "config",
     .since = "2.0.0",
     .summary = "Reads and changes the configuration of the running server.",
     .complexity = kThatOfTheSubcommand},
    {.name = "config|get",
     .since = "2.0.0",
     .summary = "Reads the settings whose names match patterns.",
     .complexity = "O(N) in the number of patterns",
     .arguments = kConfigGetArguments,
     .history = kConfigGetHistory},
    {.name = "config|set",
     .since = "2.0.0",
     .summary = "Changes settings of the running server, all of them or none.",
     .complexity = "O(N) in the number of settings",
     .arguments = kConfigSetArguments,
     .tips = kConfigSetTips,
     .history = kConfigSetHistory},
    {.name = "config|resetstat",
     .since = "2.0.0",
     .summary = "Sets the statistics of INFO back to zero.",
     .complexity = "O(1)"},
    {.name = "config|rewrite",
     .since = "2.8.0",
     .summary = "Writes the settings as they are now to the configuration file.",
     .complexity = "O(1)"},
    {.name = "config|help", .since = "5.0.0", .summary = kListsSubcommands, .complexity = "O(1)"},
    {.name = "dbsize",
     .since = "1.0.0",
     .summary = "Counts the keys of the database.",
     .complexity = "O(1)",
     .tips = kAllShardsSum,
     .more_categories = kAclKeyspace},
    {.name = "flushall",
     .since = "1.0.0",
     .summary = "Deletes everything, in all databases.",
     .complexity = "O(N) in the number of keys",
     .arguments = kFlushallArguments,
     .tips = kAllShardsSucceed,
     .history = kFlushallHistory,
     .more_categories = kAclKeyspace | kAclDangerous},
    {.name = "flushdb",
     .since = "1.0.0",
     .summary = "Deletes everything in the database of the connection.",
     .complexity = "O(N) in the number of keys",
     .arguments = kFlushallArguments,
     .tips = kAllShardsSucceed,
     .history = kFlushallHistory,
     .more_categories = kAclKeyspace | kAclDangerous},
    {.name = "swapdb",
     .since = "4.0.0",
     .summary = "Exchanges two databases, for all connections at once.",
     .complexity = "O(N) in the number of connections that watch or wait for keys of the two",
     .arguments = kSwapdbArguments,
     .more_categories = kAclKeyspace | kAclDangerous},
    {.name = "time",
     .since = "2.6.0",
     .summary = "Replies the server's clock: Unix time in seconds, and microseconds.",
     .complexity = "O(1)",
     .tips = kVaries},
    {.name = "shutdown",
     .since = "1.0.0",
     .summary = "Finishes what is in flight and stops the server.",
     .complexity = "O(N) in what is not on disk yet",
     .arguments = kShutdownArguments,
     .history = kShutdownHistory},
    {.name = "save",
     .since = "1.0.0",
     .summary = "Makes a backup of all databases and replies when it is complete.",
     .complexity = "O(N) in the number of segments"},
    {.name = "bgsave",
     .since = "1.0.0",
     .summary = "Begins a backup of all databases.",
     .complexity = "O(1)",
     .arguments = kBgsaveArguments,
     .history = kBgsaveHistory},
    {.name = "lastsave",
     .since = "1.0.0",
     .summary = "Replies the Unix time of the last backup that was completed.",
     .complexity = "O(1)",
     .tips = kVaries,
     .more_categories = kAclAdmin | kAclDangerous},
    {.name = "memory",
     .since = "4.0.0",
     .summary = "Looks at the use of memory.",
     .complexity = kThatOfTheSubcommand},
    {.name = "memory|usage",
     .since = "4.0.0",
     .summary = "Estimates the bytes of memory that a key and its value take.",
     .complexity = "O(N) in the number of elements sampled",
     .arguments = kMemoryUsageArguments,
     .key_specs = kSubcommandLooks},
    {.name = "memory|help", .since = "4.0.0", .summary = kListsSubcommands, .complexity = "O(1)"},
    {.name = "slowlog",
     .since = "2.2.12",
     .summary = "Looks at the log of slow commands.",
     .complexity = kThatOfTheSubcommand},
    {.name = "slowlog|get",
     .since = "2.2.12",
     .summary = "Lists the newest entries of the slow log.",
     .complexity = "O(N) in the number of entries replied",
     .arguments = kSlowlogGetArguments,
     .tips = kSlowlogGetTips,
     .history = kSlowlogGetHistory},
    {.name = "slowlog|len",
     .since = "2.2.12",
     .summary = "Counts the entries of the slow log.",
     .complexity = "O(1)",
     .tips = kSlowlogLenTips},
    {.name = "slowlog|reset",
     .since = "2.2.12",
     .summary = "Empties the slow log.",
     .complexity = "O(N) in the number of entries",
     .tips = kConfigSetTips},
    {.name = "slowlog|help", .since = "6.2.0", .summary = kListsSubcommands, .complexity = "O(1)"},
    {.name = "debug",
     .since = "1.0.0",
     .summary = "Helps to test the server; not for applications.",
     .complexity = kThatOfTheSubcommand,
     .for_operators = true},
};

}  // namespace

std::span<const CommandDocs> server_docs() {
  return kDocs;
}

}  // namespace stave
