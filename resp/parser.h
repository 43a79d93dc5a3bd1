// SPDX-License-Identifier: Apache-2.0
// The request parser: bytes of one connection in, requests out, without copying and without I/O.
//
// First step of a command's way: the connection (worker thread) hands over what it has read and not yet
// consumed, and gets the arguments of the next request as views into those bytes. The parser owns no input;
// between calls it keeps only how far it came, so that a request arriving in many pieces is scanned once. Any
// split of a stream gives the same requests and the same error.
//
//   request   = multibulk | inline
//   multibulk = "*" count eol  count times ("$" length eol  length bytes  any two bytes)
//   inline    = words and quoted words, ended by "\n"; an "\r" before it is dropped (see inline.h)
//   eol       = "\r" and any one byte
//
// Redis looks only at the "\r", so "*1\rX" is a header line and what follows a bulk is skipped unseen; a NUL
// byte in a header or inline line hides the line's end, so that it fails as too long once enough bytes are
// there. Clients in the field cannot tell, but a test that compares byte for byte can, so all of that is as
// in Redis 7.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stave::resp {

// What a client may ask us to buffer. May differ from request to request, not within one.
struct Limits {
  std::size_t bulk_bytes_max = 512u << 20;   // one argument (proto-max-bulk-len)
  std::size_t arguments_max = 1024 * 1024;   // arguments of one request
  std::size_t inline_bytes_max = 64u << 10;  // an inline request, and each header line; at least 16
  bool authenticated = true;  // false: at most 10 arguments of at most 16384 bytes, as in Redis
};

using Arguments = std::vector<std::string_view>;

enum class ParseStatus : std::uint8_t { kRequest, kIncomplete, kError };

class RequestParser {
 public:
  // `unconsumed` begins at the first byte of the request that is being parsed: bytes seen in earlier calls
  // must be there again, unchanged but at any address, followed by the new ones.
  //   kRequest     `arguments` views into `unconsumed` or, for quoted inline words, into storage of the
  //   parser that
  //                lives until the next call. An empty inline line, `*0` and `*-1` give no arguments: skip
  //                them.
  //   kIncomplete  `arguments` is empty; call again with more bytes.
  //   kError       error() is what to reply before closing; the parser is dead.
  [[nodiscard]] ParseStatus parse(std::string_view unconsumed, const Limits& limits, Arguments& arguments);

  // Bytes that the request took. REQUIRES: the last call gave kRequest.
  std::size_t consumed() const { return consumed_; }

  // Redis' text, "ERR Protocol error: ...". REQUIRES: the last call gave kError.
  std::string_view error() const { return error_; }

  // After kIncomplete: bytes from the start of the request that it is known to need; 0 when nothing is known
  // yet. It is what a client announced, bounded by Limits::bulk_bytes_max for each argument.
  std::size_t bytes_needed() const { return bytes_needed_; }

 private:
  // An argument of a request that is not complete yet: addresses may change between calls, offsets do not.
  struct Span {
    std::size_t offset;
    std::size_t bytes;
  };

  ParseStatus parse_multibulk(std::string_view unconsumed, const Limits& limits, Arguments& arguments);
  ParseStatus parse_inline(std::string_view unconsumed, const Limits& limits, Arguments& arguments);
  void take_usual_bulks(std::string_view unconsumed, const Limits& limits, Arguments& arguments);
  ParseStatus read_count(std::string_view unconsumed, const Limits& limits);
  ParseStatus read_bulk_header(std::string_view unconsumed, const Limits& limits);
  ParseStatus read_header_line(std::string_view unconsumed, const Limits& limits, std::string_view too_long,
                               std::string_view& line);
  ParseStatus suspend(std::string_view unconsumed, Arguments& arguments);
  ParseStatus finish(std::string_view unconsumed, Arguments& arguments);
  ParseStatus fail(std::string_view text);

  static constexpr std::int64_t kUnknown = -1;

  std::size_t cursor_ = 0;                  // offset of the first byte that is not parsed
  std::size_t line_scanned_ = 0;            // bytes from cursor_ on that are known to hold no end of line
  std::int64_t arguments_left_ = kUnknown;  // of the request; kUnknown before its count line
  std::int64_t bulk_bytes_ = kUnknown;      // of the bulk at cursor_; kUnknown when its header comes next
  std::size_t consumed_ = 0;
  std::size_t bytes_needed_ = 0;
  std::vector<Span> spans_;  // arguments found in earlier calls for this request
  std::string unquoted_;     // inline words whose quotes are removed; the caller has views into it
  std::string error_;        // empty while the parser is alive
};

}  // namespace stave::resp
