// SPDX-License-Identifier: Apache-2.0
// CommandDocs: what COMMAND DOCS and COMMAND INFO tell of a command and the server itself does not need to
// run it.
//
// One constant row for each row of the command table that clients are told of, in command_docs_<group>.cc,
// found by full name. Names, types, tokens and versions are Redis 7.2's, because redis-cli and client
// libraries build hints and calls from them; the sentences are ours. Any thread.
//
// Arguments are a tree, written flat: one_of() and block() are followed by the arguments inside them.
//   argument  = leaf | (one_of | block) then as many arguments as it says
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "src/acl_category.h"
#include "src/key_spec.h"

namespace stave {

struct Command;

enum class ArgumentType : std::uint8_t {
  kString,
  kInteger,
  kDouble,
  kKey,
  kPattern,
  kUnixTime,
  kPureToken,  // only its token
  kOneOf,
  kBlock,
};

struct Argument {
  std::string_view name;
  ArgumentType type = ArgumentType::kString;
  std::uint8_t inner = 0;  // arguments directly inside a one_of or block
  std::int8_t key_spec = -1;
  bool is_optional = false;
  bool is_multiple = false;
  bool repeats_token = false;  // multiple, with the token before each
  std::string_view token = {};
  std::string_view display = {};  // shown for it; empty: its name
  std::string_view since_version = {};
  std::string_view deprecated_version = {};

  // Variations, so that tables read like the command's syntax.
  constexpr Argument optional() const {
    Argument copy = *this;
    copy.is_optional = true;
    return copy;
  }
  constexpr Argument multiple() const {
    Argument copy = *this;
    copy.is_multiple = true;
    return copy;
  }
  constexpr Argument multiple_with_token() const {
    Argument copy = multiple();
    copy.repeats_token = true;
    return copy;
  }
  constexpr Argument since(std::string_view version) const {
    Argument copy = *this;
    copy.since_version = version;
    return copy;
  }
  constexpr Argument deprecated(std::string_view version) const {
    Argument copy = *this;
    copy.deprecated_version = version;
    return copy;
  }
  // By the key specification of that number.
  constexpr Argument found_by(int spec) const {
    Argument copy = *this;
    copy.key_spec = static_cast<std::int8_t>(spec);
    return copy;
  }
  constexpr Argument shown_as(std::string_view text) const {
    Argument copy = *this;
    copy.display = text;
    return copy;
  }
};

namespace docs {

constexpr Argument argument(ArgumentType type, std::string_view name, std::string_view token = {},
                            int inner = 0) {
  Argument made{.name = name, .type = type, .inner = static_cast<std::uint8_t>(inner)};
  made.token = token;
  return made;
}
constexpr Argument string(std::string_view name, std::string_view token = {}) {
  return argument(ArgumentType::kString, name, token);
}
constexpr Argument integer(std::string_view name, std::string_view token = {}) {
  return argument(ArgumentType::kInteger, name, token);
}
constexpr Argument real(std::string_view name, std::string_view token = {}) {
  return argument(ArgumentType::kDouble, name, token);
}
constexpr Argument pattern(std::string_view name, std::string_view token = {}) {
  return argument(ArgumentType::kPattern, name, token);
}
constexpr Argument unix_time(std::string_view name, std::string_view token = {}) {
  return argument(ArgumentType::kUnixTime, name, token);
}
constexpr Argument token(std::string_view name, std::string_view token) {
  return argument(ArgumentType::kPureToken, name, token);
}
constexpr Argument one_of(std::string_view name, int inner, std::string_view token = {}) {
  return argument(ArgumentType::kOneOf, name, token, inner);
}
constexpr Argument block(std::string_view name, int inner, std::string_view token = {}) {
  return argument(ArgumentType::kBlock, name, token, inner);
}
// `spec` is the key specification that finds it.
constexpr Argument key(std::string_view name = "key", int spec = 0) {
  Argument made = argument(ArgumentType::kKey, name);
  made.key_spec = static_cast<std::int8_t>(spec);
  return made;
}

}  // namespace docs

struct Change {
  std::string_view version;
  std::string_view what;
};

struct CommandDocs {
  std::string_view name;  // as in the command table: "client|id"
  std::string_view since;
  std::string_view summary;
  std::string_view complexity;
  std::span<const Argument> arguments = {};
  std::span<const KeySpec> key_specs = {};
  std::span<const std::string_view> tips = {};  // https://redis.io/docs/reference/command-tips/
  std::span<const Change> history = {};
  AclCategories more_categories = 0;  // beyond those that its flags and group imply
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};
  bool outside_group = false;  // it is not in the ACL category of its group
  bool for_operators = false;  // "syscmd": no application should call it
  // For kKeyVariableFlags: the flags that the key has in this call.
  KeyFlags (*key_flags)(Args args) = nullptr;
};

std::span<const CommandDocs> string_docs();
std::span<const CommandDocs> bitmap_docs();
std::span<const CommandDocs> hash_docs();
std::span<const CommandDocs> list_docs();
std::span<const CommandDocs> set_docs();
std::span<const CommandDocs> zset_docs();
std::span<const CommandDocs> hyperloglog_docs();
std::span<const CommandDocs> geo_docs();
std::span<const CommandDocs> generic_docs();
std::span<const CommandDocs> transaction_docs();
std::span<const CommandDocs> pubsub_docs();
std::span<const CommandDocs> connection_docs();
std::span<const CommandDocs> client_docs();
std::span<const CommandDocs> server_docs();
std::span<const CommandDocs> introspection_docs();

// By full name in lower case; an empty row when there is none. Not for the hot path.
const CommandDocs& find_docs(std::string_view name);

// False when there are no key specifications but for what only looks like keys.
bool names_keys(const CommandDocs& docs);

// False for rows without docs, of which clients are not told: to them DEBUG is one command, as in Redis.
bool is_reported(const Command& command);

}  // namespace stave
