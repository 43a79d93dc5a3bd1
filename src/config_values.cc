// SPDX-License-Identifier: Apache-2.0
#include "src/config_values.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <type_traits>

#include "src/ascii.h"
#include "src/sizes.h"

namespace stave {

namespace {

// At each single space, as Redis splits: two in a row have an empty word between them, and "" has no words.
std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    std::size_t space = text.find(' ');
    words.push_back(text.substr(0, space));
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
    if (text.empty()) words.emplace_back();
  }
  return words;
}

std::optional<int64_t> parse_integer(std::string_view text, int base) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// The one way to write the number: no leading zero, no "-0".
std::optional<int64_t> parse_plain_integer(std::string_view text) {
  std::optional<int64_t> number = parse_integer(text, 10);
  if (!number || std::to_string(*number) != text) return std::nullopt;
  return number;
}

// ---- Enumerations: their names, by value. ----

template <typename Enum>
struct EnumNames;
template <>
struct EnumNames<AppendFsync> {
  static constexpr std::array<std::string_view, 3> kNames = {"everysec", "always", "no"};
};
template <>
struct EnumNames<IoBackend> {
  static constexpr std::array<std::string_view, 3> kNames = {"auto", "uring", "threads"};
};
template <>
struct EnumNames<LogLevel> {
  static constexpr std::array<std::string_view, 4> kNames = {"debug", "verbose", "notice", "warning"};
};
template <>
struct EnumNames<DebugCommand> {
  static constexpr std::array<std::string_view, 3> kNames = {"no", "yes", "local"};
};
template <>
struct EnumNames<MaxmemoryPolicy> {
  static constexpr std::array<std::string_view, 8> kNames = {
      "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
      "allkeys-lru",  "allkeys-lfu",  "allkeys-random",  "noeviction"};
};

// ---- parse: text to a field of each type ----

Status parse_number(const Setting& setting, std::string_view text, int64_t& value) {
  std::optional<int64_t> number;
  switch (setting.form) {
    case NumberForm::kPlain:
      number = parse_plain_integer(text);
      if (!number) return Error{"argument couldn't be parsed into an integer"};
      break;
    case NumberForm::kBytes:
      number = parse_bytes(text);
      if (!number) return Error{"argument must be a memory value"};
      break;
    case NumberForm::kOctal:
      number = parse_integer(text, 8);
      if (!number) return Error{"argument couldn't be parsed as an octal number"};
      break;
  }
  if (*number < setting.min || *number > setting.max) {
    constexpr auto kDecimal = "argument must be between {} and {} inclusive";
    constexpr auto kOctal = "argument must be between {:o} and {:o} inclusive";
    bool octal = setting.form == NumberForm::kOctal;
    return Status::error(fmt::format(fmt::runtime(octal ? kOctal : kDecimal), setting.min, setting.max));
  }
  value = *number;
  return {};
}

OutputBufferLimit* limit_of_class(OutputBufferLimits& limits, std::string_view name) {
  if (ascii::equal(name, "normal")) return &limits.normal;
  if (ascii::equal(name, "slave") || ascii::equal(name, "replica")) return &limits.replica;
  if (ascii::equal(name, "pubsub")) return &limits.pubsub;
  return nullptr;
}

// Any number of: class hard soft seconds. Classes that are not named keep what they have.
Status parse_limits(std::string_view text, OutputBufferLimits& limits) {
  std::vector<std::string_view> words = split_words(text);
  if (words.size() % 4 != 0) {
    return Error{"Wrong number of arguments in buffer limit configuration."};
  }
  for (std::size_t i = 0; i < words.size(); i += 4) {
    OutputBufferLimit* limit = limit_of_class(limits, words[i]);
    if (limit == nullptr) return Error{"Invalid client class specified in buffer limit configuration."};
    std::optional<int64_t> hard = parse_bytes(words[i + 1]);
    std::optional<int64_t> soft = parse_bytes(words[i + 2]);
    std::optional<int64_t> seconds = parse_integer(words[i + 3], 10);
    if (!hard || !soft || !seconds || *seconds < 0) {
      return Error{"Error in hard, soft or soft_seconds setting in buffer limit configuration."};
    }
    *limit = {*hard, *soft, *seconds};
  }
  return {};
}

Status parse_value(const Setting& setting, std::string_view text, int64_t& value) {
  return parse_number(setting, text, value);
}

