// SPDX-License-Identifier: Apache-2.0
// Commands on keys of any type, and the table of them all.
#include "src/commands/keys.h"

#include "src/command.h"
#include "src/commands/object.h"

namespace stave {
namespace {

// DEL, UNLINK key [key ...]
Status del(Context& context, Args args) {
  std::int64_t removed = 0;
  for (const std::string_view name : args.subspan(1)) {
    if (!context.peek(name).exists) continue;
    if (Status status = context.remove(name); !status.ok()) return status;
    context.notify(kGenericEvents, "del", name);
    ++removed;
  }
  context.reply.integer(removed);
  return {};
}

// A key named twice counts twice.
Status count_existing(Context& context, Args names) {
  std::int64_t existing = 0;
  for (const std::string_view name : names) existing += context.find(name).exists ? 1 : 0;
  context.reply.integer(existing);
  return {};
}

Status exists(Context& context, Args args) {
  context.touch = false;
  return count_existing(context, args.subspan(1));
}

Status touch(Context& context, Args args) {
  return count_existing(context, args.subspan(1));
}

Status type(Context& context, Args args) {
  context.touch = false;
  const Found found = context.find(args[1]);
  context.reply.simple(found.exists ? type_name(found.type) : "none");
  return {};
}

// The key at 1 is for routing; SORT may have another one.
constexpr Command sort_command(std::string_view name, DataFunction function, std::uint32_t flags,
                               void (*find)(Args args, std::vector<int>& positions)) {
  Command command =
      data_command(name, function, -2, flags | kMovableKeys | kReachesOtherKeys, {1, 1, 1}, "generic");
  command.find_keys = find;
  return command;
}

constexpr KeyRange kFirst{1, 1, 1};
constexpr KeyRange kSecond{2, 2, 1};
constexpr KeyRange kTwo{1, 2, 1};
constexpr KeyRange kAll{1, -1, 1};

constexpr Command kKeyCommands[] = {
    data_command("copy", copy, -3, kWrite | kDenyOom, kTwo, "generic"),
    data_command("del", del, -2, kWrite | kNoValues, kAll, "generic"),
    data_command("dump", dump, 2, kReadOnly, kFirst, "generic"),
    data_command("exists", exists, -2, kReadOnly | kFast | kNoValues, kAll, "generic"),
    data_command("expire", expire, -3, kWrite | kFast, kFirst, "generic"),
    data_command("expireat", expireat, -3, kWrite | kFast, kFirst, "generic"),
    data_command("expiretime", expiretime, 2, kReadOnly | kFast | kNoValues, kFirst, "generic"),
    data_command("move", move_command, 3, kWrite | kFast, kFirst, "generic"),
    data_command("object", nullptr, -2, 0, {}, "generic"),
    data_command("object|encoding", object_encoding, 3, kReadOnly | kNoValues, kSecond, "generic"),
    data_command("object|freq", object_freq, 3, kReadOnly | kNoValues, kSecond, "generic"),
    data_command("object|help", object_help, 2, kLoading | kStale, {}, "generic"),
    data_command("object|idletime", object_idletime, 3, kReadOnly | kNoValues, kSecond, "generic"),
    data_command("object|refcount", object_refcount, 3, kReadOnly | kNoValues, kSecond, "generic"),
    data_command("persist", persist, 2, kWrite | kFast, kFirst, "generic"),
    data_command("pexpire", pexpire, -3, kWrite | kFast, kFirst, "generic"),
    data_command("pexpireat", pexpireat, -3, kWrite | kFast, kFirst, "generic"),
    data_command("pexpiretime", pexpiretime, 2, kReadOnly | kFast | kNoValues, kFirst, "generic"),
    data_command("pttl", pttl, 2, kReadOnly | kFast | kNoValues, kFirst, "generic"),
    data_command("rename", rename_command, 3, kWrite, kTwo, "generic"),
    data_command("renamenx", renamenx, 3, kWrite | kFast, kTwo, "generic"),
    data_command("restore", restore, -4, kWrite | kDenyOom, kFirst, "generic"),
    sort_command("sort", sort, kWrite | kDenyOom, find_sort_keys),
    sort_command("sort_ro", sort_ro, kReadOnly, find_sort_ro_keys),
    data_command("touch", touch, -2, kReadOnly | kFast | kNoValues, kAll, "generic"),
    data_command("ttl", ttl, 2, kReadOnly | kFast | kNoValues, kFirst, "generic"),
    data_command("type", type, 2, kReadOnly | kFast | kNoValues, kFirst, "generic"),
    data_command("unlink", del, -2, kWrite | kFast | kNoValues, kAll, "generic"),
};

}  // namespace

std::span<const Command> key_commands() {
  return kKeyCommands;
}

}  // namespace stave
