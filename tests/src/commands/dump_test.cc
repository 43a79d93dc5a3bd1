// SPDX-License-Identifier: Apache-2.0
// DUMP and RESTORE over a fake keyspace: replies, options, errors and their order, expiry, cold values and
// failing changes. What payloads hold is shown by rdb_value_test.cc.
#include <doctest/doctest.h>

#include "src/crc64.h"
#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using namespace std::string_literals;
using testing::bulk;

constexpr const char* kOk = "+OK\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kNotAnInteger = "-ERR value is not an integer or out of range\r\n";
constexpr const char* kBusy = "-BUSYKEY Target key name already exists.\r\n";
constexpr const char* kInvalidTtl = "-ERR Invalid TTL value, must be >= 0\r\n";
constexpr const char* kBadFooter = "-ERR DUMP payload version or checksum are wrong\r\n";
constexpr const char* kBadFormat = "-ERR Bad data format\r\n";

std::string payload_of(std::string bytes, char version = 11) {
  bytes += {version, '\0'};
  const std::uint64_t checksum = crc64(bytes);
  return bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
}

struct Fixture : testing::CollectionTester {
  const std::string payload = payload_of("\0\1v"s);

  std::string dump(std::string_view name) {
    const std::string reply = run_args({"dump", name});
    REQUIRE(reply[0] == '$');
    const std::size_t begin = reply.find("\r\n") + 2;
    return reply.substr(begin, reply.size() - begin - 2);
  }
  std::string restore(std::vector<std::string_view> options, std::string_view ttl = "0") {
    std::vector<std::string_view> args = {"restore", "k", ttl, payload};
    args.insert(args.end(), options.begin(), options.end());
    return run_args(args);
  }
  std::int64_t expiry_ms() const { return keys.stored.at({0, "k"}).expiry_ms; }
};

TEST_CASE_FIXTURE(Fixture, "DUMP replies the value, the version and the checksum") {
  run("set k v");
  CHECK(dump("k") == payload);
  CHECK(run("dump k") == bulk(payload));
  run("set k 10");
  CHECK(dump("k") == payload_of("\0\xc0\x0a"s));
  CHECK(run("dump none") == "$-1\r\n");
  protocol = 3;
  CHECK(run("dump none") == "_\r\n");
  CHECK(run("dump") == "-ERR wrong number of arguments for 'dump' command\r\n");
}

TEST_CASE_FIXTURE(Fixture, "what DUMP replies is the value again, of every type") {
  in_both_forms([&] {
    run("set string hello");
    run("rpush list a 1 b");
    run("sadd set a b c");
    run("sadd integers 1 2 -3");
    run("hset hash f v g 5");
    run("zadd zset 1 a 2.5 b -inf c");
    for (const std::string name : {"string", "list", "set", "integers", "hash", "zset"}) {
      CAPTURE(name);
      const std::string dumped = dump(name);
      CHECK(run_args({"restore", "copy", "0", dumped, "replace"}) == kOk);
      CHECK(run("type copy") == run("type " + name));
      CHECK(run("object encoding copy") == run("object encoding " + name));
      CHECK(dump("copy").size() == dumped.size());
    }
    CHECK(run("zrange copy 0 -1") == testing::bulks({"c", "a", "b"}));
  });
}

TEST_CASE_FIXTURE(Fixture, "a cold value is staged by DUMP, and RESTORE needs none") {
  run("rpush k a b");
  const std::string dumped = dump("k");
  keys.make_cold();
  CHECK(dump("k") == dumped);
  CHECK(stagings == 1);
  keys.make_cold();
  CHECK(restore({"replace"}) == kOk);
  CHECK(stagings == 1);
  CHECK(value("k") == "v");
}

TEST_CASE_FIXTURE(Fixture, "RESTORE does not replace unless it is told to") {
  CHECK(restore({}) == kOk);
  CHECK(value("k") == "v");
  CHECK(restore({}) == kBusy);
  run("del k");
  run("rpush k a");
  CHECK(restore({}) == kBusy);
  CHECK(restore({"REPLACE"}) == kOk);
  CHECK(value("k") == "v");
  run("pexpire k 100");
  CHECK(restore({"replace"}) == kOk);
  CHECK(expiry_ms() == 0);
}

