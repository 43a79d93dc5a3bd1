// SPDX-License-Identifier: Apache-2.0
// Shows how CLIENT KILL and CLIENT LIST read their arguments, and which connections they mean then.
#include "src/commands/client_filter.h"

#include <doctest/doctest.h>

#include <vector>

namespace stave {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::uint64_t kCaller = 1;
constexpr std::int64_t kNowMs = 100'000;

ClientInfo client_of(std::uint64_t id) {
  ClientInfo client;
  client.id = id;
  client.address = "127.0.0.1:" + std::to_string(50'000 + id);
  client.local_address = "127.0.0.1:6379";
  client.connected_ms = kNowMs - 10'000;
  return client;
}

// The ids of 1 to 4 that the filter means; the error's text if it is one.
std::string killed(const Words& words) {
  const auto filter = parse_kill(words);
  if (!filter.ok()) return filter.message();
  std::string ids;
  for (std::uint64_t id = 1; id <= 4; ++id) {
    if (filter->matches(client_of(id), kCaller, kNowMs)) ids += std::to_string(id);
  }
  return ids;
}

TEST_CASE("an address alone means that connection, the caller's too") {
  CHECK(killed({"127.0.0.1:50001"}) == "1");
  CHECK(killed({"127.0.0.1:50003"}) == "3");
  CHECK(killed({"id"}).empty());
}

TEST_CASE("filters are joined by and; the caller is spared unless it says otherwise") {
  CHECK(killed({"LADDR", "127.0.0.1:6379"}) == "234");
  CHECK(killed({"LADDR", "127.0.0.1:6379", "SkipMe", "No"}) == "1234");
  CHECK(killed({"SKIPME", "no", "SKIPME", "yes"}) == "234");
  CHECK(killed({"ID", "3", "ADDR", "127.0.0.1:50003"}) == "3");
  CHECK(killed({"ID", "3", "ADDR", "127.0.0.1:50002"}).empty());
  CHECK(killed({"ID", "3", "ID", "2"}) == "2");
  CHECK(killed({"TYPE", "Normal", "USER", "default"}) == "234");
  CHECK(killed({"TYPE", "replica"}).empty());
  CHECK(killed({"TYPE", "pubsub"}).empty());
  CHECK(killed({"MAXAGE", "10"}) == "234");
  CHECK(killed({"MAXAGE", "11"}).empty());
}

TEST_CASE("who listens is of type pubsub, and of no other") {
  ClientInfo listener = client_of(2);
  listener.pubsub = true;
  for (const std::string_view type : {"normal", "pubsub", "replica", "master"}) {
    const auto filter = parse_kill(Words{"TYPE", type});
    REQUIRE(filter.ok());
    CHECK(filter->matches(listener, kCaller, kNowMs) == (type == "pubsub"));
  }
}

TEST_CASE("CLIENT KILL names what is wrong") {
  const std::string bad_id = "ERR client-id should be greater than 0";
  for (const std::string_view id : {"0", "-1", "x", "", "99999999999999999999"})
    CHECK(killed({"ID", id}) == bad_id);
  CHECK(killed({"TYPE", "Other"}) == "ERR Unknown client type 'Other'");
  CHECK(killed({"USER", "Default"}) == "ERR No such user 'Default'");
  CHECK(killed({"MAXAGE", "x"}) == "ERR maxage is not an integer or out of range");
  CHECK(killed({"MAXAGE", "0"}) == "ERR maxage should be greater than 0");
  for (const Words& words : {Words{"SKIPME", "maybe"}, Words{"ID", "3", "ID"}, Words{"FOO", "x"}}) {
    CHECK(killed(words) == "ERR syntax error");
  }
}

TEST_CASE("CLIENT LIST takes one type, or ids") {
  CHECK_FALSE(parse_list({})->ids.has_value());
  CHECK(parse_list(Words{"type", "slave"})->filter.type == ClientType::kReplica);
  CHECK(*parse_list(Words{"ID", "3", "-1", "3"})->ids == std::vector<std::int64_t>{3, -1, 3});
  CHECK(parse_list(Words{"TYPE", "x"}).message() == "ERR Unknown client type 'x'");
  CHECK(parse_list(Words{"ID", "3", "x"}).message() == "ERR Invalid client ID");
  for (const Words& words : {Words{"ID"}, Words{"TYPE"}, Words{"x"}, Words{"TYPE", "normal", "ID"}}) {
    CHECK(parse_list(words).message() == "ERR syntax error");
  }
}

}  // namespace
}  // namespace stave
