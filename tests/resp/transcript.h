// SPDX-License-Identifier: Apache-2.0
// What a request parser makes of a stream that arrives in given pieces; for the parser's tests and its fuzz
// target.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/parser.h"

namespace stave::resp::test {

struct Transcript {
  std::vector<std::vector<std::string>> requests;
  std::string error;           // empty: none
  std::size_t bytes_left = 0;  // not consumed at the end
  std::string violation;       // of what parser.h promises; empty: none

  bool operator==(const Transcript&) const = default;
};

// Plays a connection that reads the pieces one after the other.
class Player {
 public:
  explicit Player(const Limits& limits) : limits_(limits) {}

  Transcript play(const std::vector<std::string_view>& pieces) {
    for (const std::string_view piece : pieces) {
      pending_.append(piece);
      while (transcript_.error.empty() && parse_one()) {
      }
    }
    transcript_.bytes_left = pending_.size();
    return std::move(transcript_);
  }

 private:
  // Every call sees the bytes in a new allocation of just their size: the sanitizer notices reads past it,
  // and views into an earlier call's bytes.
  bool parse_one() {
    const std::size_t size = pending_.size();
    const std::unique_ptr<char[]> copy(new char[size]);
    pending_.copy(copy.get(), size);
    const ParseStatus status = parser_.parse({copy.get(), size}, limits_, arguments_);
    if (status == ParseStatus::kRequest) return take_request();
    if (!arguments_.empty()) transcript_.violation = "arguments without a request";
    if (status == ParseStatus::kError) {
      transcript_.error = parser_.error();
    } else if (parser_.bytes_needed() != 0) {
      if (parser_.bytes_needed() <= size) transcript_.violation = "incomplete, but has the bytes it needs";
      needed_ = parser_.bytes_needed();
    }
    return false;
  }

  bool take_request() {
    transcript_.requests.emplace_back(arguments_.begin(), arguments_.end());
    if (parser_.consumed() == 0 || parser_.consumed() > pending_.size()) {
      transcript_.violation = "consumed nothing, or more than there is";
      return false;
    }
    if (parser_.consumed() < needed_) transcript_.violation = "needed less than it said";
    pending_.erase(0, parser_.consumed());
    needed_ = 0;
    return true;
  }

  Limits limits_;
  RequestParser parser_;
  Arguments arguments_;
  std::string pending_;
  std::size_t needed_ = 0;
  Transcript transcript_;
};

inline Transcript parse_pieces(const std::vector<std::string_view>& pieces, const Limits& limits = {}) {
  return Player(limits).play(pieces);
}

inline Transcript parse_whole(std::string_view stream, const Limits& limits = {}) {
  return parse_pieces({stream}, limits);
}

// In pieces of the given sizes, which are used in turn until the stream ends. REQUIRES: none of them is 0.
inline Transcript parse_split(std::string_view stream, const std::vector<std::size_t>& sizes,
                              const Limits& limits = {}) {
  std::vector<std::string_view> pieces;
  for (std::size_t turn = 0; !stream.empty(); ++turn) {
    const std::string_view piece = stream.substr(0, sizes[turn % sizes.size()]);
    pieces.push_back(piece);
    stream.remove_prefix(piece.size());
  }
  return parse_pieces(pieces, limits);
}

// A request as clients send it.
inline std::string encode(const std::vector<std::string>& arguments) {
  std::string bytes = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    bytes += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return bytes;
}

}  // namespace stave::resp::test
