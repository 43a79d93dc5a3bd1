// SPDX-License-Identifier: Apache-2.0
// GET, SET and their relatives, and the table of all string commands.
#include "src/commands/strings.h"

#include "src/command.h"
#include "src/commands/set_options.h"

namespace stave {
namespace {

// Replies the value of a string key, null when there is none, and says whether there was one.
Result<bool> reply_value(Context& context, std::string_view name) {
  auto value = context.string(name);
  if (!value.ok()) return value.take_status();
  if (!*value) {
    context.reply.null();
    return false;
  }
  context.reply.bulk(**value);
  return true;
}

// A key whose expiry has passed is not there, so storing it means removing it.
Status store(Context& context, std::string_view name, const NewValue& string) {
  if (string.expiry_ms == 0 || string.expiry_ms > context.now_ms) return context.set_string(name, string);
  if (context.limits.events.any()) context.notify_if_new(name);
  return context.peek(name).exists ? context.remove(name) : Status();
}

void notify_set(Context& context, std::string_view name, bool expires) {
  context.notify(kStringEvents, "set", name);
  if (expires) context.notify(kGenericEvents, "expire", name);
}

// SETEX, PSETEX
Status set_with_expiry(Context& context, Args args, ExpiryOption::Kind kind, std::string_view command) {
  auto expiry_ms = expiry_time({kind, args[2]}, context.now_ms, command);
  if (!expiry_ms.ok()) return expiry_ms.take_status();
  if (Status status = context.set_string(args[1], {args[3], *expiry_ms}); !status.ok()) return status;
  notify_set(context, args[1], true);
  context.reply.ok();
  return {};
}

// SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
Status set(Context& context, Args args) {
  auto options = parse_set_options(args.subspan(3));
  if (!options.ok()) return options.take_status();
  NewValue string{args[2]};
  if (options->expiry.sets_time()) {
    auto expiry_ms = expiry_time(options->expiry, context.now_ms, "set");
    if (!expiry_ms.ok()) return expiry_ms.take_status();
    string.expiry_ms = *expiry_ms;
  }
  if (options->get) {
    if (auto found = reply_value(context, args[1]); !found.ok()) return found.take_status();
  }
  const bool keep_ttl = options->expiry.kind == ExpiryOption::Kind::kKeepTtl;
  if (options->only_if_absent || options->only_if_present || keep_ttl) {
    const Found found = context.peek(args[1]);
    if (found.exists ? options->only_if_absent : options->only_if_present) {
      if (!options->get) context.reply.null();
      return {};
    }
    if (keep_ttl && found.exists) string.expiry_ms = found.expiry_ms;
  }
  if (Status status = store(context, args[1], string); !status.ok()) return status;
  notify_set(context, args[1], options->expiry.sets_time());
  if (string.expiry_ms != 0 && string.expiry_ms <= context.now_ms)
    context.notify(kExpiredEvents, "expired", args[1]);
  if (!options->get) context.reply.ok();
  return {};
}

Status setnx(Context& context, Args args) {
  const bool absent = !context.peek(args[1]).exists;
  if (absent) {
    if (Status status = context.set_string(args[1], {args[2]}); !status.ok()) return status;
    notify_set(context, args[1], false);
  }
  context.reply.integer(absent ? 1 : 0);
  return {};
}

Status setex(Context& context, Args args) {
  return set_with_expiry(context, args, ExpiryOption::Kind::kEx, "setex");
}

Status psetex(Context& context, Args args) {
  return set_with_expiry(context, args, ExpiryOption::Kind::kPx, "psetex");
}

Status get(Context& context, Args args) {
  auto found = reply_value(context, args[1]);
  return found.ok() ? Status() : found.take_status();
}

Status getset(Context& context, Args args) {
  auto found = reply_value(context, args[1]);
  if (!found.ok()) return found.take_status();
  if (Status status = context.set_string(args[1], {args[2]}); !status.ok()) return status;
  notify_set(context, args[1], false);
  return {};
}

// GETDEL, and GETEX with a time that has passed.
Status remove(Context& context, std::string_view name) {
  if (Status status = context.remove(name); !status.ok()) return status;
  context.notify(kGenericEvents, "del", name);
  return {};
}

Status set_expiry(Context& context, std::string_view name, std::int64_t expiry_ms) {
  if (Status status = context.set_expiry(name, expiry_ms); !status.ok()) return status;
  context.notify(kGenericEvents, expiry_ms == 0 ? "persist" : "expire", name);
  return {};
}

Status getdel(Context& context, Args args) {
  auto found = reply_value(context, args[1]);
  if (!found.ok()) return found.take_status();
  return *found ? remove(context, args[1]) : Status();
}

// GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
Status getex(Context& context, Args args) {
  auto option = parse_getex_options(args.subspan(2));
  if (!option.ok()) return option.take_status();
  auto found = reply_value(context, args[1]);
  if (!found.ok()) return found.take_status();
  if (!*found) return {};
  if (option->kind == ExpiryOption::Kind::kPersist) {
    return context.peek(args[1]).expiry_ms == 0 ? Status() : set_expiry(context, args[1], 0);
  }
  if (!option->sets_time()) return {};
  auto expiry_ms = expiry_time(*option, context.now_ms, "getex");
  if (!expiry_ms.ok()) return expiry_ms.take_status();
  if (*expiry_ms <= context.now_ms) return remove(context, args[1]);
  return set_expiry(context, args[1], *expiry_ms);
}

// Keys of another type count as absent.
Status mget(Context& context, Args args) {
  context.reply.array(args.size() - 1);
  for (const std::string_view name : args.subspan(1)) {
    const Found found = context.find(name);
    if (!found.exists || found.type != Type::kString) {
      context.reply.null();
    } else if (found.resident) {
      context.reply.bulk(found.value);
    } else {
      context.keys.want(context.key(name));
      return kCold;
    }
  }
  return {};
}

Status set_all(Context& context, Args keys_and_values) {
  for (std::size_t i = 0; i < keys_and_values.size(); i += 2) {
    Status status = context.set_string(keys_and_values[i], {keys_and_values[i + 1]});
    if (!status.ok()) return status;
    notify_set(context, keys_and_values[i], false);
  }
  return {};
}

Status mset(Context& context, Args args) {
  if (args.size() % 2 == 0) return errors::wrong_arity("mset");
  if (Status status = set_all(context, args.subspan(1)); !status.ok()) return status;
  context.reply.ok();
  return {};
}

Status msetnx(Context& context, Args args) {
  if (args.size() % 2 == 0) return errors::wrong_arity("msetnx");
  for (std::size_t i = 1; i < args.size(); i += 2) {
    if (context.peek(args[i]).exists) {
      context.reply.integer(0);
      return {};
    }
  }
  if (Status status = set_all(context, args.subspan(1)); !status.ok()) return status;
  context.reply.integer(1);
  return {};
}

constexpr KeyRange kFirst{1, 1, 1};
constexpr KeyRange kAll{1, -1, 1};
constexpr KeyRange kPairs{1, -1, 2};

constexpr Command kStringCommands[] = {
    data_command("append", append, 3, kWrite | kDenyOom | kFast, kFirst, "string"),
    data_command("decr", decr, 2, kWrite | kDenyOom | kFast, kFirst, "string"),
    data_command("decrby", decrby, 3, kWrite | kDenyOom | kFast, kFirst, "string"),
    data_command("get", get, 2, kReadOnly | kFast, kFirst, "string"),
    data_command("getdel", getdel, 2, kWrite | kFast, kFirst, "string"),
    data_command("getex", getex, -2, kWrite | kFast, kFirst, "string"),
    data_command("getrange", getrange, 4, kReadOnly, kFirst, "string"),
    data_command("getset", getset, 3, kWrite | kDenyOom | kFast, kFirst, "string"),
    data_command("incr", incr, 2, kWrite | kDenyOom | kFast, kFirst, "string"),
    data_command("incrby", incrby, 3, kWrite | kDenyOom | kFast, kFirst, "string"),
    data_command("incrbyfloat", incrbyfloat, 3, kWrite | kDenyOom | kFast, kFirst, "string"),
    data_command("lcs", lcs, -3, kReadOnly, {1, 2, 1}, "string"),
    data_command("mget", mget, -2, kReadOnly | kFast, kAll, "string"),
    data_command("mset", mset, -3, kWrite | kDenyOom | kNoValues, kPairs, "string"),
    data_command("msetnx", msetnx, -3, kWrite | kDenyOom | kNoValues, kPairs, "string"),
    data_command("psetex", psetex, 4, kWrite | kDenyOom | kNoValues, kFirst, "string"),
    data_command("set", set, -3, kWrite | kDenyOom | kNoValues, kFirst, "string"),
    data_command("setex", setex, 4, kWrite | kDenyOom | kNoValues, kFirst, "string"),
    data_command("setnx", setnx, 3, kWrite | kDenyOom | kFast | kNoValues, kFirst, "string"),
    data_command("setrange", setrange, 4, kWrite | kDenyOom, kFirst, "string"),
    data_command("strlen", strlen_command, 2, kReadOnly | kFast | kNoValues, kFirst, "string"),
    data_command("substr", getrange, 4, kReadOnly, kFirst, "string"),
};

}  // namespace

std::span<const Command> string_commands() {
  return kStringCommands;
}

}  // namespace stave