Status parse_value(const Setting&, std::string_view text, bool& value) {
  value = ascii::equal(text, "yes");
  if (value || ascii::equal(text, "no")) return {};
  return Error{"argument must be 'yes' or 'no'"};
}

Status parse_value(const Setting&, std::string_view text, std::string& value) {
  value = text;
  return {};
}

Status parse_value(const Setting&, std::string_view text, std::vector<std::string>& value) {
  value.clear();
  for (std::string_view word : split_words(text)) {
    if (!word.empty()) value.emplace_back(word);
  }
  return {};
}

Status parse_value(const Setting&, std::string_view text, OutputBufferLimits& value) {
  return parse_limits(text, value);
}

Status parse_value(const Setting&, std::string_view text, EventClasses& value) {
  const auto classes = parse_event_classes(text);
  if (!classes) return Error{"Invalid event class character. Use 'Ag$lshzxeKEtmdn'."};
  value = *classes;
  return {};
}

template <typename Enum>
requires std::is_enum_v<Enum> Status parse_value(const Setting&, std::string_view text, Enum& value) {
  const auto& names = EnumNames<Enum>::kNames;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!ascii::equal(text, names[i])) continue;
    value = static_cast<Enum>(i);
    return {};
  }
  return Status::error(fmt::format("argument(s) must be one of the following: {}", fmt::join(names, ", ")));
}

// ---- format: a field of each type to text ----

std::string format_value(const Setting& setting, int64_t value) {
  return setting.form == NumberForm::kOctal ? fmt::format("{:o}", value) : std::to_string(value);
}

std::string format_value(const Setting&, bool value) {
  return value ? "yes" : "no";
}
std::string format_value(const Setting&, const std::string& value) {
  return value;
}
std::string format_value(const Setting&, const std::vector<std::string>& value) {
  return fmt::format("{}", fmt::join(value, " "));
}

std::string format_limit(const OutputBufferLimit& limit) {
  return fmt::format("{} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_seconds);
}

std::string format_value(const Setting&, const OutputBufferLimits& value) {
  return fmt::format("normal {} slave {} pubsub {}", format_limit(value.normal), format_limit(value.replica),
                     format_limit(value.pubsub));
}

std::string format_value(const Setting&, EventClasses value) {
  return format_event_classes(value);
}

template <typename Enum>
requires std::is_enum_v<Enum> std::string format_value(const Setting&, Enum value) {
  return std::string(EnumNames<Enum>::kNames[static_cast<std::size_t>(value)]);
}

// ---- format for TOML ----

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string format_toml(const Setting& setting, int64_t value) {
  if (setting.form == NumberForm::kPlain) return std::to_string(value);
  if (setting.form == NumberForm::kOctal) return quoted(format_value(setting, value));
  std::string text = format_bytes(value);
  return text == std::to_string(value) ? text : quoted(text);
}

std::string format_toml(const Setting&, bool value) {
  return value ? "true" : "false";
}

std::string format_toml(const Setting&, const std::vector<std::string>& value) {
  std::vector<std::string> words;
  words.reserve(value.size());
  for (const std::string& word : value) words.push_back(quoted(word));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

std::string format_toml(const Setting&, const EventClasses& value) {
  return quoted(format_event_classes_fully(value));
}

std::string format_toml(const Setting& setting, const auto& value) {
  return quoted(format_value(setting, value));
}

}  // namespace

Status parse_setting(const Setting& setting, std::string_view text, Settings& settings) {
  auto parse = [&](auto member) { return parse_value(setting, text, settings.*member); };
  Status status = std::visit(parse, setting.field);
  if (status.ok() && setting.check != nullptr) status = setting.check(settings);
  return status;
}

std::string format_setting(const Setting& setting, const Settings& settings) {
  auto format = [&](auto member) { return format_value(setting, settings.*member); };
  return std::visit(format, setting.field);
}

std::string format_setting_toml(const Setting& setting, const Settings& settings) {
  auto format = [&](auto member) { return format_toml(setting, settings.*member); };
  return std::visit(format, setting.field);
}

std::string_view without_subject(std::string_view reason) {
  for (std::string_view subject : {"argument(s) ", "argument "}) {
    if (reason.starts_with(subject)) return reason.substr(subject.size());
  }
  return reason;
}

Settings default_settings() {
  Settings settings;
  Status status = parse_setting(*find_setting("dir"), settings.dir, settings);
  if (!status.ok()) settings.dir = ".";  // the working directory is gone: starting there will say so
  return settings;
}

}  // namespace stave
