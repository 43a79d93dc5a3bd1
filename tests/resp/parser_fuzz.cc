// SPDX-License-Identifier: Apache-2.0
// Fuzz target (libFuzzer): the request parser gives the same requests and the same error for a stream that
// comes whole, byte by byte, and in pieces of fuzzer-chosen sizes.
//
//   input = limits (1 byte)  piece sizes less one (4 bytes)  stream
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "tests/resp/transcript.h"

namespace {

using stave::resp::Limits;
using stave::resp::test::Transcript;

constexpr std::size_t kPieceSizes = 4;

// Bit 0: limits small enough for short inputs to reach. Bit 1: authenticated.
Limits choose_limits(std::uint8_t bits) {
  Limits limits;
  limits.authenticated = (bits & 2) != 0;
  if ((bits & 1) != 0) {
    limits.bulk_bytes_max = 16;
    limits.arguments_max = 4;
    limits.inline_bytes_max = 24;
  }
  return limits;
}

void require_same(const Transcript& whole, const Transcript& split, const char* how) {
  if (whole == split && whole.violation.empty()) return;
  std::fprintf(
      stderr,
      "whole: %zu requests, error '%s', violation '%s'\n%s: %zu requests, error '%s', violation '%s'\n",
      whole.requests.size(), whole.error.c_str(), whole.violation.c_str(), how, split.requests.size(),
      split.error.c_str(), split.violation.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 + kPieceSizes) return 0;
  const Limits limits = choose_limits(data[0]);
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < kPieceSizes; ++i) sizes.push_back(std::size_t{data[1 + i]} + 1);
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1 + kPieceSizes,
                                size - 1 - kPieceSizes);

  const Transcript whole = stave::resp::test::parse_whole(stream, limits);
  require_same(whole, stave::resp::test::parse_split(stream, {1}, limits), "byte by byte");
  require_same(whole, stave::resp::test::parse_split(stream, sizes, limits), "in pieces");
  return 0;
}
