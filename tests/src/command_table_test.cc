// SPDX-License-Identifier: Apache-2.0
// Shows that the command table is consistent: a walk over all rows and their docs. And that look-up finds
// every row, in any case, and nothing else.
#include "src/command.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "src/acl_category.h"
#include "src/ascii.h"
#include "src/command_docs.h"

namespace stave {
namespace {

using Words = std::vector<std::string_view>;

bool is_subcommand(const Command& command) {
  return command.name.find('|') != std::string_view::npos;
}

int functions(const Command& command) {
  return (command.data != nullptr) + (command.session != nullptr) + (command.call != nullptr);
}

// "client|id" is called as CLIENT ID.
Words call_of(std::string_view name) {
  const std::size_t bar = name.find('|');
  return bar == std::string_view::npos ? Words{name} : Words{name.substr(0, bar), name.substr(bar + 1)};
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), ascii::upper);
  return result;
}

// Arguments that the tree at the front of `flat` takes; more than there are when it is cut short.
std::size_t tree_size(std::span<const Argument> flat) {
  std::size_t size = 1;
  for (int i = 0; i < flat.front().inner; ++i) {
    if (size >= flat.size()) return flat.size() + 1;
    size += tree_size(flat.subspan(size));
  }
  return size;
}

TEST_CASE("every row has a good name, which no other row has") {
  std::set<std::string_view> names;
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    CHECK(names.insert(command->name).second);
    CHECK_FALSE(command->name.empty());
    CHECK(std::none_of(command->name.begin(), command->name.end(),
                       [](char c) { return c >= 'A' && c <= 'Z'; }));
    CHECK(std::count(command->name.begin(), command->name.end(), '|') <= 1);
    if (is_subcommand(*command)) CHECK(names.contains(call_of(command->name)[0]));
  }
}

TEST_CASE("every row has one function, or it is a container and has subcommands") {
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    const bool publishes = command->has(kPubsub) && command->has(kMayReplicate);
    CHECK(functions(*command) <= (publishes ? 2 : 1));
    if (functions(*command) == 0) CHECK_FALSE(subcommands_of(command->name).empty());
  }
}

TEST_CASE("arity, flags and keys of every row go together") {
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    CHECK(std::abs(command->arity) >= (is_subcommand(*command) ? 2 : 1));
    CHECK_FALSE((command->has(kWrite) && command->has(kReadOnly)));
    // WATCH reads nothing.
    if (command->keys.first != 0 && command->data != nullptr)
      CHECK((command->has(kWrite) || command->has(kReadOnly)));
    if (command->has(kDenyOom)) CHECK(command->has(kWrite));
    CHECK(command->has(kMovableKeys) == (command->find_keys != nullptr));

    const KeyRange& keys = command->keys;
    if (keys.first == 0) {
      CHECK(keys.last == 0);
      CHECK(keys.step == 0);
    } else {
      CHECK(keys.first >= (is_subcommand(*command) ? 2 : 1));
      CHECK(keys.step > 0);
      CHECK((keys.last < 0 || keys.last >= keys.first));
      CHECK(keys.first < std::abs(command->arity));  // a call that is accepted has the first key
    }
  }
}

TEST_CASE("every row has docs, except for what only operators call") {
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    if (is_subcommand(*command) && find_docs(call_of(command->name)[0]).for_operators) continue;
    const CommandDocs& docs = find_docs(command->name);
    CHECK(docs.name == command->name);
    CHECK_FALSE(docs.since.empty());
    CHECK(docs.summary.ends_with('.'));
    CHECK_FALSE(docs.complexity.empty());
    CHECK(docs.deprecated_since.empty() == docs.replaced_by.empty());
    CHECK_FALSE(command->group.empty());
  }
}

TEST_CASE("there are no docs for what the table lacks") {
  for (const auto& group : {string_docs(), bitmap_docs(), hash_docs(), list_docs(), set_docs(), zset_docs(),
                            hyperloglog_docs(), geo_docs(), generic_docs(), transaction_docs(), pubsub_docs(),
                            connection_docs(), client_docs(), server_docs(), introspection_docs()}) {
    for (const CommandDocs& docs : group) {
      CAPTURE(docs.name);
      CHECK(find_command_by_name(docs.name) != nullptr);
    }
  }
}

