// SPDX-License-Identifier: Apache-2.0
#include "src/commands/command_reply.h"

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "src/command_docs.h"

namespace stave {
namespace {

using resp::ReplyWriter;

struct FlagName {
  std::uint32_t flag;
  std::string_view name;
};

// may_replicate and sentinel are Redis' own affair: it does not report them, and neither do we.
constexpr FlagName kCommandFlags[] = {
    {kWrite, "write"},
    {kReadOnly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubsub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kAsking, "asking"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr FlagName kKeyFlags[] = {
    {kKeyReads, "RO"},
    {kKeyChanges, "RW"},
    {kKeyOverwrites, "OW"},
    {kKeyRemoves, "RM"},
    {kKeyAccess, "access"},
    {kKeyUpdate, "update"},
    {kKeyInsert, "insert"},
    {kKeyDelete, "delete"},
    {kKeyNotKey, "not_key"},
    {kKeyIncomplete, "incomplete"},
    {kKeyVariableFlags, "variable_flags"},
};

// A set of the names of those `flags` that have one.
void write_flags(ReplyWriter& reply, std::uint32_t flags, std::span<const FlagName> names) {
  std::size_t count = 0;
  for (const FlagName& entry : names) count += (flags & entry.flag) != 0;
  reply.set(count);
  for (const FlagName& entry : names) {
    if ((flags & entry.flag) != 0) reply.simple(entry.name);
  }
}

void write_categories(ReplyWriter& reply, AclCategories categories) {
  reply.set(static_cast<std::size_t>(std::popcount(categories)));
  const auto names = acl_category_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((categories >> i & 1) != 0) reply.simple("@" + std::string(names[i]));
  }
}

void write_field(ReplyWriter& reply, std::string_view name, std::string_view value) {
  reply.bulk(name);
  reply.bulk(value);
}
void write_field(ReplyWriter& reply, std::string_view name, int value) {
  reply.bulk(name);
  reply.integer(value);
}

// {type: ..., spec: {...}}: the caller goes on with the pairs of `spec`.
void begin_search(ReplyWriter& reply, std::string_view type, std::size_t pairs) {
  reply.map(2);
  write_field(reply, "type", type);
  reply.bulk("spec");
  reply.map(pairs);
}

void write_begin(ReplyWriter& reply, const KeySpec& spec) {
  reply.bulk("begin_search");
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      begin_search(reply, "index", 1);
      write_field(reply, "index", spec.index);
      break;
    case KeySpec::Begin::kKeyword:
      begin_search(reply, "keyword", 2);
      write_field(reply, "keyword", spec.keyword);
      write_field(reply, "startfrom", spec.index);
      break;
    case KeySpec::Begin::kUnknown:
      begin_search(reply, "unknown", 0);
      break;
  }
}

void write_find(ReplyWriter& reply, const KeySpec& spec) {
  reply.bulk("find_keys");
  switch (spec.find) {
    case KeySpec::Find::kRange:
      begin_search(reply, "range", 3);
      write_field(reply, "lastkey", spec.last);
      write_field(reply, "keystep", spec.step);
      write_field(reply, "limit", spec.limit);
      break;
    case KeySpec::Find::kKeyCount:
      begin_search(reply, "keynum", 3);
      write_field(reply, "keynumidx", spec.last);
      write_field(reply, "firstkey", spec.limit);
      write_field(reply, "keystep", spec.step);
      break;
    case KeySpec::Find::kUnknown:
      begin_search(reply, "unknown", 0);
      break;
  }
}

void write_key_spec(ReplyWriter& reply, const KeySpec& spec) {
  reply.map(spec.notes.empty() ? 3 : 4);
  if (!spec.notes.empty()) write_field(reply, "notes", spec.notes);
  reply.bulk("flags");
  write_key_flags(reply, spec.flags);
  write_begin(reply, spec);
  write_find(reply, spec);
}

std::string_view type_name(ArgumentType type) {
  constexpr std::string_view kNames[] = {"string",    "integer",    "double", "key",  "pattern",
                                         "unix-time", "pure-token", "oneof",  "block"};
  return kNames[static_cast<std::size_t>(type)];
}

void write_argument_flags(ReplyWriter& reply, const Argument& argument) {
  reply.bulk("flags");
  reply.set(static_cast<std::size_t>(argument.is_optional + argument.is_multiple + argument.repeats_token));
  if (argument.is_optional) reply.simple("optional");
  if (argument.is_multiple) reply.simple("multiple");
  if (argument.repeats_token) reply.simple("multiple_token");
}

// The fields of one argument, without those inside it.
void write_argument(ReplyWriter& reply, const Argument& argument) {
  const bool has_inner = argument.inner > 0;
  const bool has_flags = argument.is_optional || argument.is_multiple;
  // name, type, and either what is inside or how to show it.
  reply.map(3u + (argument.key_spec >= 0) + !argument.token.empty() + !argument.since_version.empty() +
            !argument.deprecated_version.empty() + has_flags);
  write_field(reply, "name", argument.name);
  write_field(reply, "type", type_name(argument.type));
  if (!has_inner)
    write_field(reply, "display_text", argument.display.empty() ? argument.name : argument.display);
  if (argument.key_spec >= 0) write_field(reply, "key_spec_index", argument.key_spec);
  if (!argument.token.empty()) write_field(reply, "token", argument.token);
  if (!argument.since_version.empty()) write_field(reply, "since", argument.since_version);
  if (!argument.deprecated_version.empty())
    write_field(reply, "deprecated_since", argument.deprecated_version);
  if (has_flags) write_argument_flags(reply, argument);
}

// The first `count` arguments of `flat` and all that is inside them; returns what follows. Depth is that of
// our own constant data, four at most.
std::span<const Argument> write_arguments(ReplyWriter& reply, std::size_t count,
                                          std::span<const Argument> flat) {
  reply.array(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Argument& argument = flat.front();
    flat = flat.subspan(1);
    write_argument(reply, argument);
    if (argument.inner == 0) continue;
    reply.bulk("arguments");
    flat = write_arguments(reply, argument.inner, flat);
  }
  return flat;
}

// How many of the first arguments of `flat` stand for the first one and all that is inside it.
std::size_t tree_size(std::span<const Argument> flat) {
  std::size_t size = 1;
  for (std::uint8_t i = 0; i < flat.front().inner; ++i) size += tree_size(flat.subspan(size));
  return size;
}

void write_outer_arguments(ReplyWriter& reply, std::span<const Argument> flat) {
  std::size_t count = 0;
  for (auto rest = flat; !rest.empty(); rest = rest.subspan(tree_size(rest))) ++count;
  reply.bulk("arguments");
  write_arguments(reply, count, flat);
}

void write_history(ReplyWriter& reply, std::span<const Change> history) {
  reply.bulk("history");
  reply.set(history.size());
  for (const Change& change : history) {
    reply.array(2);
    reply.bulk(change.version);
    reply.bulk(change.what);
  }
}

// What only looks like keys Redis reports, too. Where keys are behind their number or a keyword, the row's
// range is for routing; Redis reports the one in front, if there is one.
KeyRange reported_keys(const Command& command, const CommandDocs& docs) {
  const auto is_movable = [](const KeySpec& spec) {
    return spec.find != KeySpec::Find::kRange || spec.begin != KeySpec::Begin::kIndex;
  };
  const auto specs = docs.key_specs;
  if (!specs.empty() && !names_keys(docs)) {
    const KeySpec& spec = specs.front();
    return {spec.index, spec.last < 0 ? spec.last : spec.index + spec.last, spec.step};
  }
  if (!command.has(kMovableKeys) || std::none_of(specs.begin(), specs.end(), is_movable)) return command.keys;
  return is_movable(specs.front()) ? KeyRange() : KeyRange{specs.front().index, specs.front().index, 1};
}

std::vector<const Command*> reported_subcommands(const Command& command) {
  std::vector<const Command*> reported;
  for (const Command* subcommand : subcommands_of(command.name)) {
    if (is_reported(*subcommand)) reported.push_back(subcommand);
  }
  return reported;
}

}  // namespace

void write_key_flags(ReplyWriter& reply, KeyFlags flags) {
  write_flags(reply, flags, kKeyFlags);
}

void write_command_info(ReplyWriter& reply, const Command& command) {
  const CommandDocs& docs = find_docs(command.name);
  reply.array(10);
  reply.bulk(command.name);
  reply.integer(command.arity);
  write_flags(reply, command.flags, kCommandFlags);
  const KeyRange keys = reported_keys(command, docs);
  reply.integer(keys.first);
  reply.integer(keys.last);
  reply.integer(keys.step);
  write_categories(reply, acl_categories(command));
  reply.set(docs.tips.size());
  for (const std::string_view tip : docs.tips) reply.bulk(tip);
  reply.set(docs.key_specs.size());
  for (const KeySpec& spec : docs.key_specs) write_key_spec(reply, spec);

  const auto subcommands = reported_subcommands(command);
  subcommands.empty() ? reply.set(0) : reply.array(subcommands.size());
  for (const Command* subcommand : subcommands) write_command_info(reply, *subcommand);
}

void write_command_docs(ReplyWriter& reply, const Command& command) {
  const CommandDocs& docs = find_docs(command.name);
  const auto subcommands = reported_subcommands(command);
  const bool is_deprecated = !docs.deprecated_since.empty();
  // summary, since, group, complexity; a deprecated command has three fields more.
  reply.map(4u + (is_deprecated ? 3 : docs.for_operators) + !docs.history.empty() + !docs.arguments.empty() +
            !subcommands.empty());
  write_field(reply, "summary", docs.summary);
  write_field(reply, "since", docs.since);
  write_field(reply, "group", command.group);
  write_field(reply, "complexity", docs.complexity);
  if (is_deprecated || docs.for_operators) {
    reply.bulk("doc_flags");
    reply.set(1);
    reply.simple(is_deprecated ? "deprecated" : "syscmd");
  }
  if (is_deprecated) {
    write_field(reply, "deprecated_since", docs.deprecated_since);
    write_field(reply, "replaced_by", docs.replaced_by);
  }
  if (!docs.history.empty()) write_history(reply, docs.history);
  if (!docs.arguments.empty()) write_outer_arguments(reply, docs.arguments);
  if (subcommands.empty()) return;
  reply.bulk("subcommands");
  reply.map(subcommands.size());
  for (const Command* subcommand : subcommands) {
    reply.bulk(subcommand->name);
    write_command_docs(reply, *subcommand);
  }
}

}  // namespace stave
