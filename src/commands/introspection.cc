// SPDX-License-Identifier: Apache-2.0
// COMMAND: what the server can do, told from the command table and its docs. Everything here is constant
// data, so these commands run at once on the worker of their connection.
#include "src/acl_category.h"
#include "src/ascii.h"
#include "src/command.h"
#include "src/command_docs.h"
#include "src/commands/command_reply.h"
#include "src/commands/help.h"
#include "src/glob.h"
#include "src/session.h"

namespace stave {
namespace {

constexpr Error kNoSuchCommand{"ERR Invalid command specified"};
constexpr Error kNoKeys{"ERR The command has no key arguments"};
constexpr Error kWrongNumber{"ERR Invalid number of arguments specified for command"};
constexpr Error kWrongArguments{"ERR Invalid arguments specified for command"};

bool is_subcommand(const Command& command) {
  return command.name.find('|') != std::string_view::npos;
}

// Null, too, for what clients are not told of.
const Command* reported_command(std::string_view name) {
  const Command* command = find_command_by_name(name);
  return command != nullptr && is_reported(*command) ? command : nullptr;
}

std::vector<const Command*> top_level_commands() {
  std::vector<const Command*> commands;
  for (const Command* command : all_commands()) {
    if (!is_subcommand(*command)) commands.push_back(command);
  }
  return commands;
}

void write_all_info(resp::ReplyWriter& reply) {
  const auto commands = top_level_commands();
  reply.array(commands.size());
  for (const Command* command : commands) write_command_info(reply, *command);
}

// COMMAND. It has a function of its own besides its subcommands, so it gets those that do not exist, too.
Status command_all(Session& session, Args) {
  write_all_info(session.reply);
  return {};
}

Status command_count(Session& session, Args) {
  session.reply.integer(static_cast<std::int64_t>(top_level_commands().size()));
  return {};
}

// COMMAND INFO [name ...]. Null for a name that is none.
Status command_info(Session& session, Args args) {
  if (args.size() == 2) {
    write_all_info(session.reply);
    return {};
  }
  session.reply.array(args.size() - 2);
  for (const std::string_view name : args.subspan(2)) {
    const Command* found = reported_command(name);
    found != nullptr ? write_command_info(session.reply, *found) : session.reply.null();
  }
  return {};
}

// COMMAND DOCS [name ...]. A name that is none is left out.
Status command_docs(Session& session, Args args) {
  std::vector<const Command*> commands;
  if (args.size() == 2) commands = top_level_commands();
  for (const std::string_view name : args.subspan(2)) {
    if (const Command* found = reported_command(name)) commands.push_back(found);
  }
  session.reply.map(commands.size());
  for (const Command* found : commands) {
    session.reply.bulk(found->name);
    write_command_docs(session.reply, *found);
  }
  return {};
}

enum class Filter : std::uint8_t { kNone, kModule, kCategory, kPattern };

// [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]
Result<Filter> parse_filter(Args options) {
  if (options.empty()) return Filter::kNone;
  if (options.size() != 3 || !ascii::equal(options[0], "filterby")) return errors::kSyntax;
  if (ascii::equal(options[1], "module")) return Filter::kModule;
  if (ascii::equal(options[1], "aclcat")) return Filter::kCategory;
  if (ascii::equal(options[1], "pattern")) return Filter::kPattern;
  return errors::kSyntax;
}

bool passes(const Command& command, Filter filter, std::string_view operand) {
  switch (filter) {
    case Filter::kNone:
      return true;
    case Filter::kModule:
      return false;  // there are no modules
    case Filter::kCategory:
      return (acl_categories(command) & acl_category_of(operand)) != 0;
    case Filter::kPattern:
      return glob_match(operand, command.name, true);
  }
  return false;
}

// COMMAND LIST [filter]
Status command_list(Session& session, Args args) {
  const auto filter = parse_filter(args.subspan(2));
  if (!filter.ok()) return errors::kSyntax;
  std::vector<std::string_view> names;
  for (const Command* command : all_commands()) {
    if (is_reported(*command) && passes(*command, *filter, args.back())) names.push_back(command->name);
  }
  session.reply.array(names.size());
  for (const std::string_view name : names) session.reply.bulk(name);
  return {};
}

// The command that `call` is, checked so far that its keys can be looked for.
Result<const Command*> command_with_keys(Args call) {
  const Command* command = find_command(call);
  if (command == nullptr) return kNoSuchCommand;
  if (call.size() > 1 && !is_subcommand(*command) && !subcommands_of(command->name).empty())
    return kNoSuchCommand;
  if (!names_keys(find_docs(command->name)) && !command->has(kMovableKeys)) return kNoKeys;
  if (!command->accepts(call.size())) return kWrongNumber;
  return command;
}

struct KeyUse {
  int position;
  KeyFlags flags;
};

// What the key specifications find in `call`; nothing when it does not fit them. Keys that only the command
// can find are those of the last one.
std::vector<KeyUse> key_uses(const Command& command, Args call) {
  const CommandDocs& docs = find_docs(command.name);
  std::vector<KeyUse> uses;
  std::vector<int> positions;
  for (const KeySpec& spec : docs.key_specs) {
    positions.clear();
    if (spec.begin == KeySpec::Begin::kUnknown) continue;
    if (!find_keys(spec, call, positions)) return {};
    const KeyFlags flags = docs.key_flags != nullptr ? docs.key_flags(call) : spec.flags;
    for (const int position : positions) uses.push_back({position, flags});
  }
  if (docs.key_specs.empty() || docs.key_specs.back().begin != KeySpec::Begin::kUnknown) return uses;
  positions.clear();
  find_keys(command, call, positions);
  for (std::size_t i = uses.size(); i < positions.size(); ++i)
    uses.push_back({positions[i], docs.key_specs.back().flags});
  return uses;
}

// At least one, or the error that there is none.
Result<std::vector<KeyUse>> key_uses_of(Args call) {
  auto command = command_with_keys(call);
  if (!command.ok()) return command.take_status();
  auto uses = key_uses(**command, call);
  if (uses.empty()) return kWrongArguments;
  return uses;
}

// COMMAND GETKEYS command [arg ...]
Status command_getkeys(Session& session, Args args) {
  const Args call = args.subspan(2);
  auto uses = key_uses_of(call);
  if (!uses.ok()) return uses.take_status();
  session.reply.array(uses->size());
  for (const KeyUse& use : *uses) session.reply.bulk(call[static_cast<std::size_t>(use.position)]);
  return {};
}

// COMMAND GETKEYSANDFLAGS command [arg ...]
Status command_getkeysandflags(Session& session, Args args) {
  const Args call = args.subspan(2);
  auto uses = key_uses_of(call);
  if (!uses.ok()) return uses.take_status();
  session.reply.array(uses->size());
  for (const KeyUse& use : *uses) {
    session.reply.array(2);
    session.reply.bulk(call[static_cast<std::size_t>(use.position)]);
    write_key_flags(session.reply, use.flags);
  }
  return {};
}

Status command_help(Session& session, Args) {
  constexpr std::string_view kLines[] = {
      "COMMAND [<subcommand> [<argument> ...]]",
      "(no subcommand)",
      "    Describe all commands.",
      "COUNT",
      "    Count the commands.",
      "DOCS [<command> ...]",
      "    Document these commands, or all.",
      "GETKEYS <command> [<argument> ...]",
      "    Show which arguments are keys.",
      "GETKEYSANDFLAGS <command> [<argument> ...]",
      "    Show which arguments are keys and what happens to them.",
      "INFO [<command> ...]",
      "    Describe these commands, or all.",
      "LIST [FILTERBY MODULE <name> | ACLCAT <category> | PATTERN <pattern>]",
      "    List the names of commands, subcommands included.",
      "HELP",
      "    Show this text.",
  };
  reply_help(session.reply, kLines);
  return {};
}

constexpr std::uint32_t kFlags = kLoading | kStale | kSentinel;

constexpr Command kIntrospectionCommands[] = {
    session_command("command", command_all, -1, kFlags | kContainer, "server"),
    session_command("command|count", command_count, 2, kFlags, "server"),
    session_command("command|docs", command_docs, -2, kFlags, "server"),
    session_command("command|getkeys", command_getkeys, -3, kFlags, "server"),
    session_command("command|getkeysandflags", command_getkeysandflags, -3, kFlags, "server"),
    session_command("command|help", command_help, 2, kFlags, "server"),
    session_command("command|info", command_info, -2, kFlags, "server"),
    session_command("command|list", command_list, -2, kFlags, "server"),
};

}  // namespace

std::span<const Command> introspection_commands() {
  return kIntrospectionCommands;
}

}  // namespace stave
