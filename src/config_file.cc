// SPDX-License-Identifier: Apache-2.0
#include "src/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "src/config_values.h"

namespace stave {

namespace {

// What a setting's type may be written as in TOML.
struct Accepts {
  bool number = false;
  bool boolean = false;
  bool string = false;
  bool array = false;  // of strings
  std::string_view words;
};

constexpr Accepts kNumber{.number = true, .words = "a number"};
constexpr Accepts kBytes{.number = true, .string = true, .words = "a size such as 1048576 or \"1mb\""};
constexpr Accepts kOctal{.string = true, .words = "a string of octal digits such as \"700\""};
constexpr Accepts kBoolean{.boolean = true, .string = true, .words = "true or false"};
constexpr Accepts kString{.string = true, .words = "a string"};
constexpr Accepts kEnum{.boolean = true, .string = true, .words = "a string"};
constexpr Accepts kList{.string = true, .array = true, .words = "a string or an array of strings"};

const Accepts& accepts(const Setting& setting) {
  if (std::holds_alternative<int64_t Settings::*>(setting.field)) {
    if (setting.form == NumberForm::kBytes) return kBytes;
    return setting.form == NumberForm::kOctal ? kOctal : kNumber;
  }
  if (std::holds_alternative<bool Settings::*>(setting.field)) return kBoolean;
  if (std::holds_alternative<std::string Settings::*>(setting.field)) return kString;
  if (std::holds_alternative<std::vector<std::string> Settings::*>(setting.field)) return kList;
  if (std::holds_alternative<OutputBufferLimits Settings::*>(setting.field)) return kList;
  return kEnum;
}

std::optional<std::string> joined(const toml::array& array) {
  std::string text;
  for (const toml::node& element : array) {
    auto word = element.value_exact<std::string>();
    if (!word) return std::nullopt;
    if (!text.empty()) text += ' ';
    text += *word;
  }
  return text;
}

// The value as parse_setting takes it; nothing if it is of a type that the setting cannot have.
std::optional<std::string> value_text(const toml::node& value, const Accepts& accepted) {
  if (accepted.number && value.is_integer()) return std::to_string(*value.value_exact<int64_t>());
  if (accepted.boolean && value.is_boolean()) return *value.value_exact<bool>() ? "yes" : "no";
  if (accepted.string && value.is_string()) return value.value_exact<std::string>();
  if (accepted.array && value.is_array()) return joined(*value.as_array());
  return std::nullopt;
}

// toml++ counts lines and columns from 1, columns in code points.
std::size_t byte_offset(std::string_view content, toml::source_position position) {
  std::size_t at = 0;
  for (auto line = position.line; line > 1; --line) at = content.find('\n', at) + 1;
  auto continues = [&](std::size_t i) { return (static_cast<unsigned char>(content[i]) & 0xc0) == 0x80; };
  for (auto column = position.column; column > 1 && at < content.size(); --column) {
    ++at;
    while (at < content.size() && continues(at)) ++at;
  }
  return at;
}

Status error_at(std::string_view file, unsigned line, std::string_view reason) {
  return Status::error(fmt::format("{}:{}: {}", file, line, reason));
}

std::string_view line_text(std::string_view content, unsigned line) {
  for (; line > 1; --line) content.remove_prefix(std::min(content.find('\n'), content.size() - 1) + 1);
  return content.substr(0, content.find('\n'));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r";
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

// Like yes, always, 1gb or /data: what a string looks like without its quotes.
bool is_bare(std::string_view value) {
  constexpr std::string_view kNotInIt = "\"'[]{},=# \t";
  return !value.empty() && value.find_first_of(kNotInIt) == std::string_view::npos;
}

// What is wrong with a line of the file that is no TOML: its key, if it has one of ours, and how to write it,
// for the two mistakes that somebody makes who comes from redis.conf. `reason` is the parser's.
std::string syntax_error(std::string_view line, std::string_view reason) {
  line = trimmed(line);
  const std::size_t key_end = std::min(line.find_first_of(" \t=:"), line.size());
  const std::string_view key = line.substr(0, key_end);
  const Setting* setting = find_setting_loosely(key);
  if (setting == nullptr) return std::string(reason);
  const std::string_view rest = trimmed(line.substr(key_end));
  if (!rest.starts_with('=')) {
    const std::string example = format_setting_toml(*setting, Settings());
    return fmt::format("{}: needs a = before its value, as in: {} = {}", key, setting->name, example);
  }
  const std::string_view value = trimmed(rest.substr(1, rest.find('#') - 1));
  if (value.empty()) return fmt::format("{}: needs a value", key);
  if (is_bare(value) && accepts(*setting).string)
    return fmt::format("{}: needs quotes, as in: {} = \"{}\"", key, key, value);
  if (reason.find("cannot redefine") != std::string_view::npos) return fmt::format("{}: is set twice", key);
  return fmt::format("{}: {}", key, reason);
}

Result<FileValue> to_file_value(std::string_view content, std::string_view file, std::string_view key,
                                const toml::node& node) {
  const auto& source = node.source();
  auto line = source.begin.line;
  const Setting* setting = find_setting_loosely(key);
  if (setting == nullptr) return error_at(file, line, fmt::format("{}: unknown setting", key));
  const Accepts& accepted = accepts(*setting);
  std::optional<std::string> text = value_text(node, accepted);
  if (!text) return error_at(file, line, fmt::format("{}: must be {}", key, accepted.words));
  return FileValue{.setting = setting,
                   .text = std::move(*text),
                   .line = static_cast<int>(line),
                   .begin = byte_offset(content, source.begin),
                   .end = byte_offset(content, source.end)};
}

using Entry = std::pair<std::string_view, const toml::node*>;

// toml++ sorts a table by key; errors and rewriting go by the file's order.
std::vector<Entry> in_file_order(const toml::table& table) {
  std::vector<Entry> entries;
  for (auto&& [key, node] : table) entries.emplace_back(key.str(), &node);
  std::ranges::sort(entries, {}, [](const Entry& entry) {
    const auto& begin = entry.second->source().begin;
    return std::pair(begin.line, begin.column);
  });
  return entries;
}

}  // namespace

Result<std::vector<FileValue>> parse_config_file(std::string_view content, std::string_view name) {
  toml::parse_result parsed = toml::parse(content, name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    const auto line = error.source().begin.line;
    return error_at(name, line, syntax_error(line_text(content, line), error.description()));
  }
  std::vector<FileValue> values;
  for (const auto& [key, node] : in_file_order(parsed.table())) {
    Result<FileValue> value = to_file_value(content, name, key, *node);
    if (!value.ok()) return value.take_status();
    if (std::ranges::count(values, value->setting, &FileValue::setting) > 0) {
      return error_at(name, static_cast<unsigned>(value->line), fmt::format("{}: is set twice", key));
    }
    values.push_back(std::move(*value));
  }
  return values;
}

Status read_config_file(const std::string& path, Settings& settings) {
  Result<std::string> content = read_whole_file(path);
  if (!content.ok())
    return Status::error(fmt::format("configuration file '{}': {}", path, content.message()));
  auto values = parse_config_file(*content, path);
  if (!values.ok()) return values.take_status();
  for (const FileValue& value : *values) {
    Status status = parse_setting(*value.setting, value.text, settings);
    if (!status.ok()) {
      auto reason = fmt::format("{}: {}", value.setting->name, without_subject(status.message()));
      return error_at(path, static_cast<unsigned>(value.line), reason);
    }
  }
  return {};
}

Result<std::string> read_whole_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return Status::error(std::strerror(errno));
  std::string content;
  std::array<char, 4096> chunk;
  while (std::size_t bytes = std::fread(chunk.data(), 1, chunk.size(), file))
    content.append(chunk.data(), bytes);
  Status status;
  if (std::ferror(file) != 0) status = Status::error(std::strerror(errno));
  std::fclose(file);
  if (!status.ok()) return status;
  return content;
}

}  // namespace stave