TEST_CASE_FIXTURE(Fixture, "times to live") {
  CHECK(restore({}, "1500") == kOk);
  CHECK(expiry_ms() == keys.now_ms + 1500);
  CHECK(restore({"replace", "absttl"}, "1800000000000") == kOk);
  CHECK(expiry_ms() == 1'800'000'000'000);
  CHECK(restore({"replace", "absttl"}, "0") == kOk);
  CHECK(expiry_ms() == 0);
  CHECK(restore({"replace"}, "9223372036854775807") == kOk);
  CHECK(expiry_ms() == 9'223'372'036'854'775'807);
}

TEST_CASE_FIXTURE(Fixture, "a time that has passed creates nothing, and removes what was to be replaced") {
  CHECK(restore({"absttl"}, "1") == kOk);
  CHECK(value("k") == "(absent)");
  CHECK(keys.changes == 0);
  run("set k old");
  CHECK(restore({"absttl"}, "1700000000000") == kBusy);
  CHECK(restore({"absttl", "replace"}, "1700000000000") == kOk);
  CHECK(value("k") == "(absent)");
}

TEST_CASE_FIXTURE(Fixture, "IDLETIME and FREQ are checked") {
  CHECK(restore({"idletime", "1000"}) == kOk);
  CHECK(restore({"replace", "freq", "255"}) == kOk);
  CHECK(restore({"replace", "idletime", "-1"}) == "-ERR Invalid IDLETIME value, must be >= 0\r\n");
  CHECK(restore({"replace", "freq", "-1"}) == "-ERR Invalid FREQ value, must be >= 0 and <= 255\r\n");
  CHECK(restore({"replace", "freq", "256"}) == "-ERR Invalid FREQ value, must be >= 0 and <= 255\r\n");
  CHECK(restore({"replace", "idletime", "x"}) == kNotAnInteger);
  CHECK(restore({"replace", "idletime"}) == kSyntaxError);
  CHECK(restore({"replace", "idletime", "1", "freq", "1"}) == kSyntaxError);
  CHECK(restore({"replace", "freq", "1", "idletime", "1"}) == kSyntaxError);
  CHECK(restore({"replace", "freq", "1", "freq", "2"}) == kOk);
  CHECK(restore({"replace", "nonsense"}) == kSyntaxError);
}

TEST_CASE_FIXTURE(Fixture, "errors, in Redis' order") {
  run("set k old");
  CHECK(run("restore k 0") == "-ERR wrong number of arguments for 'restore' command\r\n");
  CHECK(run("restore k x junk foo") == kSyntaxError);
  CHECK(run("restore k x junk") == kBusy);
  CHECK(run("restore k x junk replace") == kNotAnInteger);
  CHECK(run("restore k -1 junk replace") == kInvalidTtl);
  CHECK(run("restore k 0 junk replace") == kBadFooter);
  CHECK(run_args({"restore", "k", "0", payload_of("\0\1v"s, 13), "replace"}) == kBadFooter);
  CHECK(run_args({"restore", "k", "0", payload_of("\0\2v"s), "replace"}) == kBadFormat);
  CHECK(run_args({"restore", "k", "0", payload_of(""), "replace"}) == kBadFormat);
  CHECK(value("k") == "old");
  for (const char version : {0, 1, 9, 10, 11, 12})
    CHECK(run_args({"restore", "k", "0", payload_of("\0\1v"s, version), "replace"}) == kOk);
}

TEST_CASE_FIXTURE(Fixture, "every byte of a payload is under its checksum") {
  for (std::size_t at = 0; at < payload.size(); ++at) {
    CAPTURE(at);
    std::string wrong = payload;
    wrong[at] = static_cast<char>(wrong[at] ^ 0x10);
    CHECK(run_args({"restore", "k", "0", wrong}) == kBadFooter);
    CHECK(run_args({"restore", "k", "0", wrong.substr(0, at)}) == kBadFooter);
  }
}

TEST_CASE_FIXTURE(Fixture, "a change that fails is an error") {
  keys.failure = "MISCONF no room";
  CHECK(restore({}) == "-MISCONF no room\r\n");
}

}  // namespace
}  // namespace stave
