// SPDX-License-Identifier: Apache-2.0
// Shows that the request parser finds the same requests and the same error however the bytes are cut, that it
// keeps Redis' limits to the byte, and that its errors are Redis' (compared with redis-server 7.0.15 when
// this was written).
#include "resp/parser.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/resp/transcript.h"

namespace stave::resp::test {
namespace {

using Requests = std::vector<std::vector<std::string>>;
using namespace std::string_literals;  // streams with NUL bytes

std::string error_of(std::string_view stream, const Limits& limits = {}) {
  const Transcript transcript = parse_whole(stream, limits);
  CHECK(transcript == parse_split(stream, {1}, limits));
  CHECK(transcript.violation.empty());
  return transcript.error;
}

Requests requests_of(std::string_view stream, const Limits& limits = {}) {
  const Transcript transcript = parse_whole(stream, limits);
  CHECK(transcript == parse_split(stream, {1}, limits));
  CHECK(transcript.violation.empty());
  CHECK(transcript.error.empty());
  return transcript.requests;
}

// Cuts the stream at every one and at every two places.
void check_every_split(std::string_view stream) {
  CAPTURE(stream);
  const Transcript whole = parse_whole(stream);
  CHECK(whole.violation.empty());
  CHECK(parse_split(stream, {1}) == whole);
  bool same = true;
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      same = same && parse_pieces({stream.substr(0, first), stream.substr(first, second - first),
                                   stream.substr(second)}) == whole;
    }
  }
  CHECK(same);
}

}  // namespace

TEST_CASE("requests are found one after the other") {
  CHECK(requests_of("*1\r\n$4\r\nPING\r\n") == Requests{{"PING"}});
  CHECK(requests_of("*2\r\n$3\r\nGET\r\n$0\r\n\r\n") == Requests{{"GET", ""}});
  CHECK(requests_of("*2\r\n$4\r\nECHO\r\n$6\r\na\r\nb\r\n\r\nPING\r\n") ==
        Requests{{"ECHO", "a\r\nb\r\n"}, {"PING"}});
  CHECK(requests_of("*1\r\n$12\r\nhello, world\r\n") == Requests{{"hello, world"}});
  CHECK(requests_of("").empty());
}

TEST_CASE("a request without arguments is one to skip") {
  for (const std::string stream :
       {"*0\r\n", "*-1\r\n", "*-9223372036854775808\r\n", "\r\n", "\n", " \t \r\n"}) {
    CAPTURE(stream);
    CHECK(requests_of(stream) == Requests{{}});
  }
  CHECK(requests_of("*0\r\n\r\nPING\r\n") == Requests{{}, {}, {"PING"}});
}

TEST_CASE("what follows a CR, and what follows a bulk, is not looked at") {
  CHECK(requests_of("*1\rX$2\rYhiZZ*1\r\n$1\r\nb\r\n") == Requests{{"hi"}, {"b"}});
  CHECK(requests_of("*1\r\n$1\r\na") == Requests{});
  CHECK(requests_of("*1\r\n$1\r\na\r") == Requests{});
}

TEST_CASE("every split gives the same") {
  for (const std::string& stream : {"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$10\r\n0123456789\r\n"s,
                                    "PING\r\n*1\r\n$4\r\nPING\r\nSET k \"a \\x41\"\n"s,
                                    "*2\r\n$1\r\na\r\n$0\r\n\r\n*-1\r\n*1\r\n$1\r\nb\r\n"s,
                                    "*2\r\n$1\r\na\r\nPING\r\n"s, "*1\r\n$-1\r\n"s, "*x\r\nPING\r\n"s,
                                    "SET 'a\r\nPING\r\n"s, "*1\r\n$1\r\na\r\n*1\0\r\n"s, "*1\rX$2\rYhiZZ"s}) {
    check_every_split(stream);
  }
}

TEST_CASE("a malformed count is an invalid multibulk length") {
  for (const std::string line :
       {"*", "*-", "*x", "*1x", "*x1", "* 1", "*1 ", "*+1", "*01", "*-0", "*-01", "*00", "*1.0",
        "*9223372036854775808", "*-9223372036854775809", "*111111111111111111111", "*\n1"}) {
    CAPTURE(line);
    CHECK(error_of(line + "\r\n") == "ERR Protocol error: invalid multibulk length");
  }
}