TEST_CASE("arguments are whole trees, and their keys have specifications") {
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    const CommandDocs& docs = find_docs(command->name);
    std::span<const Argument> rest = docs.arguments;
    while (!rest.empty()) {
      const std::size_t size = tree_size(rest);
      REQUIRE(size <= rest.size());
      rest = rest.subspan(size);
    }
    for (const Argument& argument : docs.arguments) {
      CAPTURE(argument.name);
      const bool has_inner = argument.type == ArgumentType::kOneOf || argument.type == ArgumentType::kBlock;
      CHECK(has_inner == (argument.inner > 0));
      if (argument.type == ArgumentType::kKey) CHECK(argument.key_spec >= 0);
      if (argument.key_spec >= 0)
        CHECK((argument.type == ArgumentType::kKey || argument.type == ArgumentType::kPattern));
      CHECK(argument.key_spec < static_cast<int>(docs.key_specs.size()));
      if (argument.type == ArgumentType::kPureToken) CHECK_FALSE(argument.token.empty());
    }
  }
}

TEST_CASE("the key specifications find the keys that routing finds") {
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    const CommandDocs& docs = find_docs(command->name);
    const auto& specs = docs.key_specs;
    if (command->find_keys != nullptr || !is_reported(*command)) continue;
    CHECK(names_keys(docs) == (command->keys.first != 0));
    if (!names_keys(docs)) continue;

    // As few arguments as it takes, and where there may be more, some more.
    const auto least = static_cast<std::size_t>(std::abs(command->arity));
    for (std::size_t count = least; count <= (command->arity < 0 ? least + 4 : least); ++count) {
      CAPTURE(count);
      const Words call(count, "1");
      std::vector<int> routed;
      find_keys(*command, call, routed);
      std::vector<int> specified;
      // What comes last may be optional: PFMERGE takes a destination alone.
      for (const KeySpec& spec : specs) CHECK((find_keys(spec, call, specified) || !specified.empty()));
      CHECK(routed == specified);
    }
  }
}

TEST_CASE("writes and reads say so in their key specifications") {
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    bool changes = false;
    for (const KeySpec& spec : find_docs(command->name).key_specs) {
      changes = changes || (spec.flags & (kKeyChanges | kKeyOverwrites | kKeyRemoves)) != 0;
    }
    // PFCOUNT is called a read, and keeps its estimate in the value.
    if (command->has(kReadOnly)) CHECK(changes == command->has(kMayReplicate));
    if (command->has(kWrite) && command->keys.first != 0 && is_reported(*command)) CHECK(changes);
  }
}

TEST_CASE("look-up finds every row in any case") {
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    const Words call = call_of(command->name);
    const std::string first = upper(call.front());
    const std::string last = upper(call.back());
    CHECK(find_command(call) == command);
    CHECK(find_command(call.size() == 1 ? Words{first} : Words{first, last}) == command);
    CHECK(find_command_by_name(command->name) == command);
  }
}

TEST_CASE("look-up finds nothing that is nearly a name") {
  CHECK(find_command({}) == nullptr);
  CHECK(find_command(Words{""}) == nullptr);
  for (const Command* command : all_commands()) {
    if (is_subcommand(*command)) continue;
    CAPTURE(command->name);
    const std::string name(command->name);
    CHECK(find_command(Words{name + '\0'}) == nullptr);
    CHECK(find_command(Words{'\0' + name}) == nullptr);
    CHECK(find_command(Words{name + '|'}) == nullptr);
    CHECK(find_command(Words{name + std::string(30, 'x')}) == nullptr);
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other = name;
      other[i] = static_cast<char>(other[i] ^ 0x80);  // a byte beyond ASCII
      CHECK(find_command(Words{other}) == nullptr);
      other[i] = static_cast<char>(name[i] ^ 0x40);  // what folding must not mistake for a letter
      CHECK(find_command(Words{other}) == nullptr);
    }
  }
}

