// SPDX-License-Identifier: Apache-2.0
#include "resp/reply.h"

#include <algorithm>
#include <charconv>

#include "resp/number_text.h"

namespace stave::resp {
namespace {

constexpr std::string_view kEol = "\r\n";

// A mark, the longest 64-bit integer, "\r\n".
constexpr std::size_t kNumberLineBytesMax = 1 + 20 + 2;

// Writes `mark`, `number` and "\r\n" to `line`, which has room for kNumberLineBytesMax; returns the bytes
// written.
std::size_t write_number_line(char* line, char mark, std::int64_t number) {
  *line = mark;
  char* p = std::to_chars(line + 1, line + kNumberLineBytesMax - 2, number).ptr;
  *p++ = '\r';
  *p++ = '\n';
  return static_cast<std::size_t>(p - line);
}

}  // namespace

void ReplyWriter::error(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(kEol), text.size());
  text = text.substr(first, text.find_last_not_of(kEol) + 1 - first);
  output_.push_back('-');
  const std::size_t start = output_.size();
  output_.append(text);
  std::replace_if(
      output_.begin() + static_cast<std::ptrdiff_t>(start), output_.end(),
      [](char c) { return c == '\r' || c == '\n'; }, ' ');
  output_.append(kEol);
}

void ReplyWriter::bulk(std::string_view bytes) {
  char line[kNumberLineBytesMax];
  output_.append(line, write_number_line(line, '$', static_cast<std::int64_t>(bytes.size())));
  output_.append(bytes);
  output_.append(kEol);
}

void ReplyWriter::double_number(double number) {
  char buffer[kDoubleTextBytesMax];
  double_text(resp::double_text(number, buffer));
}

void ReplyWriter::verbatim(std::string_view text, std::string_view format) {
  if (protocol_ == 2) return bulk(text);
  append_number('=', static_cast<std::int64_t>(text.size() + 4));
  for (std::size_t i = 0; i < 3; ++i) output_.push_back(i < format.size() ? format[i] : ' ');
  output_.push_back(':');
  output_.append(text);
  output_.append(kEol);
}

void ReplyWriter::append_line(char mark, std::string_view text) {
  output_.push_back(mark);
  output_.append(text);
  output_.append(kEol);
}

void ReplyWriter::append_number(char mark, std::int64_t number) {
  char line[kNumberLineBytesMax];
  output_.append(line, write_number_line(line, mark, number));
}

}  // namespace stave::resp
