// SPDX-License-Identifier: Apache-2.0
// Shows that glob patterns match as Redis' do, odd ones included, and that none takes more than its time.
#include "src/glob.h"

#include <doctest/doctest.h>

#include <string>

using stave::glob_match;

TEST_CASE("glob: plain text, ? and *") {
  CHECK(glob_match("", ""));
  CHECK(glob_match("abc", "abc"));
  CHECK_FALSE(glob_match("abc", "abcd"));
  CHECK_FALSE(glob_match("abcd", "abc"));
  CHECK(glob_match("a?c", "abc"));
  CHECK_FALSE(glob_match("a?c", "ac"));
  CHECK(glob_match("*", ""));
  CHECK(glob_match("a**", "a"));
  CHECK(glob_match("*b*", "abc"));
  CHECK(glob_match("a*b*c", "a-b-b-c"));
  CHECK_FALSE(glob_match("a*b*c", "a-b-b-d"));
  CHECK_FALSE(glob_match("", "a"));
}

TEST_CASE("glob: classes") {
  CHECK(glob_match("h[ae]llo", "hello"));
  CHECK_FALSE(glob_match("h[ae]llo", "hillo"));
  CHECK(glob_match("h[^e]llo", "hallo"));
  CHECK_FALSE(glob_match("h[^e]llo", "hello"));
  CHECK(glob_match("h[a-c]llo", "hbllo"));
  CHECK(glob_match("h[c-a]llo", "hbllo"));
  CHECK(glob_match("[a-cx-z]", "y"));
  CHECK(glob_match("*[0-9]", "key:7"));
}

TEST_CASE("glob: odd classes, as Redis reads them") {
  CHECK(glob_match("[abc", "b"));      // without its ] a class ends with the pattern
  CHECK_FALSE(glob_match("[", "["));   // nothing is in it
  CHECK(glob_match("[^", "x"));        // nothing is kept out
  CHECK_FALSE(glob_match("[]", "]"));  // empty
  CHECK_FALSE(glob_match("[]a]", "]"));
  CHECK(glob_match("[\\]]", "]"));
  CHECK(glob_match("[a-]", "-") == false);  // the range from a to ], without its own ]
  CHECK(glob_match("[a-]", "^"));
  CHECK(glob_match("[a-", "-"));
}

TEST_CASE("glob: escapes") {
  CHECK(glob_match("a\\*c", "a*c"));
  CHECK_FALSE(glob_match("a\\*c", "abc"));
  CHECK(glob_match("\\\\", "\\"));
  CHECK(glob_match("a\\", "a\\"));
}

TEST_CASE("glob: case") {
  CHECK_FALSE(glob_match("ABC", "abc"));
  CHECK(glob_match("A*[B-C]", "axc", true));
  CHECK(glob_match("a?C", "AbC", true));
  CHECK_FALSE(glob_match("[\\B]", "b", true));
  CHECK(glob_match("\\B", "b", true));
}

TEST_CASE("glob: bytes are unsigned, zero bytes are bytes") {
  CHECK(glob_match("[\x80-\xff]", "\xc3"));
  CHECK(glob_match(std::string("a\0?", 3), std::string("a\0b", 3)));
}

TEST_CASE("glob: a pattern made to take for ever does not") {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "a*";
  pattern += 'b';
  CHECK_FALSE(glob_match(pattern, std::string(20000, 'a')));
}
