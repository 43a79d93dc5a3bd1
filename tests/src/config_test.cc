// SPDX-License-Identifier: Apache-2.0
// Shows that CONFIG GET and CONFIG SET answer as Redis does, and that a refused SET changes nothing.
#include <doctest/doctest.h>

#include "src/sizes.h"
#include "tests/src/config_testing.h"

using namespace stave;
using namespace stave::testing;

namespace {

std::string failed(std::string_view name, std::string_view reason) {
  return "ERR CONFIG SET failed (possibly related to argument '" + std::string(name) + "') - " +
         std::string(reason);
}

}  // namespace

TEST_CASE("config get: values as Redis prints them") {
  Settings settings;
  settings.maxmemory = 1 << 30;
  settings.unixsocketperm = 0700;
  CHECK(get(settings, "maxmemory") == "1073741824");
  CHECK(get(settings, "bind") == "* -::*");
  CHECK(get(settings, "appendonly") == "yes");
  CHECK(get(settings, "save") == "");
  CHECK(get(settings, "unixsocketperm") == "700");
  CHECK(get(settings, "maxmemory-policy") == "noeviction");
  CHECK(get(settings, "enable-debug-command") == "no");
  CHECK(get(settings, "client-output-buffer-limit") ==
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60");
}

TEST_CASE("config get: patterns in any case, each setting once") {
  Settings settings;
  CHECK(get(settings, "APPENDF*") == "everysec");
  CHECK(get(settings, "tim[^a]out") == "0");
  CHECK(get(settings, "nope") == "(none)");
  CHECK(get_settings(settings, std::vector<std::string_view>{"slowlog-*", "slowlog-max-len"}).size() == 2);
  CHECK(get_settings(settings, {}).empty());
  CHECK(get_settings(settings, std::vector<std::string_view>{"TimeOut"})[0].first == "TimeOut");
  CHECK(get_settings(settings, std::vector<std::string_view>{"TimeOu*"})[0].first == "timeout");
  CHECK(get(settings, "time\\out") == "(none)");
}

TEST_CASE("config: the names that Redis had before are names, too") {
  Settings settings;
  CHECK(set_error(settings, {{"list-max-ziplist-size", "7"}, {"hash-max-ziplist-value", "1kb"}}) == "");
  CHECK(settings.list_max_listpack_size == 7);
  CHECK(get(settings, "list-max-listpack-size") == "7");
  CHECK(get(settings, "hash-max-ziplist-value") == "1024");
  CHECK(get_settings(settings, std::vector<std::string_view>{"zset-max-*"}).size() == 4);
  CHECK(set_error(settings, {{"zset-max-ziplist-value", "1"}, {"zset-max-listpack-value", "2"}}) ==
        failed("zset-max-listpack-value", "duplicate parameter"));
  CHECK(get(settings, "nope-*") == "(none)");
}

TEST_CASE("config set: several at once") {
  Settings settings;
  CHECK(set_error(settings, {{"MAXMEMORY", "100MB"}, {"appendfsync", "ALWAYS"}, {"timeout", "5"}}) == "");
  CHECK(settings.maxmemory == 100 << 20);
  CHECK(settings.appendfsync == AppendFsync::kAlways);
  CHECK(settings.timeout == 5);
}

TEST_CASE("config set: one refused value leaves all as they were") {
  Settings settings;
  CHECK(set_error(settings, {{"timeout", "5"}, {"tcp-keepalive", "x"}}) ==
        failed("tcp-keepalive", "argument couldn't be parsed into an integer"));
  CHECK(settings == Settings{});
}

TEST_CASE("config set: names that cannot be set") {
  Settings settings;
  CHECK(set_error(settings, {{"nope", "1"}}) ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'nope'");
  CHECK(set_error(settings, {{"tcp_keepalive", "1"}}) ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'tcp_keepalive'");
  CHECK(set_error(settings, {{"DATABASES", "4"}}) == failed("DATABASES", "can't set immutable config"));
  CHECK(set_error(settings, {{"dir", "/"}}) == failed("dir", "can't set protected config"));
  CHECK(set_error(settings, {{"timeout", "1"}, {"Timeout", "x"}}) ==
        failed("Timeout", "duplicate parameter"));
  CHECK(set_error(settings, {{"timeout", "x"}, {"nope", "1"}}) ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'nope'");
}

TEST_CASE("config set: numbers") {
  Settings settings;
  for (std::string_view text :
       {"", "abc", " 5", "5 ", "05", "+5", "-0", "1.5", "0x1", "99999999999999999999"}) {
    CHECK(set_error(settings, {{"timeout", text}}) ==
          failed("timeout", "argument couldn't be parsed into an integer"));
  }
  CHECK(set_error(settings, {{"TIMEOUT", "-1"}}) ==
        failed("timeout", "argument must be between 0 and 2147483647 inclusive"));
  CHECK(set_error(settings, {{"slowlog-log-slower-than", "-2"}}) ==
        failed("slowlog-log-slower-than", "argument must be between -1 and 9223372036854775807 inclusive"));
  CHECK(set_error(settings, {{"hz", "1000"}}) == "");
  CHECK(settings.hz == 500);
}

TEST_CASE("config set: sizes, booleans, names") {
  Settings settings;
  for (std::string_view text : {"-1", "1x", " 1", "1 mb", "1.5mb", "9999999999gb"}) {
    CHECK(set_error(settings, {{"maxmemory", text}}) ==
          failed("maxmemory", "argument must be a memory value"));
  }
  CHECK(set_error(settings, {{"proto-max-bulk-len", "1"}}) ==
        failed("proto-max-bulk-len", "argument must be between 1048576 and 9223372036854775807 inclusive"));
  CHECK(set_error(settings, {{"proto-max-bulk-len", "1gb"}}) ==
        failed("proto-max-bulk-len", "argument must be at most 512mb"));
  CHECK(set_error(settings, {{"protected-mode", "maybe"}}) ==
        failed("protected-mode", "argument must be 'yes' or 'no'"));
  CHECK(set_error(settings, {{"appendfsync", ""}}) ==
        failed("appendfsync", "argument(s) must be one of the following: everysec, always, no"));
  CHECK(set_error(settings, {{"maxmemory-policy", "x"}}) ==
        failed("maxmemory-policy",
               "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
               "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction"));
}

TEST_CASE("config set: what Stave has only one value for") {
  Settings settings;
  CHECK(set_error(settings, {{"appendonly", "yes"}, {"save", ""}}) == "");
  CHECK(set_error(settings, {{"appendonly", "no"}}) ==
        failed("appendonly", "argument must be 'yes': the log on disk is the database"));
  CHECK(set_error(settings, {{"save", "900 1"}}) ==
        failed("save", "argument must be \"\": every write is in the log, there are no dumps"));
  CHECK(settings == Settings{});
}

TEST_CASE("config set: output buffer limits") {
  Settings settings;
  const char* name = "client-output-buffer-limit";
  CHECK(set_error(settings, {{name, "NORMAL 1kb 2kb 3 replica 4 5 6"}}) == "");
  CHECK(get(settings, name) == "normal 1024 2048 3 slave 4 5 6 pubsub 33554432 8388608 60");
  CHECK(set_error(settings, {{name, ""}}) == "");
  for (std::string_view text : {"pubsub 1mb 1mb", "normal  1 1 1", "normal 1 1 1 "}) {
    CHECK(set_error(settings, {{name, text}}) ==
          failed(name, "Wrong number of arguments in buffer limit configuration."));
  }
  CHECK(set_error(settings, {{name, "master 1 1 1"}}) ==
        failed(name, "Invalid client class specified in buffer limit configuration."));
  for (std::string_view text : {"normal -1 1 1", "normal 1 1 -1", "normal 1 1 0x1", "normal 1x 1 1"}) {
    CHECK(set_error(settings, {{name, text}}) ==
          failed(name, "Error in hard, soft or soft_seconds setting in buffer limit configuration."));
  }
}

TEST_CASE("sizes: read and written") {
  CHECK(parse_bytes("1k") == 1000);
  CHECK(parse_bytes("1KB") == 1024);
  CHECK(parse_bytes("2m") == 2000000);
  CHECK(parse_bytes("3gB") == 3LL << 30);
  CHECK(parse_bytes("7b") == 7);
  CHECK(parse_bytes("") == 0);
  CHECK(parse_bytes("9223372036854775807") == INT64_MAX);
  CHECK_FALSE(parse_bytes("9223372036854775808"));
  CHECK_FALSE(parse_bytes("9007199254740993kb"));
  CHECK_FALSE(parse_bytes("1tb"));
  CHECK(format_bytes(0) == "0");
  CHECK(format_bytes(1000) == "1000");
  CHECK(format_bytes(1536 << 10) == "1536kb");
  CHECK(format_bytes(1LL << 30) == "1gb");
  CHECK(format_bytes_human(1023) == "1023B");
  CHECK(format_bytes_human(1536) == "1.50K");
  CHECK(format_bytes_human(1LL << 40) == "1.00T");
}
