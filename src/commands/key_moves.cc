// SPDX-License-Identifier: Apache-2.0
// RENAME, RENAMENX, COPY and MOVE: a key's value, expiry and encoding appear under another name or in another
// database.
#include <string>

#include "shards/collection.h"
#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/keys.h"

namespace stave {
namespace {

// Creates or replaces `to` with the whole of `source`, which must be resident. The one place that knows how
// to copy a value of each type.
Status copy_value(Context& context, const Found& source, Key to) {
  std::string value;
  if (source.collection != nullptr) {
    source.collection->pack(value);
  } else {
    value = source.value;  // a view of one key is not promised to survive a change of another
  }
  Status status = context.keys.set_value(to, {value, source.expiry_ms, source.raw_encoding, source.type});
  // Redis removes what was there first, so the key is new in any case.
  if (status.ok()) context.notify(kNewKeyEvents, "new", to.name, to.db);
  return status;
}

Status rename_key(Context& context, std::string_view from, std::string_view to, bool replace) {
  auto source = context.value(from);
  if (!source.ok()) return source.take_status();
  if (!source->exists) return errors::kNoSuchKey;
  const bool move = from != to && (replace || !context.peek(to).exists);
  if (move) {
    if (Status status = copy_value(context, *source, context.key(to)); !status.ok()) return status;
    if (Status status = context.remove(from); !status.ok()) return status;
    context.notify(kGenericEvents, "rename_from", from);
    context.notify(kGenericEvents, "rename_to", to);
  }
  replace ? context.reply.ok() : context.reply.integer(move ? 1 : 0);
  return {};
}

struct CopyOptions {
  int db = 0;
  bool replace = false;
};

// [DB number] [REPLACE]
Result<CopyOptions> parse_copy_options(const Context& context, Args words) {
  CopyOptions options{.db = context.db};
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (ascii::equal(words[at], "replace")) {
      options.replace = true;
    } else if (ascii::equal(words[at], "db") && at + 1 < words.size()) {
      auto db = database_argument(words[++at], context.limits.databases);
      if (!db.ok()) return db.take_status();
      options.db = *db;
    } else {
      return errors::kSyntax;
    }
  }
  return options;
}

}  // namespace

Status rename_command(Context& context, Args args) {
  return rename_key(context, args[1], args[2], true);
}
Status renamenx(Context& context, Args args) {
  return rename_key(context, args[1], args[2], false);
}

// COPY source destination [DB number] [REPLACE]
Status copy(Context& context, Args args) {
  auto options = parse_copy_options(context, args.subspan(3));
  if (!options.ok()) return options.take_status();
  if (options->db == context.db && args[1] == args[2]) return errors::kSameObject;
  auto source = context.value(args[1]);
  if (!source.ok()) return source.take_status();
  context.count(args[1], source->exists);
  const bool copied = source->exists && (options->replace || !context.peek(args[2], options->db).exists);
  if (copied) {
    if (Status status = copy_value(context, *source, {options->db, args[2]}); !status.ok()) return status;
    context.notify(kGenericEvents, "copy_to", args[2], options->db);
  }
  context.reply.integer(copied ? 1 : 0);
  return {};
}

// MOVE key db
Status move_command(Context& context, Args args) {
  auto db = database_argument(args[2], context.limits.databases);
  if (!db.ok()) return db.take_status();
  if (*db == context.db) return errors::kSameObject;
  auto source = context.value(args[1]);
  if (!source.ok()) return source.take_status();
  const bool moved = source->exists && !context.peek(args[1], *db).exists;
  if (moved) {
    if (Status status = copy_value(context, *source, {*db, args[1]}); !status.ok()) return status;
    if (Status status = context.remove(args[1]); !status.ok()) return status;
    context.notify(kGenericEvents, "move_from", args[1]);
    context.notify(kGenericEvents, "move_to", args[1], *db);
  }
  context.reply.integer(moved ? 1 : 0);
  return {};
}

}  // namespace stave
