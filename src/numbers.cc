// SPDX-License-Identifier: Apache-2.0
#include "src/numbers.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace stave {
namespace {

// The largest finite long double has 4933 digits before the point; Redis reads no longer texts than this
// either.
constexpr std::size_t kFloatTextBytesMax = 5 * 1024;
constexpr int kFractionDigits = 17;

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

template <typename Float>
std::optional<Float> parse_float(std::string_view text, Float (*convert)(const char*, char**)) {
  if (text.empty() || text.size() >= kFloatTextBytesMax || is_blank(text[0])) return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const Float number = convert(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(number)) return std::nullopt;
  // A subnormal result sets ERANGE too, and is accepted.
  if (errno == ERANGE && (std::isinf(number) || number == 0)) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text == "0") return 0;
  const std::size_t first_digit = text.starts_with('-') ? 1 : 0;
  // What from_chars would take and Redis does not: "007", "-0".
  if (text.size() <= first_digit || text[first_digit] == '0') return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::string_view integer_text(std::int64_t number, char (&buffer)[kIntegerTextBytesMax]) {
  const char* const end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

std::optional<double> parse_double(std::string_view text) {
  return parse_float<double>(text, std::strtod);
}

std::optional<long double> parse_long_double(std::string_view text) {
  return parse_float<long double>(text, std::strtold);
}

std::string long_double_text(long double number) {
  char buffer[kFloatTextBytesMax];
  const int written = std::snprintf(buffer, sizeof buffer, "%.*Lf", kFractionDigits, number);
  std::string_view text(buffer, static_cast<std::size_t>(written));
  if (text.find('.') != std::string_view::npos) {
    text = text.substr(0, text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.remove_suffix(1);
  }
  return std::string(text == "-0" ? "0" : text);
}

}  // namespace stave
