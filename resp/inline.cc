// SPDX-License-Identifier: Apache-2.0
#include "resp/inline.h"

#include <cassert>

namespace stave::resp {
namespace {

// isspace() of the C locale, whatever the process' locale is.
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// '\v' and '\f' are blank between words but part of a word inside one: an oddity of Redis that is kept.
bool ends_plain(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Appends the one character that the escape at line[at] (a backslash) stands for; returns the offset behind
// it. REQUIRES: a character follows the backslash.
std::size_t append_escape(std::string_view line, std::size_t at, std::string& output) {
  if (line[at + 1] == 'x' && at + 3 < line.size()) {
    const int high = hex_value(line[at + 2]);
    const int low = hex_value(line[at + 3]);
    if (high >= 0 && low >= 0) {
      output.push_back(static_cast<char>(high * 16 + low));
      return at + 4;
    }
  }
  output.push_back(unescape(line[at + 1]));
  return at + 2;
}

// Appends the quoted part whose opening quote is line[at]; returns the offset behind its closing quote, npos
// if it has none or if something other than a blank follows it.
std::size_t append_quoted(std::string_view line, std::size_t at, std::string& output) {
  const char quote = line[at++];
  while (at < line.size()) {
    const char c = line[at];
    const bool more = at + 1 < line.size();
    if (c == quote) return !more || is_blank(line[at + 1]) ? at + 1 : std::string_view::npos;
    if (c == '\\' && quote == '"' && more) {
      at = append_escape(line, at, output);
    } else if (c == '\\' && more && line[at + 1] == '\'') {
      output.push_back('\'');
      at += 2;
    } else {
      output.push_back(c);
      ++at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool split_inline(std::string_view line, std::string& unquoted, std::vector<std::string_view>& words) {
  words.clear();
  unquoted.clear();
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return true;

    const std::size_t start = at;
    while (at < line.size() && !ends_plain(line[at]) && line[at] != '"' && line[at] != '\'') ++at;
    if (at == line.size() || ends_plain(line[at])) {
      words.push_back(line.substr(start, at - start));
      continue;
    }
    // Removing quotes never makes a word longer, so one reservation keeps the views of earlier words valid.
    if (unquoted.empty()) unquoted.reserve(line.size());
    const std::size_t unquoted_start = unquoted.size();
    unquoted.append(line, start, at - start);
    at = append_quoted(line, at, unquoted);
    if (at == std::string_view::npos) {
      words.clear();
      return false;
    }
    assert(unquoted.size() <= line.size());
    words.emplace_back(unquoted.data() + unquoted_start, unquoted.size() - unquoted_start);
  }
}

}  // namespace stave::resp
