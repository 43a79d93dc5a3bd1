// SPDX-License-Identifier: Apache-2.0
#include "src/commands/set_options.h"

#include <limits>
#include <optional>

#include "src/ascii.h"
#include "src/commands/arguments.h"

namespace stave {
namespace {

using Kind = ExpiryOption::Kind;

constexpr std::int64_t kTimeMax = std::numeric_limits<std::int64_t>::max();

// The four options that are followed by a number.
std::optional<Kind> time_option(std::string_view word) {
  if (ascii::equal(word, "ex")) return Kind::kEx;
  if (ascii::equal(word, "px")) return Kind::kPx;
  if (ascii::equal(word, "exat")) return Kind::kExat;
  if (ascii::equal(word, "pxat")) return Kind::kPxat;
  return std::nullopt;
}

// Each expiry option may be repeated, but does not go with another one.
bool choose(ExpiryOption& expiry, Kind kind) {
  if (expiry.kind != Kind::kNone && expiry.kind != kind) return false;
  expiry.kind = kind;
  return true;
}

// Takes an option with its number at `options[at]` and moves `at` to the number. False when it is none, or
// lacks the number.
bool take_time_option(Args options, std::size_t& at, ExpiryOption& expiry) {
  const auto kind = time_option(options[at]);
  if (!kind || at + 1 >= options.size() || !choose(expiry, *kind)) return false;
  expiry.number = options[++at];
  return true;
}

bool take_set_option(Args options, std::size_t& at, SetOptions& parsed) {
  const std::string_view word = options[at];
  if (ascii::equal(word, "nx")) return parsed.only_if_absent = !parsed.only_if_present;
  if (ascii::equal(word, "xx")) return parsed.only_if_present = !parsed.only_if_absent;
  if (ascii::equal(word, "get")) return parsed.get = true;
  if (ascii::equal(word, "keepttl")) return choose(parsed.expiry, Kind::kKeepTtl);
  return take_time_option(options, at, parsed.expiry);
}

}  // namespace

Result<SetOptions> parse_set_options(Args options) {
  SetOptions parsed;
  for (std::size_t at = 0; at < options.size(); ++at) {
    if (!take_set_option(options, at, parsed)) return errors::kSyntax;
  }
  return parsed;
}

Result<ExpiryOption> parse_getex_options(Args options) {
  ExpiryOption parsed;
  for (std::size_t at = 0; at < options.size(); ++at) {
    const bool taken = ascii::equal(options[at], "persist") ? choose(parsed, Kind::kPersist)
                                                            : take_time_option(options, at, parsed);
    if (!taken) return errors::kSyntax;
  }
  return parsed;
}

Result<std::int64_t> expiry_time(const ExpiryOption& option, std::int64_t now_ms, std::string_view command) {
  auto number = integer_argument(option.number);
  if (!number.ok()) return number.take_status();
  const bool in_seconds = option.kind == Kind::kEx || option.kind == Kind::kExat;
  const bool relative = option.kind == Kind::kEx || option.kind == Kind::kPx;
  std::int64_t time_ms = *number;
  if (time_ms <= 0 || (in_seconds && time_ms > kTimeMax / 1000)) return errors::invalid_expire_time(command);
  if (in_seconds) time_ms *= 1000;
  if (!relative) return time_ms;
  if (time_ms > kTimeMax - now_ms) return errors::invalid_expire_time(command);
  return time_ms + now_ms;
}

}  // namespace stave
