// SPDX-License-Identifier: Apache-2.0
#include "resp/parser.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "resp/inline.h"

namespace stave::resp {
namespace {

constexpr std::int64_t kUnauthenticatedArgumentsMax = 10;
constexpr std::size_t kUnauthenticatedBulkBytesMax = 16384;

constexpr std::size_t kEolBytes = 2;

// Storage above these is given back, so that one large request does not make a connection large for good.
constexpr std::size_t kSpansKept = 64;
constexpr std::size_t kUnquotedBytesKept = 256;

// Not a digit: above 9.
inline unsigned digit_value(char c) {
  return static_cast<unsigned>(static_cast<unsigned char>(c)) - '0';
}

// Reads the usual header line: `mark`, 1 to 9 digits without leading zeros, "\r" and one more byte. Moves `p`
// behind it. False, with `p` unchanged, leaves the decision to the careful reader: incomplete, negative, huge
// or malformed.
inline bool read_usual_header(char mark, const char*& p, const char* end, std::size_t& value) {
  if (end - p < 4 || *p != mark) return false;
  const char* digit = p + 1;
  unsigned number = digit_value(*digit++);
  if (number > 9) return false;
  if (*digit != '\r') {
    if (number == 0) return false;
    const char* const stop = end - p > 10 ? p + 10 : end;
    for (; digit < stop && digit_value(*digit) <= 9; ++digit) number = number * 10 + digit_value(*digit);
    if (end - digit < 2 || *digit != '\r') return false;
  }
  value = number;
  p = digit + 2;
  return true;
}

// A signed 64-bit decimal as Redis takes it: no plus sign, no leading zeros, no "-0", no blanks.
bool read_number(std::string_view text, std::int64_t& value) {
  if (text.empty()) return false;
  const std::string_view digits = text.substr(text[0] == '-' ? 1 : 0);
  if (digits.empty()) return false;
  if (digits[0] == '0' && text != "0") return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} && end == text.data() + text.size();
}

enum class LineEnd : std::uint8_t { kFound, kMissing, kTooFar };

// Looks for `mark` in the line, which may have `bytes_max` bytes before it, from `scanned` on; leaves in
// `scanned` the offset where it is, or from where to go on. A NUL stops the search for good.
LineEnd find_line_end(std::string_view line, char mark, std::size_t bytes_max, std::size_t& scanned) {
  const std::size_t window = line.size() > bytes_max ? bytes_max + 1 : line.size();
  while (scanned < window && line[scanned] != '\0') {
    if (line[scanned] == mark) return LineEnd::kFound;
    ++scanned;
  }
  return line.size() > bytes_max ? LineEnd::kTooFar : LineEnd::kMissing;
}

}  // namespace

ParseStatus RequestParser::parse(std::string_view unconsumed, const Limits& limits, Arguments& arguments) {
  arguments.clear();
  bytes_needed_ = 0;
  if (!error_.empty()) return ParseStatus::kError;
  if (unconsumed.empty()) return ParseStatus::kIncomplete;
  if (unconsumed[0] == '*') return parse_multibulk(unconsumed, limits, arguments);
  return parse_inline(unconsumed, limits, arguments);
}

ParseStatus RequestParser::parse_multibulk(std::string_view unconsumed, const Limits& limits,
                                           Arguments& arguments) {
  if (arguments_left_ == kUnknown) {
    const ParseStatus status = read_count(unconsumed, limits);
    if (status != ParseStatus::kRequest) return status;
  }
  while (arguments_left_ > 0) {
    if (bulk_bytes_ == kUnknown) {
      take_usual_bulks(unconsumed, limits, arguments);
      if (arguments_left_ == 0) break;
      const ParseStatus status = read_bulk_header(unconsumed, limits);
      if (status == ParseStatus::kIncomplete) return suspend(unconsumed, arguments);
      if (status == ParseStatus::kError) {
        arguments.clear();
        return status;
      }
    }
    const auto bulk_bytes = static_cast<std::size_t>(bulk_bytes_);
    if (unconsumed.size() - cursor_ < bulk_bytes + kEolBytes) {
      bytes_needed_ = cursor_ + bulk_bytes + kEolBytes;
      return suspend(unconsumed, arguments);
    }
    arguments.push_back(unconsumed.substr(cursor_, bulk_bytes));
    cursor_ += bulk_bytes + kEolBytes;
    bulk_bytes_ = kUnknown;
    --arguments_left_;
  }
  return finish(unconsumed, arguments);
}

// The hot path: takes bulks as long as they are whole and nothing about them is unusual or wrong.
void RequestParser::take_usual_bulks(std::string_view unconsumed, const Limits& limits,
                                     Arguments& arguments) {
  const std::size_t bytes_max = limits.authenticated
                                    ? limits.bulk_bytes_max
                                    : std::min(limits.bulk_bytes_max, kUnauthenticatedBulkBytesMax);
  // Locals, since the compiler must reload members after each store through `arguments`.
  const char* const end = unconsumed.data() + unconsumed.size();
  const char* p = unconsumed.data() + cursor_;
  std::int64_t left = arguments_left_;
  for (; left > 0; --left) {
    const char* bulk = p;
    std::size_t bytes = 0;
    if (!read_usual_header('$', bulk, end, bytes) || bytes > bytes_max) break;
    if (static_cast<std::size_t>(end - bulk) < bytes + kEolBytes) break;
    arguments.emplace_back(bulk, bytes);
    p = bulk + bytes + kEolBytes;
  }
  if (left == arguments_left_) return;  // what is known of the line at the cursor still holds
  cursor_ = static_cast<std::size_t>(p - unconsumed.data());
  line_scanned_ = 0;
  arguments_left_ = left;
}

