// SPDX-License-Identifier: Apache-2.0
#include "src/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "src/ascii.h"
#include "src/config_file.h"
#include "src/config_values.h"
#include "src/glob.h"

namespace stave {

namespace {

using Words = std::span<const char* const>;

Status command_line_error(std::string_view what, std::string_view reason) {
  return Status::error(fmt::format("command line: {}: {}", what, reason));
}

bool is_option(std::string_view word) {
  return word.starts_with("--");
}

std::string joined(Words words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// `option` is no setting; --port=6380, as other programs take it, is told how to be written.
std::string why_unknown(std::string_view option) {
  const std::size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals);
  if (equals == std::string_view::npos || find_setting_loosely(name.substr(2)) == nullptr)
    return "unknown setting";
  return fmt::format("the value is a word of its own: {} {}", name, option.substr(equals + 1));
}

// `word` is "--name", or "--name value" in one; `values` are the words after it.
Status apply_option(std::string_view word, Words values, Settings& settings) {
  const std::size_t space = word.find(' ');
  const std::string_view option = word.substr(0, space);
  std::string value = joined(values);
  if (space != std::string_view::npos) {
    value = std::string(word.substr(space + 1)) + (values.empty() ? "" : " ") + value;
  }
  const Setting* setting = find_setting_loosely(option.substr(2));
  if (setting == nullptr) return command_line_error(option, why_unknown(option));
  // Redis takes --save alone as --save "".
  const bool has_value = space != std::string_view::npos || !values.empty() || setting->name == "save";
  if (!has_value) return command_line_error(option, "needs a value");
  Status status = parse_setting(*setting, value, settings);
  if (status.ok()) return status;
  return command_line_error(option, without_subject(status.message()));
}

// REQUIRES: words is empty or begins with an option.
Status apply_options(Words words, Settings& settings) {
  while (!words.empty()) {
    auto next = std::find_if(words.begin() + 1, words.end(), is_option);
    auto count = static_cast<std::size_t>(next - words.begin());
    Status status = apply_option(words[0], words.subspan(1, count - 1), settings);
    if (!status.ok()) return status;
    words = words.subspan(count);
  }
  return {};
}

// Symbolic links resolved, so that CONFIG REWRITE replaces the file and not the link.
std::string real_path(const std::string& path) {
  std::error_code error;
  auto real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

std::string_view why_not(Change change) {
  return change == Change::kImmutable ? "can't set immutable config" : "can't set protected config";
}

// The rows that the changes name, in their order; or the error, which Redis reports before it looks at any
// value.
Result<std::vector<const Setting*>> settings_to_change(std::span<const NameAndValue> changes) {
  std::vector<const Setting*> found;
  for (const auto& [name, value] : changes) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) {
      return Status::error(
          fmt::format("ERR Unknown option or number of arguments for CONFIG SET - '{}'", name));
    }
    if (setting->change != Change::kFree) return cannot_set(name, why_not(setting->change));
    if (std::ranges::count(found, setting) > 0) return cannot_set(name, "duplicate parameter");
    found.push_back(setting);
  }
  return found;
}

// The name under which CONFIG GET replies with the setting, if any of the patterns matches. As in Redis, one
// without wildcards is a name, and comes back as it was written.
std::optional<std::string_view> name_asked_for(std::string_view name,
                                               std::span<const std::string_view> patterns) {
  constexpr bool kIgnoreCase = true;
  for (std::string_view pattern : patterns) {
    bool wild = pattern.find_first_of("*?[") != std::string_view::npos;
    if (wild && glob_match(pattern, name, kIgnoreCase)) return name;
    if (!wild && ascii::equal(pattern, name)) return pattern;
  }
  return std::nullopt;
}

}  // namespace

Status cannot_set(std::string_view name, std::string_view reason) {
  return Status::error(
      fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", name, reason));
}

Result<Launch> load_settings(int argc, const char* const* argv) {
  Words words(argv, static_cast<std::size_t>(argc));
  if (!words.empty()) words = words.subspan(1);
  Launch launch;
  launch.settings = default_settings();
  if (!words.empty()) {
    std::string_view first = words[0];
    if (first == "-h" || first == "--help") launch.action = Launch::Action::kHelp;
    if (first == "-v" || first == "--version") launch.action = Launch::Action::kVersion;
    if (launch.action != Launch::Action::kServe) return launch;

    if (!first.starts_with('-')) {
      Status status = read_config_file(words[0], launch.settings);
      if (!status.ok()) return status;
      launch.config_file = real_path(words[0]);
      words = words.subspan(1);
    }
  }
  if (!words.empty() && !is_option(words[0])) {
    return command_line_error(words[0], "options begin with --, after the file if there is one");
  }
  Status status = apply_options(words, launch.settings);
  if (!status.ok()) return status;
  return launch;
}

std::string settings_help() {
  std::string text =
      "Usage: stave-server [file.toml] [--name value ...]\n"
      "       stave-server --help | --version\n\n"
      "Settings, in the file or as options, with what they are by default:\n";
  const Settings defaults;
  for (const Setting& setting : setting_table()) {
    std::string value = setting.form == NumberForm::kBytes || format_setting(setting, defaults).empty()
                            ? format_setting_toml(setting, defaults)
                            : format_setting(setting, defaults);
    std::erase(value, '"');
    std::string_view space = value.empty() ? "" : " ";
    text += fmt::format("  --{}{}{}\n      {}\n", setting.name, space, value, setting.help);
  }
  return text;
}

Status set_settings(Settings& settings, std::span<const NameAndValue> changes) {
  auto rows = settings_to_change(changes);
  if (!rows.ok()) return rows.take_status();
  Settings changed = settings;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Setting& setting = *(*rows)[i];
    Status status = parse_setting(setting, changes[i].second, changed);
    if (!status.ok()) return cannot_set(setting.name, status.message());
  }
  settings = std::move(changed);
  return {};
}

std::vector<std::pair<std::string, std::string>> get_settings(const Settings& settings,
                                                              std::span<const std::string_view> patterns) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const Setting& setting : setting_table()) {
    for (const std::string_view name : {setting.name, setting.old_name}) {
      const auto asked_for = name.empty() ? std::nullopt : name_asked_for(name, patterns);
      if (asked_for) found.emplace_back(*asked_for, format_setting(setting, settings));
    }
  }
  return found;
}

}  // namespace stave
