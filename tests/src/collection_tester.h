// SPDX-License-Identifier: Apache-2.0
// CollectionTester: a CommandTester for commands on hashes, sets and the like, whose replies come in any
// order.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

#include "tests/src/command_tester.h"

namespace stave::testing {

// Several may be equal.
using Words = std::multiset<std::string>;
using Names = std::set<std::string>;

inline std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// An array of bulks.
inline std::string bulks(std::initializer_list<const char*> elements) {
  std::string reply = "*" + std::to_string(elements.size()) + "\r\n";
  for (const char* element : elements) reply += bulk(element);
  return reply;
}

class CollectionTester : public CommandTester {
 public:
  CollectionTester()
      : CommandTester{string_commands(), key_commands(), hash_commands(),
                      list_commands(),   set_commands(), zset_commands()} {}

  // Runs `test` with packed collections, then with outgrown ones.
  template <typename Test>
  void in_both_forms(Test test) {
    for (const bool natively : {false, true}) {
      CAPTURE(natively);
      keys.natively = natively;
      keys.stored.clear();
      test();
    }
  }

  // The bulks of a reply, how ever deep they are. None of them may be empty or have line ends.
  Words words(std::string_view line) {
    const std::string reply = run(line);
    Words found;
    for (std::size_t at = 0; at < reply.size();) {
      const std::size_t end = reply.find("\r\n", at);
      const std::string word = reply.substr(at, end - at);
      if (std::string_view("*$%~").find(word[0]) == std::string_view::npos) found.insert(word);
      at = end + 2;
    }
    return found;
  }

  // The bulks of a flat reply in their order, with `between` between them.
  std::string joined(std::string_view line, std::string_view between = " ") {
    const std::string reply = run(line);
    REQUIRE(reply[0] == '*');
    std::string text;
    for (std::size_t at = reply.find("\r\n") + 2; at < reply.size();) {
      const std::size_t begin = reply.find("\r\n", at) + 2;
      const auto bytes = static_cast<std::size_t>(std::stoul(reply.substr(at + 1)));
      if (!text.empty()) text += between;
      text += reply.substr(begin, bytes);
      at = begin + bytes + 2;
    }
    return text;
  }

  // The bulks of a flat reply, which must differ and be as many as it says.
  Names members(std::string_view line) {
    const std::string reply = run(line);
    REQUIRE((reply[0] == '*' || reply[0] == '~'));
    Names found;
    std::size_t at = reply.find("\r\n") + 2;
    while (at < reply.size()) {
      const std::size_t begin = reply.find("\r\n", at) + 2;
      const auto bytes = static_cast<std::size_t>(std::stoul(reply.substr(at + 1)));
      CHECK(found.insert(reply.substr(begin, bytes)).second);
      at = begin + bytes + 2;
    }
    CHECK(reply.substr(1, reply.find('\r') - 1) == std::to_string(found.size()));
    return found;
  }
};

}  // namespace stave::testing
