// SPDX-License-Identifier: Apache-2.0
// COMMAND.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kCommandInfoArguments[] = {string("command-name").optional().multiple()};
constexpr Argument kCommandListArguments[] = {
    one_of("filterby", 3, "FILTERBY").optional(),
      string("module-name", "MODULE"),
      string("category", "ACLCAT"),
      pattern("pattern", "PATTERN"),
};
constexpr Argument kCommandGetkeysArguments[] = {string("command"), string("arg").optional().multiple()};
// clang-format on

constexpr Change kCommandInfoHistory[] = {{"7.0.0", "Without names it describes all commands."}};

constexpr CommandDocs kDocs[] = {
    {.name = "command",
     .since = "2.8.13",
     .summary = "Describes all commands of this server.",
     .complexity = "O(N) in the number of commands",
     .tips = kVariesInOrder,
     .more_categories = kAclConnection},
    {.name = "command|count",
     .since = "2.8.13",
     .summary = "Counts the commands of this server.",
     .complexity = "O(1)",
     .more_categories = kAclConnection},
    {.name = "command|info",
     .since = "2.8.13",
     .summary = "Describes the commands named, or all.",
     .complexity = "O(N) in the number of commands asked for",
     .arguments = kCommandInfoArguments,
     .tips = kVariesInOrder,
     .history = kCommandInfoHistory,
     .more_categories = kAclConnection},
    {.name = "command|docs",
     .since = "7.0.0",
     .summary = "Documents the commands named, or all: what they do and their arguments.",
     .complexity = "O(N) in the number of commands asked for",
     .arguments = kCommandInfoArguments,
     .tips = kVariesInOrder,
     .more_categories = kAclConnection},
    {.name = "command|list",
     .since = "7.0.0",
     .summary = "Lists the names of commands, optionally only those that a filter lets through.",
     .complexity = "O(N) in the number of commands",
     .arguments = kCommandListArguments,
     .tips = kVariesInOrder,
     .more_categories = kAclConnection},
    {.name = "command|getkeys",
     .since = "2.8.13",
     .summary = "Replies which arguments of a command are keys.",
     .complexity = "O(N) in the number of arguments",
     .arguments = kCommandGetkeysArguments,
     .more_categories = kAclConnection},
    {.name = "command|getkeysandflags",
     .since = "7.0.0",
     .summary = "Replies which arguments of a command are keys, and what it does with each.",
     .complexity = "O(N) in the number of arguments",
     .arguments = kCommandGetkeysArguments,
     .more_categories = kAclConnection},
    {.name = "command|help",
     .since = "5.0.0",
     .summary = kListsSubcommands,
     .complexity = "O(1)",
     .more_categories = kAclConnection},
};

}  // namespace

std::span<const CommandDocs> introspection_docs() {
  return kDocs;
}

}  // namespace stave
