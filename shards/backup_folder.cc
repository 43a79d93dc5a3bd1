// SPDX-License-Identifier: Apache-2.0
#include "shards/backup_folder.h"

#include <algorithm>
#include <ctime>

namespace stave {
namespace {

constexpr std::string_view kPartial = ".partial";

std::string time_name(std::int64_t now_s) {
  const auto seconds = static_cast<std::time_t>(now_s);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &utc);
  return std::string(text, length);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether begin() may have made it.
bool is_partial_name(std::string_view name) {
  if (!name.ends_with(kPartial)) return false;
  name.remove_suffix(kPartial.size());
  constexpr std::size_t kDayDigits = 8;
  constexpr std::size_t kTimeChars = 15;
  if (name.size() < kTimeChars || name[kDayDigits] != '-') return false;
  const std::string_view behind = name.substr(kTimeChars);
  return is_number(name.substr(0, kDayDigits)) &&
         is_number(name.substr(kDayDigits + 1, kTimeChars - kDayDigits - 1)) &&
         (behind.empty() || (behind.front() == '-' && is_number(behind.substr(1))));
}

}  // namespace

Result<std::vector<std::string>> BackupFolder::remove_partial() {
  std::vector<std::string> removed;
  if (!disk_.exists(path_)) return removed;
  auto names = disk_.list(path_);
  if (!names.ok()) return names.take_status();
  for (const std::string& name : *names) {
    if (!is_partial_name(name) || !disk_.is_directory(path_of(name))) continue;
    removed.push_back(path_of(name));
    if (auto status = remove_directory(disk_, removed.back()); !status.ok()) return status;
  }
  return removed;
}

Result<std::string> BackupFolder::begin(std::int64_t now_s) {
  if (!disk_.exists(path_)) {
    auto status = disk_.make_directory(path_);
    if (status.ok()) status = disk_.sync_directory(database_.directory());
    if (!status.ok()) return status;
  }
  const std::string first = time_name(now_s);
  std::string name = first;
  for (int i = 2; disk_.exists(path_of(name)); ++i) name = first + "-" + std::to_string(i);
  if (auto status = disk_.make_directory(partial_path_of(name)); !status.ok()) return status;
  return name;
}

Status BackupFolder::publish(const std::string& name) {
  const std::string partial = partial_path_of(name);
  // Which makes the names of the shards durable, too.
  auto status = database_.copy_meta(disk_, partial);
  if (status.ok()) status = disk_.rename(partial, path_of(name));
  if (status.ok()) status = disk_.sync_directory(path_);
  return status;
}

Status BackupFolder::discard(const std::string& name) {
  for (const std::string& path : {partial_path_of(name), path_of(name)}) {
    if (!disk_.exists(path)) continue;
    if (auto status = remove_directory(disk_, path); !status.ok()) return status;
  }
  return {};
}

}  // namespace stave
