// SPDX-License-Identifier: Apache-2.0
// PFADD, PFCOUNT and PFMERGE over a fake keyspace: replies, errors, what is written and what is not, cold
// values. That the bytes are Redis' for random arguments is shown by the differential test.
#include <doctest/doctest.h>

#include "src/commands/hyperloglog.h"
#include "tests/src/command_tester.h"

namespace stave {
namespace {

using namespace std::string_literals;

constexpr const char* kOk = "+OK\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
constexpr const char* kNoHll = "-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n";
constexpr const char* kDamaged = "-INVALIDOBJ Corrupted HLL object detected\r\n";

struct Fixture : testing::CommandTester {
  Fixture() : CommandTester{string_commands(), hyperloglog_commands(), key_commands(), set_commands()} {}

  void set(std::string_view name, const std::string& value) { CHECK(run_args({"set", name, value}) == kOk); }
  std::int64_t expiry_of(const std::string& name) { return keys.stored[{0, name}].expiry_ms; }
};

TEST_CASE_FIXTURE(Fixture, "PFADD replies whether a register or the key is new") {
  CHECK(run("pfadd h") == kOne);
  CHECK(value("h") == hyperloglog::make_empty().replace(15, 1, "\x80"));
  CHECK(run("pfadd h") == kZero);
  CHECK(run("pfadd h a b c") == kOne);
  const int changes = keys.changes;
  CHECK(run("pfadd h a c") == kZero);
  CHECK(keys.changes == changes);
  CHECK(run("pfadd h ''") == kOne);
  CHECK(run("pfcount h") == ":4\r\n");
  CHECK(run("object encoding h") == "$3\r\nraw\r\n");
}

TEST_CASE_FIXTURE(Fixture, "an expiry stays, and a value that came by SET becomes raw") {
  set("h", hyperloglog::make_empty());
  run("pexpire h 1000");
  CHECK(run("object encoding h") == "$6\r\nembstr\r\n");
  CHECK(run("pfcount h") == kZero);
  CHECK(run("object encoding h") == "$3\r\nraw\r\n");
  run("pfadd h a");
  run("pfcount h");
  run("pfmerge h h");
  CHECK(expiry_of("h") == keys.now_ms + 1000);
  set("other", hyperloglog::make_empty());
  CHECK(run("pfadd other") == kZero);
  CHECK(run("object encoding other") == "$3\r\nraw\r\n");
}

TEST_CASE_FIXTURE(Fixture, "PFCOUNT of one key keeps the estimate in the value") {
  CHECK(run("pfcount none") == kZero);
  CHECK(value("none") == "(absent)");
  run("pfadd h a b");
  CHECK(value("h")[15] == '\x80');
  CHECK(run("pfcount h") == ":2\r\n");
  CHECK(value("h").substr(8, 8) == "\x02\0\0\0\0\0\0\0"s);
  const int changes = keys.changes;
  CHECK(run("pfcount h") == ":2\r\n");
  CHECK(keys.changes == changes);
  run("pfadd h c");
  CHECK(value("h")[15] == '\x80');
  // Where nothing can be written it is a read all the same.
  keys.failure = "MISCONF disk full";
  CHECK(run("pfcount h") == ":3\r\n");
  CHECK(run("pfadd h d") == "-MISCONF disk full\r\n");
  CHECK(run("pfmerge h h") == "-MISCONF disk full\r\n");
}

TEST_CASE_FIXTURE(Fixture, "an estimate that cannot be kept is not written again and again") {
  set("h", "HYLL"s + std::string(11, '\0') + '\x80' + std::string(12288, '\xff'));
  const int changes = keys.changes;
  CHECK(run("pfcount h") == ":-9223372036854775808\r\n");
  CHECK(run("pfcount h") == ":-9223372036854775808\r\n");
  CHECK(keys.changes <= changes + 1);
}

TEST_CASE_FIXTURE(Fixture, "PFCOUNT of several keys, and PFMERGE") {
  run("pfadd x a b c");
  run("pfadd y c d");
  CHECK(run("pfcount x y none") == ":4\r\n");
  CHECK(run("pfcount x x") == ":3\r\n");
  CHECK(run("pfcount none none") == kZero);
  CHECK(value("x")[15] == '\x80');  // nothing is kept
  CHECK(run("pfmerge z x y none") == kOk);
  CHECK(run("pfcount z") == ":4\r\n");
  CHECK(run("pfmerge y x") == kOk);
  CHECK(run("pfcount y") == ":4\r\n");
  CHECK(run("pfmerge empty") == kOk);
  CHECK(run("pfcount empty") == kZero);
  CHECK(run("pfmerge empty empty none") == kOk);
}

TEST_CASE_FIXTURE(Fixture, "one dense input makes the result dense") {
  limits.hll_sparse_bytes_max = 0;
  run("pfadd dense a");
  CHECK(run("strlen dense") == ":12304\r\n");
  limits.hll_sparse_bytes_max = 3000;
  run("pfadd sparse b");
  CHECK(run("pfmerge to sparse dense") == kOk);
  CHECK(run("strlen to") == ":12304\r\n");
  CHECK(run("pfmerge sparse dense") == kOk);
  CHECK(run("strlen sparse") == ":12304\r\n");
  CHECK(run("pfcount sparse") == ":2\r\n");
}

TEST_CASE_FIXTURE(Fixture, "what is no HyperLogLog, and what is damaged") {
  run("sadd set a");
  run("set text HYLL");
  run("set number 12");
  set("damaged", hyperloglog::make_empty() + "\x80");
  run("pfadd h a");
  for (const char* line : {"pfadd set a", "pfcount set", "pfcount h set", "pfmerge set h", "pfmerge h set"}) {
    CAPTURE(line);
    CHECK(run(line) == kWrongType);
  }
  for (const char* line : {"pfadd text", "pfadd number a", "pfcount text", "pfcount h number",
                           "pfmerge text h", "pfmerge h text set"}) {
    CAPTURE(line);
    CHECK(run(line) == kNoHll);
  }
  CHECK(run("pfcount damaged") == kZero);  // so its header says
  for (const char* line :
       {"pfcount damaged h", "pfcount h damaged text", "pfmerge damaged", "pfmerge h damaged"}) {
    CAPTURE(line);
    CHECK(run(line) == kDamaged);
  }
  set("short", hyperloglog::make_empty().substr(0, 16));
  CHECK(run("pfadd short a") == kDamaged);
  set("outdated", hyperloglog::make_empty().replace(15, 1, "\x80").substr(0, 17));
  CHECK(run("pfcount outdated") == kDamaged);
}

TEST_CASE_FIXTURE(Fixture, "cold values are staged first") {
  run("pfadd x a");
  run("pfadd y b");
  for (const char* line : {"pfadd x c", "pfcount x", "pfcount x y", "pfmerge z x y", "pfmerge x y"}) {
    CAPTURE(line);
    keys.make_cold();
    stagings = 0;
    CHECK(run(line)[0] != '-');
    CHECK(stagings > 0);
  }
}

}  // namespace
}  // namespace stave