TEST_CASE("a malformed or negative size is an invalid bulk length") {
  for (const std::string line : {"$", "$-", "$-1", "$x", "$1x", "$ 1", "$1 ", "$+1", "$01", "$-0", "$00",
                                 "$9223372036854775807", "$9223372036854775808", "$111111111111111111111"}) {
    CAPTURE(line);
    CHECK(error_of("*1\r\n" + line + "\r\n") == "ERR Protocol error: invalid bulk length");
    CHECK(error_of("*2\r\n$1\r\na\r\n" + line + "\r\n") == "ERR Protocol error: invalid bulk length");
  }
}

TEST_CASE("a bulk begins with a dollar, which is checked once its line is complete") {
  CHECK(error_of("*1\r\nPING\r\n") == "ERR Protocol error: expected '$', got 'P'");
  CHECK(error_of("*1\r\n*1\r\n") == "ERR Protocol error: expected '$', got '*'");
  CHECK(error_of("*1\r\n\xff\r\n") == "ERR Protocol error: expected '$', got '\xff'");
  CHECK(error_of("*1\r\n\r\n") == "ERR Protocol error: expected '$', got ' '");
  CHECK(error_of("*1\r\n\n\r\n") == "ERR Protocol error: expected '$', got ' '");
  CHECK(error_of("*1\r\nPING\n") == "");
  CHECK(error_of("*1\r\nPING\r") == "");
}

TEST_CASE("after an error the parser stays dead") {
  RequestParser parser;
  Arguments arguments;
  CHECK(parser.parse("*2\r\n$1\r\na\r\n$x\r\n", {}, arguments) == ParseStatus::kError);
  CHECK(arguments.empty());
  CHECK(parser.parse("PING\r\n", {}, arguments) == ParseStatus::kError);
  CHECK(parser.error() == "ERR Protocol error: invalid bulk length");
}

TEST_CASE("limits hold at their value and fail one above") {
  const Limits limits{
      .bulk_bytes_max = 12, .arguments_max = 3, .inline_bytes_max = 64, .authenticated = true};
  CHECK(requests_of(encode({"11 bytes...", "12 bytes...."}), limits).size() == 1);
  CHECK(error_of("*1\r\n$13\r\n", limits) == "ERR Protocol error: invalid bulk length");
  CHECK(requests_of(encode({"a", "b"}), limits).size() == 1);
  CHECK(requests_of(encode({"a", "b", "c"}), limits).size() == 1);
  CHECK(error_of("*4\r\n", limits) == "ERR Protocol error: invalid multibulk length");

  const Limits defaults;
  CHECK(error_of("*1048576\r\n$536870912\r\n", defaults) == "");
  CHECK(error_of("*1048577\r\n", defaults) == "ERR Protocol error: invalid multibulk length");
  CHECK(error_of("*1\r\n$536870913\r\n", defaults) == "ERR Protocol error: invalid bulk length");
  const Limits huge{.bulk_bytes_max = 1ull << 40, .arguments_max = 1ull << 40};
  CHECK(error_of("*2000000000\r\n$1099511627776\r\n", huge) == "");
  CHECK(error_of("*1\r\n$1099511627777\r\n", huge) == "ERR Protocol error: invalid bulk length");
}

TEST_CASE("before authentication limits are small") {
  const Limits limits{.authenticated = false};
  CHECK(requests_of(encode(std::vector<std::string>(10, "x")), limits).size() == 1);
  CHECK(error_of("*11\r\n", limits) == "ERR Protocol error: unauthenticated multibulk length");
  CHECK(error_of("*1048577\r\n", limits) == "ERR Protocol error: unauthenticated multibulk length");
  CHECK(error_of("*2147483648\r\n", limits) == "ERR Protocol error: invalid multibulk length");
  CHECK(parse_whole(encode({std::string(16383, 'x')}), limits).requests.size() == 1);
  CHECK(parse_whole(encode({std::string(16384, 'x')}), limits).requests.size() == 1);
  CHECK(error_of("*1\r\n$16385\r\n", limits) == "ERR Protocol error: unauthenticated bulk length");
  CHECK(error_of("*1\r\n$536870913\r\n", limits) == "ERR Protocol error: invalid bulk length");
}