TEST_CASE("an unknown subcommand is its container's affair") {
  const Command* client = find_command(Words{"client"});
  REQUIRE(client != nullptr);
  CHECK(client->name == "client");
  CHECK(find_command(Words{"CLIENT", "nope"}) == client);
  CHECK(find_command(Words{"client", ""}) == client);
  CHECK(find_command(Words{"client", "id", "more"})->name == "client|id");
  CHECK(find_command(Words{"client|id"}) == nullptr);
  CHECK(find_command_by_name("client|nope") == nullptr);
  CHECK(find_command_by_name("get|id") == nullptr);
  CHECK(find_command(Words{"get", "id"})->name == "get");
}

TEST_CASE("subcommands follow their container in the list of all commands") {
  const auto subcommands = subcommands_of("object");
  CHECK(subcommands.size() >= 4);
  for (const Command* command : subcommands) CHECK(command->name.starts_with("object|"));
  CHECK(subcommands_of("get").empty());
  CHECK(subcommands_of("").empty());
  CHECK(subcommands_of("nope").empty());
}

TEST_CASE("keys are found by range") {
  const auto keys_of = [](const Words& call) {
    std::vector<int> positions{99};
    find_keys(*find_command(call), call, positions);
    return positions;
  };
  CHECK(keys_of({"get", "a"}) == std::vector{1});
  CHECK(keys_of({"mset", "a", "1", "b", "2"}) == std::vector{1, 3});
  CHECK(keys_of({"mset", "a", "1", "b"}) == std::vector{1, 3});
  CHECK(keys_of({"bitop", "not", "a", "b"}) == std::vector{2, 3});
  CHECK(keys_of({"object", "encoding", "a"}) == std::vector{2});
  CHECK(keys_of({"ping", "a"}).empty());
  CHECK(keys_of({"get"}).empty());
}

TEST_CASE("key specifications: keywords, counts and limits") {
  std::vector<int> positions;
  KeySpec streams{
      .begin = KeySpec::Begin::kKeyword, .index = 1, .keyword = "STREAMS", .last = -1, .limit = 2};
  CHECK(find_keys(streams, Words{"xread", "count", "5", "streams", "a", "b", "1", "2"}, positions));
  CHECK(positions == std::vector{4, 5});
  // An option that is not there has no keys, and neither has the last word.
  positions.clear();
  CHECK(find_keys(streams, Words{"xread", "count", "5"}, positions));
  CHECK(find_keys(streams, Words{"xread", "count", "5", "streams"}, positions));
  CHECK(positions.empty());

  positions.clear();
  const KeySpec counted{.index = 2, .find = KeySpec::Find::kKeyCount, .last = 0, .limit = 1};
  CHECK(find_keys(counted, Words{"eval", "script", "2", "a", "b", "c"}, positions));
  CHECK(positions == std::vector{3, 4});
  CHECK_FALSE(find_keys(counted, Words{"eval", "script", "9", "a"}, positions));
  CHECK_FALSE(find_keys(counted, Words{"eval", "script", "0", "a"}, positions));
  CHECK_FALSE(find_keys(counted, Words{"eval", "script", "x", "a"}, positions));
  CHECK_FALSE(find_keys(counted, Words{"eval", "script"}, positions));
}

TEST_CASE("ACL categories follow from flags and group, with exceptions") {
  const auto categories = [](std::string_view name) {
    const Command* command = find_command_by_name(name);
    REQUIRE(command != nullptr);
    return acl_categories(*command);
  };
  CHECK(categories("get") == (kAclRead | kAclString | kAclFast));
  CHECK(categories("keys") == (kAclKeyspace | kAclRead | kAclSlow | kAclDangerous));
  CHECK(categories("config|set") == (kAclAdmin | kAclSlow | kAclDangerous));
  CHECK(categories("client") == kAclSlow);
  CHECK(acl_category_of("STRING") == kAclString);
  CHECK(acl_category_of("nope") == 0);
}

}  // namespace
}  // namespace stave
