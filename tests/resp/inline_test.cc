// SPDX-License-Identifier: Apache-2.0
// Shows that inline requests are split by Redis' quoting rules.
#include "resp/inline.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "resp/parser.h"

namespace stave::resp::test {
namespace {

using Words = std::vector<std::string>;

const Words kUnbalanced = {"<unbalanced>"};

Words split(std::string_view line) {
  std::string unquoted = "left over";
  std::vector<std::string_view> words = {"left", "over"};
  if (split_inline(line, unquoted, words)) return Words(words.begin(), words.end());
  CHECK(words.empty());
  return kUnbalanced;
}

}  // namespace

TEST_CASE("blanks separate words") {
  CHECK(split("") == Words{});
  CHECK(split(" \t\v\f\r ") == Words{});
  CHECK(split("SET key value") == Words{"SET", "key", "value"});
  CHECK(split("  SET\tkey \r value  ") == Words{"SET", "key", "value"});
}

TEST_CASE("vertical tab and form feed are blank only between words") {
  CHECK(split("a\vb\fc \v d") == Words{"a\vb\fc", "d"});
  CHECK(split("\"a\"\vb") == Words{"a", "b"});
}

TEST_CASE("double quotes keep blanks and know escapes") {
  CHECK(split("\"\"") == Words{""});
  CHECK(split("\"a b\" \"c\"") == Words{"a b", "c"});
  CHECK(split(R"("\n\r\t\b\a")") == Words{"\n\r\t\b\a"});
  CHECK(split(R"("\"\\\q\0")") == Words{"\"\\q0"});
  CHECK(split(R"("\x41\x6a\x6A")") == Words{"Ajj"});
  CHECK(split(R"("\x00")") == Words{std::string(1, '\0')});
  CHECK(split(R"("\x4g" "\x4" "\x")") == Words{"x4g", "x4", "x"});
  CHECK(split(R"("'")") == Words{"'"});
}

TEST_CASE("single quotes know one escape only") {
  CHECK(split("''") == Words{""});
  CHECK(split("'a b' 'c'") == Words{"a b", "c"});
  CHECK(split(R"('it\'s')") == Words{"it's"});
  CHECK(split(R"('\n\x41\\ ')") == Words{R"(\n\x41\\ )"});
  CHECK(split(R"('"')") == Words{"\""});
}

TEST_CASE("a quote may open inside a word, and ends it") {
  CHECK(split("a\"b c\"") == Words{"ab c"});
  CHECK(split("a'b c' d") == Words{"ab c", "d"});
  CHECK(split(R"(a\nb)") == Words{R"(a\nb)"});
}

TEST_CASE("unbalanced quotes") {
  for (const std::string line : {"\"", "'", "\"a", "'a", "a\"", "\"a\"b", "'a'b", "\"a\"\"b\"", "\"a\"'b'",
                                 "\"a\\\"", "'a\\'", "\"a\\", "'a\\", "'a\\\\'", "ok \"a"}) {
    CAPTURE(line);
    CHECK(split(line) == kUnbalanced);
  }
}

TEST_CASE("words without quotes are views into the line, others stay valid while more are added") {
  std::string unquoted;
  std::vector<std::string_view> words;
  const std::string_view line = "plain \"quoted one\" 'quoted two' last";
  REQUIRE(split_inline(line, unquoted, words));
  CHECK(words == std::vector<std::string_view>{"plain", "quoted one", "quoted two", "last"});
  CHECK(words[0].data() == line.data());
  CHECK(words[3].data() == line.data() + line.size() - 4);
}

TEST_CASE("an inline request ends with a line feed, with or without carriage return") {
  RequestParser parser;
  Arguments arguments;
  for (const std::string_view stream : {"PING\n", "PING\r\n"}) {
    REQUIRE(parser.parse(stream, {}, arguments) == ParseStatus::kRequest);
    CHECK(arguments == Arguments{"PING"});
    CHECK(parser.consumed() == stream.size());
  }
  CHECK(parser.parse("PING\r", {}, arguments) == ParseStatus::kIncomplete);
  CHECK(parser.parse("PING\r\"\n", {}, arguments) == ParseStatus::kError);
  CHECK(parser.error() == "ERR Protocol error: unbalanced quotes in request");
}

}  // namespace stave::resp::test