TEST_CASE("a line that does not end in reach is too big") {
  const Limits limits{.inline_bytes_max = 20};
  const auto filled = [](std::string start, std::size_t size) {
    return start.append(size - start.size(), '1');
  };
  const std::string bulk = "*1\r\n";
  for (const std::size_t size : {19u, 20u}) {
    CAPTURE(size);
    CHECK(error_of(filled("*", size), limits) == "");
    CHECK(error_of(filled("*", size) + "\r\n", limits) == "ERR Protocol error: invalid multibulk length");
    CHECK(error_of(bulk + filled("$", size) + "\r\n", limits) == "ERR Protocol error: invalid bulk length");
    CHECK(requests_of(filled("x", size) + "\n", limits) == Requests{{filled("x", size)}});
  }
  for (const std::string end : {"", "\n", "\r\n"}) {
    CHECK(error_of(filled("*", 21) + end, limits) == "ERR Protocol error: too big mbulk count string");
    CHECK(error_of(bulk + filled("$", 21) + end, limits) == "ERR Protocol error: too big bulk count string");
    CHECK(error_of(bulk + filled("x", 21) + end, limits) == "ERR Protocol error: too big bulk count string");
    CHECK(error_of(filled("x", 21) + end, limits) == "ERR Protocol error: too big inline request");
  }
  // The carriage return before the line feed counts, too.
  CHECK(error_of(filled("x", 20) + "\r\n", limits) == "ERR Protocol error: too big inline request");
  CHECK(parse_whole(std::string(65536, 'x')).error == "");
  CHECK(parse_whole(std::string(65537, 'x')).error == "ERR Protocol error: too big inline request");
}

TEST_CASE("a NUL hides the end of a line") {
  const Limits limits{.inline_bytes_max = 20};
  CHECK(error_of("*1\0\r\n$1\r\na\r\n"s, limits) == "");
  CHECK(error_of("*1\0\r\n$1\r\na\r\n123456789"s, limits) ==
        "ERR Protocol error: too big mbulk count string");
  CHECK(error_of("PI\0NG\r\n"s, limits) == "");
  CHECK(error_of("PI\0NG\r\n"s + std::string(20, '\n'), limits) ==
        "ERR Protocol error: too big inline request");
  CHECK(requests_of(encode({"a\0b"s}), limits) == Requests{{"a\0b"s}});
}

TEST_CASE("bytes_needed names the end of the bulk that is under way") {
  RequestParser parser;
  Arguments arguments;
  const std::string stream = "*2\r\n$3\r\nGET\r\n$1000\r\n" + std::string(1000, 'x') + "\r\n";
  const std::size_t expected[][2] = {{4, 0}, {8, 13}, {12, 13}, {14, 0}, {20, 1022}, {1000, 1022}};
  for (const auto& [bytes, needed] : expected) {
    CHECK(parser.parse(std::string_view(stream).substr(0, bytes), {}, arguments) == ParseStatus::kIncomplete);
    CHECK(parser.bytes_needed() == needed);
  }
  CHECK(parser.parse(stream, {}, arguments) == ParseStatus::kRequest);
  CHECK(parser.consumed() == 1022);
}

TEST_CASE("arguments are views into the given bytes") {
  RequestParser parser;
  Arguments arguments;
  const std::string first = "*2\r\n$1\r\na\r\n$1\r\n";
  CHECK(parser.parse(first, {}, arguments) == ParseStatus::kIncomplete);
  const std::string whole = first + "b\r\n";
  CHECK(parser.parse(whole, {}, arguments) == ParseStatus::kRequest);
  REQUIRE(arguments.size() == 2);
  CHECK(arguments[0].data() == whole.data() + 8);
  CHECK(arguments[1].data() == whole.data() + 15);
}

}  // namespace stave::resp::test