ParseStatus RequestParser::read_count(std::string_view unconsumed, const Limits& limits) {
  const char* p = unconsumed.data();
  std::size_t usual_count = 0;
  std::int64_t count = 0;
  if (read_usual_header('*', p, unconsumed.data() + unconsumed.size(), usual_count)) {
    cursor_ = static_cast<std::size_t>(p - unconsumed.data());
    line_scanned_ = 0;
    count = static_cast<std::int64_t>(usual_count);
  } else {
    std::string_view line;
    const ParseStatus status = read_header_line(unconsumed, limits, "too big mbulk count string", line);
    if (status != ParseStatus::kRequest) return status;
    if (!read_number(line.substr(1), count)) return fail("invalid multibulk length");
  }
  if (count > std::numeric_limits<std::int32_t>::max()) return fail("invalid multibulk length");
  if (count > kUnauthenticatedArgumentsMax && !limits.authenticated) {
    return fail("unauthenticated multibulk length");
  }
  if (count > 0 && static_cast<std::size_t>(count) > limits.arguments_max) {
    return fail("invalid multibulk length");
  }
  arguments_left_ = std::max<std::int64_t>(count, 0);
  return ParseStatus::kRequest;
}

// Reads the header of the bulk at the cursor, whatever it looks like.
ParseStatus RequestParser::read_bulk_header(std::string_view unconsumed, const Limits& limits) {
  std::string_view line;
  const ParseStatus status = read_header_line(unconsumed, limits, "too big bulk count string", line);
  if (status != ParseStatus::kRequest) return status;
  if (line.empty() || line[0] != '$') {
    // An empty line ends where it begins: Redis shows that "\r", and its error replies turn it into a blank.
    const char got = line.empty() || line[0] == '\n' ? ' ' : line[0];
    return fail(std::string("expected '$', got '") + got + "'");
  }
  std::int64_t bytes = 0;
  if (!read_number(line.substr(1), bytes) || bytes < 0 ||
      static_cast<std::size_t>(bytes) > limits.bulk_bytes_max) {
    return fail("invalid bulk length");
  }
  if (static_cast<std::size_t>(bytes) > kUnauthenticatedBulkBytesMax && !limits.authenticated) {
    return fail("unauthenticated bulk length");
  }
  bulk_bytes_ = bytes;
  return ParseStatus::kRequest;
}

// Takes the line at the cursor, without its end, and moves behind it. `too_long` is the error when there is
// no end in reach; the limit is that of inline requests, as in Redis.
ParseStatus RequestParser::read_header_line(std::string_view unconsumed, const Limits& limits,
                                            std::string_view too_long, std::string_view& line) {
  const std::string_view rest = unconsumed.substr(cursor_);
  const LineEnd found = find_line_end(rest, '\r', limits.inline_bytes_max, line_scanned_);
  if (found == LineEnd::kTooFar) return fail(too_long);
  if (found == LineEnd::kMissing || rest.size() < line_scanned_ + kEolBytes) return ParseStatus::kIncomplete;
  line = rest.substr(0, line_scanned_);
  cursor_ += line_scanned_ + kEolBytes;
  line_scanned_ = 0;
  return ParseStatus::kRequest;
}

ParseStatus RequestParser::parse_inline(std::string_view unconsumed, const Limits& limits,
                                        Arguments& arguments) {
  const LineEnd found = find_line_end(unconsumed, '\n', limits.inline_bytes_max, line_scanned_);
  if (found == LineEnd::kTooFar) return fail("too big inline request");
  if (found == LineEnd::kMissing) return ParseStatus::kIncomplete;
  std::string_view line = unconsumed.substr(0, line_scanned_);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (unquoted_.capacity() > kUnquotedBytesKept) unquoted_ = std::string();
  if (!split_inline(line, unquoted_, arguments)) return fail("unbalanced quotes in request");
  consumed_ = line_scanned_ + 1;
  line_scanned_ = 0;
  return ParseStatus::kRequest;
}

// Remembers by offset what this call found, since the bytes may move before the next one.
ParseStatus RequestParser::suspend(std::string_view unconsumed, Arguments& arguments) {
  for (const std::string_view argument : arguments) {
    spans_.push_back({static_cast<std::size_t>(argument.data() - unconsumed.data()), argument.size()});
  }
  arguments.clear();
  return ParseStatus::kIncomplete;
}

// Puts what earlier calls found before what this call found, and makes the parser ready for the next request.
ParseStatus RequestParser::finish(std::string_view unconsumed, Arguments& arguments) {
  if (!spans_.empty()) {
    arguments.insert(arguments.begin(), spans_.size(), std::string_view());
    std::transform(spans_.begin(), spans_.end(), arguments.begin(),
                   [&](const Span& span) { return unconsumed.substr(span.offset, span.bytes); });
    spans_.clear();
    if (spans_.capacity() > kSpansKept) spans_ = std::vector<Span>();  // not {}, which would keep the storage
  }
  consumed_ = cursor_;
  cursor_ = 0;
  arguments_left_ = kUnknown;
  return ParseStatus::kRequest;
}

ParseStatus RequestParser::fail(std::string_view text) {
  error_ = "ERR Protocol error: ";
  error_ += text;
  return ParseStatus::kError;
}

}  // namespace stave::resp
