// SPDX-License-Identifier: Apache-2.0
// The commands on one sorted set over a fake keyspace: replies in both protocols, errors and their order,
// cold values, failing changes, and that it is the same for sorted sets that have outgrown their packed form.
// That replies equal Redis' for random arguments is shown by the differential test.
#include <doctest/doctest.h>

#include "tests/src/collection_tester.h"

namespace stave {
namespace {

using testing::bulk;
using testing::Words;

constexpr const char* kNull = "$-1\r\n";
constexpr const char* kZero = ":0\r\n";
constexpr const char* kOne = ":1\r\n";
constexpr const char* kTwo = ":2\r\n";
constexpr const char* kNothing = "*0\r\n";
constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
constexpr const char* kFloatError = "-ERR value is not a valid float\r\n";
constexpr const char* kPositiveError = "-ERR value is out of range, must be positive\r\n";
constexpr const char* kNanError = "-ERR resulting score is not a number (NaN)\r\n";
constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
constexpr const char* kNothingScanned = "*2\r\n$1\r\n0\r\n*0\r\n";

struct Fixture : testing::CollectionTester {
  // "a 1 b 2": all members and scores in order.
  std::string all(const std::string& key) { return joined("zrange " + key + " 0 -1 withscores"); }
};

TEST_CASE_FIXTURE(Fixture, "ZADD, ZSCORE, ZMSCORE, ZCARD, ZREM") {
  in_both_forms([&] {
    CHECK(run("zadd z 2 b 1 a 2 a -inf c") == ":3\r\n");
    CHECK(all("z") == "c -inf a 2 b 2");
    CHECK(run("zadd z 2 b 0x10 d 1e20 e +inf f .5 ''") == ":4\r\n");
    CHECK(all("z") == "c -inf  0.5 a 2 b 2 d 16 e 1e+20 f inf");
    CHECK(run("zscore z e") == bulk("1e+20"));
    CHECK(run("zscore z none") == kNull);
    CHECK(run("zmscore z a none f") == "*3\r\n" + bulk("2") + kNull + bulk("inf"));
    CHECK(run("zcard z") == ":7\r\n");
    CHECK(run("zrem z a a none") == kOne);
    CHECK(run("zrem z '' b c d e f") == ":6\r\n");
    CHECK(run("exists z") == kZero);
  });
  CHECK(run("zrem none a") == kZero);
  CHECK(run("zcard none") == kZero);
  CHECK(run("zscore none a") == kNull);
  CHECK(run("zmscore none a b") == std::string("*2\r\n") + kNull + kNull);
}

TEST_CASE_FIXTURE(Fixture, "ZADD: NX, XX, GT, LT, CH, also for a member that is there twice") {
  in_both_forms([&] {
    CHECK(run("zadd z xx 1 a") == kZero);
    CHECK(run("exists z") == kZero);
    CHECK(run("zadd z nx 1 a 2 a 3 b") == kTwo);
    CHECK(all("z") == "a 1 b 3");
    CHECK(run("zadd z NX CH 5 a") == kZero);
    CHECK(run("zadd z xx 5 a 6 c") == kZero);
    CHECK(all("z") == "b 3 a 5");
    CHECK(run("zadd z ch 5 a 4 b 1 c 2 c") == ":3\r\n");
    CHECK(all("z") == "c 2 b 4 a 5");
    CHECK(run("zadd z gt ch 1 a 9 b 7 b 1 new") == kTwo);
    CHECK(all("z") == "new 1 c 2 a 5 b 9");
    CHECK(run("zadd z xx lt ch 9 a 3 a 4 a 1 other") == kOne);
    CHECK(all("z") == "new 1 c 2 a 3 b 9");
  });
}

TEST_CASE_FIXTURE(Fixture, "ZADD INCR and ZINCRBY") {
  in_both_forms([&] {
    CHECK(run("zincrby z 1.5 a") == bulk("1.5"));
    CHECK(run("zincrby z -2 a") == bulk("-0.5"));
    CHECK(run("zadd z incr 1 a") == bulk("0.5"));
    CHECK(run("zadd z nx incr 1 a") == kNull);
    CHECK(run("zadd z xx incr 1 b") == kNull);
    CHECK(run("zadd z gt incr -1 a") == kNull);
    CHECK(run("zadd z lt incr -1 a") == bulk("-0.5"));
    CHECK(run("zadd z gt incr 3 b") == bulk("3"));
    CHECK(run("zadd none xx incr 1 a") == kNull);
    CHECK(run("zadd z inf a") == kZero);
    CHECK(run("zincrby z -inf a") == kNanError);
    CHECK(run("zadd z gt incr -inf a") == kNanError);
    CHECK(all("z") == "b 3 a inf");
  });
  protocol = 3;
  CHECK(run("zincrby z 1.5 c") == ",1.5\r\n");
  CHECK(run("zscore z none") == "_\r\n");
}

TEST_CASE_FIXTURE(Fixture, "ZADD: wrong arguments, in this order, whatever the key is") {
  run("set s x");
  for (const char* line : {"zadd s 1 a 2", "zadd s nx xx", "zadd s nx xx 1", "zadd s foo 1 a",
                           "zincrby s nx a", "zincrby s nx xx"}) {
    CHECK(run(line) == kSyntaxError);
  }
  CHECK(run("zadd s nx xx gt 1 a") == "-ERR XX and NX options at the same time are not compatible\r\n");
  for (const char* line : {"zadd s nx gt 1 a", "zadd s nx lt 1 a", "zadd s gt lt incr 1 a 2 b"})
    CHECK(run(line) == "-ERR GT, LT, and/or NX options at the same time are not compatible\r\n");
  CHECK(run("zadd s incr x a y b") == "-ERR INCR option supports a single increment-element pair\r\n");
  for (const char* line :
       {"zadd s nan a", "zadd s 1 a x b", "zadd s '' a", "zincrby s 1x a", "zincrby s 1e999 a"})
    CHECK(run(line) == kFloatError);
  CHECK(run("zadd z 1 a x b") == kFloatError);
  CHECK(run("exists z") == kZero);
}

TEST_CASE_FIXTURE(Fixture, "ZRANK and ZREVRANK") {
  in_both_forms([&] {
    run("zadd z 1 a 2 b 2.5 c");
    CHECK(run("zrank z a") == kZero);
    CHECK(run("zrank z c") == kTwo);
    CHECK(run("zrevrank z a") == kTwo);
    CHECK(run("zrank z none") == kNull);
    CHECK(run("zrank z c withscore") == "*2\r\n:2\r\n" + bulk("2.5"));
    CHECK(run("zrevrank z c WITHSCORE") == "*2\r\n:0\r\n" + bulk("2.5"));
    CHECK(run("zrank z none withscore") == "*-1\r\n");
    CHECK(run("zrank none a withscore") == "*-1\r\n");
    protocol = 3;
    CHECK(run("zrank z c withscore") == "*2\r\n:2\r\n,2.5\r\n");
    CHECK(run("zrank z none withscore") == "_\r\n");
    protocol = 2;
  });
  CHECK(run("zrank none a") == kNull);
  CHECK(run("zrank z a foo") == kSyntaxError);
  CHECK(run("zrank z a withscore x") == "-ERR wrong number of arguments for 'zrank' command\r\n");
  CHECK(run("zrevrank z a foo x") == "-ERR wrong number of arguments for 'zrevrank' command\r\n");
}

TEST_CASE_FIXTURE(Fixture, "ZPOPMIN and ZPOPMAX") {
  in_both_forms([&] {
    run("zadd z 1 a 2 b 3 c 4 d 5 e");
    CHECK(run("zpopmin z") == "*2\r\n" + bulk("a") + bulk("1"));
    CHECK(run("zpopmax z") == "*2\r\n" + bulk("e") + bulk("5"));
    CHECK(run("zpopmax z 2") == "*4\r\n" + bulk("d") + bulk("4") + bulk("c") + bulk("3"));
    CHECK(run("zpopmin z 0") == kNothing);
    CHECK(all("z") == "b 2");
    CHECK(run("zpopmin z 9223372036854775807") == "*2\r\n" + bulk("b") + bulk("2"));
    CHECK(run("exists z") == kZero);
    protocol = 3;
    run("zadd z 1 a 2 b");
    CHECK(run("zpopmin z") == "*2\r\n" + bulk("a") + ",1\r\n");
    CHECK(run("zpopmin z 1") == "*1\r\n*2\r\n" + bulk("b") + ",2\r\n");
    protocol = 2;
  });
  CHECK(run("zpopmin none") == kNothing);
  CHECK(run("zpopmax none 3") == kNothing);
  run("set string x");
  for (const char* line : {"zpopmin string -1", "zpopmax string x", "zpopmin string 1.5"})
    CHECK(run(line) == kPositiveError);
  CHECK(run("zpopmin z 1 2") == kSyntaxError);
  CHECK(run("zpopmin string 0") == kWrongType);
}

TEST_CASE_FIXTURE(Fixture, "ZMPOP") {
  in_both_forms([&] {
    run("zadd z 1 a 2 b 3 c");
    run("zadd y 9 x");
    run("set string x");
    CHECK(run("zmpop 3 none z string min") == "*2\r\n" + bulk("z") + "*1\r\n*2\r\n" + bulk("a") + bulk("1"));
    CHECK(run("zmpop 1 z MAX COUNT 5") ==
          "*2\r\n" + bulk("z") + "*2\r\n*2\r\n" + bulk("c") + bulk("3") + "*2\r\n" + bulk("b") + bulk("2"));
    CHECK(run("exists z") == kZero);
    CHECK(run("zmpop 2 z string min") == kWrongType);
    CHECK(run("zmpop 1 z min") == "*-1\r\n");
    protocol = 3;
    CHECK(run("zmpop 1 y min") == "*2\r\n" + bulk("y") + "*1\r\n*2\r\n" + bulk("x") + ",9\r\n");
    CHECK(run("zmpop 1 z min") == "_\r\n");
    protocol = 2;
  });
  for (const char* line : {"zmpop 0 z min", "zmpop -1 z min", "zmpop x z min"})
    CHECK(run(line) == "-ERR numkeys should be greater than 0\r\n");
  for (const char* line : {"zmpop 1 z count", "zmpop 2 z min", "zmpop 9223372036854775807 z min",
                           "zmpop 1 z min count", "zmpop 1 z min foo 1", "zmpop 1 z min count 1 count 2"}) {
    CHECK(run(line) == kSyntaxError);
  }
  for (const char* line : {"zmpop 1 z min count 0", "zmpop 1 z min count x"})
    CHECK(run(line) == "-ERR count should be greater than 0\r\n");
}

TEST_CASE_FIXTURE(Fixture, "ZRANDMEMBER") {
  in_both_forms([&] {
    run("zadd z 1.5 a 2 b");
    const Words both{"a", "1.5", "b", "2"};
    CHECK(Words{"a", "b"}.contains(run("zrandmember z").substr(4, 1)));
    CHECK(words("zrandmember z 5") == Words{"a", "b"});
    CHECK(words("zrandmember z 2 WITHSCORES") == both);
    CHECK(words("zrandmember z -40 withscores").count("1.5") > 0);
    protocol = 3;
    CHECK(run("zrandmember z 2 withscores").find("*2\r\n$1\r\na\r\n,1.5\r\n") != std::string::npos);
    protocol = 2;
  });
  CHECK(run("zrandmember none") == kNull);
  CHECK(run("zrandmember none 3 withscores") == kNothing);
  CHECK(run("zrandmember z 1 foo") == kSyntaxError);
  CHECK(run("zrandmember z 1 withscores x") == kSyntaxError);
  CHECK(run("zrandmember z 4611686018427387904 withscores") == "-ERR value is out of range\r\n");
}

TEST_CASE_FIXTURE(Fixture, "ZSCAN, whose scores have 17 digits in a skiplist, as Redis'") {
  in_both_forms([&] {
    run("zadd z 0.1 aa 2 ab 1e17 b");
    CHECK(words("zscan z 0") == Words{"0", "aa", "0.1", "ab", "2", "b", "100000000000000000"});
    CHECK(run("zscan z 0 match b").ends_with("*2\r\n" + bulk("b") + bulk("100000000000000000")));
    run("zadd z inf " + std::string(65, 'x'));
    CHECK(run("zscan z 0 MATCH aa COUNT 1000").ends_with(bulk("0.10000000000000001")));
    CHECK(run("zscan z 0 match x*").ends_with(bulk("inf")));
  });
  CHECK(run("zscan none x") == "-ERR invalid cursor\r\n");
  CHECK(run("zscan none 0 foo") == kNothingScanned);
  CHECK(run("zscan z 0 foo bar") == kSyntaxError);
}

TEST_CASE_FIXTURE(Fixture, "a key of another type is an error wherever it stands") {
  run("set string x");
  run("zadd z 1 a");
  for (const char* line : {"zadd string 1 a",
                           "zadd string xx 1 a",
                           "zincrby string 1 a",
                           "zrem string a",
                           "zscore string a",
                           "zmscore string a",
                           "zcard string",
                           "zcount string 0 1",
                           "zlexcount string - +",
                           "zrank string a",
                           "zrevrank string a withscore",
                           "zrange string 0 -1",
                           "zrangestore z string 0 -1",
                           "zpopmin string",
                           "zmpop 2 none string min",
                           "zrandmember string",
                           "zrandmember string 1",
                           "zscan string 0",
                           "zunion 2 none string",
                           "zinter 2 none string",
                           "zdiff 2 none string",
                           "zintercard 2 none string",
                           "zunionstore z 1 string",
                           "zremrangebyrank string 0 1",
                           "zremrangebyscore string 0 1",
                           "zremrangebylex string - +",
                           "get z",
                           "sadd z a",
                           "hset z a 1"}) {
    CAPTURE(line);
    CHECK(run(line) == kWrongType);
  }
  CHECK(all("z") == "a 1");
}

TEST_CASE_FIXTURE(Fixture, "cold sorted sets are staged before anything is changed or replied") {
  for (const char* line : {"zadd z 1 x",
                           "zadd z gt 5 a",
                           "zincrby z 1 a",
                           "zrem z a",
                           "zscore z a",
                           "zmscore z a b",
                           "zcard z",
                           "zcount z 0 1",
                           "zlexcount z - +",
                           "zrank z a",
                           "zrange z 0 -1",
                           "zrangestore y z 0 -1",
                           "zpopmin z",
                           "zpopmax z 9",
                           "zmpop 2 none z min",
                           "zrandmember z",
                           "zrandmember z 1",
                           "zscan z 0",
                           "zunion 2 z y",
                           "zinter 2 z s",
                           "zdiff 2 z y",
                           "zintercard 2 z s",
                           "zunionstore y 2 z y",
                           "zinterstore y 2 s z",
                           "zdiffstore y 2 z s",
                           "zremrangebyrank z 0 0",
                           "zremrangebylex z - +",
                           "object encoding z"}) {
    CAPTURE(line);
    keys.stored.clear();
    run("zadd z 1 a 2 b");
    run("zadd y 1 a 2 c");
    run("sadd s a");
    keys.make_cold();
    stagings = 0;
    CHECK_FALSE(run(line).starts_with('-'));
    CHECK(stagings >= 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a failing change is the reply") {
  run("zadd z 1 a 2 b");
  keys.failure = "OOM no";
  for (const char* line :
       {"zadd z 1 c", "zincrby z 1 a", "zrem z a", "zpopmin z", "zpopmax z 9", "zmpop 1 z min",
        "zrangestore y z 0 -1", "zrangestore z none 0 -1", "zunionstore y 1 z", "zinterstore z 1 none",
        "zremrangebyrank z 0 0", "zremrangebyscore z 0 9"}) {
    CAPTURE(line);
    CHECK(run(line) == "-OOM no\r\n");
  }
}

TEST_CASE_FIXTURE(Fixture, "OBJECT ENCODING, also of what is stored") {
  in_both_forms([&] {
    run("zadd z 1 a 2 b");
    run("zadd long 1 " + std::string(65, 'x') + " 2 a");
    run("zunionstore both 2 z long");
    run("zrangestore copy z 0 -1");
    run("zrangestore cut long (1 +inf byscore");
    CHECK(run("object encoding z") == bulk("listpack"));
    CHECK(run("object encoding long") == bulk("skiplist"));
    CHECK(run("object encoding both") == bulk("skiplist"));
    CHECK(run("object encoding copy") == bulk("listpack"));
    CHECK(run("object encoding cut") == bulk("listpack"));
    CHECK(run("type both") == "+zset\r\n");
  });
}

}  // namespace
}  // namespace stave
