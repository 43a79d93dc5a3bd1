// SPDX-License-Identifier: Apache-2.0
// CONFIG REWRITE.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "src/config.h"
#include "src/config_file.h"
#include "src/config_values.h"

namespace stave {

namespace {

constexpr std::string_view kAppendedHeading = "# Added by CONFIG REWRITE";

Status rewrite_error(std::string_view reason) {
  return Status::error(fmt::format("ERR Rewriting config file: {}", reason));
}

// Whether the file's value already says what `settings` says, however it is written.
bool says_the_same(const FileValue& value, const Settings& settings) {
  Settings from_file = default_settings();
  if (!parse_setting(*value.setting, value.text, from_file).ok()) return false;
  return format_setting(*value.setting, from_file) == format_setting(*value.setting, settings);
}

std::string replace_changed(std::string_view content, const std::vector<FileValue>& values,
                            const Settings& settings) {
  std::string out;
  std::size_t copied = 0;
  for (const FileValue& value : values) {
    if (says_the_same(value, settings)) continue;
    out += content.substr(copied, value.begin - copied);
    out += format_setting_toml(*value.setting, settings);
    copied = value.end;
  }
  out += content.substr(copied);
  return out;
}

void append_missing(const std::vector<FileValue>& values, const Settings& settings, std::string& out) {
  const Settings defaults = default_settings();
  bool headed = out.find(kAppendedHeading) != std::string::npos;
  for (const Setting& setting : setting_table()) {
    if (std::ranges::count(values, &setting, &FileValue::setting) > 0) continue;
    if (format_setting(setting, settings) == format_setting(setting, defaults)) continue;
    if (!out.empty() && out.back() != '\n') out += '\n';
    if (!headed) out += fmt::format("\n{}\n", kAppendedHeading);
    headed = true;
    out += fmt::format("{} = {}\n", setting.name, format_setting_toml(setting, settings));
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_synced(const std::string& path, std::string_view content, mode_t mode) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return false;
  bool written = ::fchmod(fd, mode) == 0 && write_all(fd, content) && ::fsync(fd) == 0;
  int error = errno;
  ::close(fd);
  errno = error;
  return written;
}

// The rename itself must survive too.
bool sync_directory(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

Status replace_file(const std::string& path, std::string_view content) {
  struct stat old = {};
  mode_t mode = ::stat(path.c_str(), &old) == 0 ? old.st_mode & 07777 : 0644;
  std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  if (!write_synced(temporary, content, mode) || ::rename(temporary.c_str(), path.c_str()) != 0) {
    Status status = rewrite_error(std::strerror(errno));
    ::unlink(temporary.c_str());
    return status;
  }
  std::string directory = std::filesystem::path(path).parent_path().string();
  if (!sync_directory(directory.empty() ? "." : directory)) return rewrite_error(std::strerror(errno));
  return {};
}

}  // namespace

Status rewrite_settings(const std::string& path, const Settings& settings) {
  if (path.empty()) return Error{"ERR The server is running without a config file"};
  std::string content;
  if (::access(path.c_str(), F_OK) == 0) {  // a file that was removed since is written anew
    Result<std::string> read = read_whole_file(path);
    if (!read.ok()) return rewrite_error(read.message());
    content = std::move(*read);
  }
  auto values = parse_config_file(content, path);
  if (!values.ok()) return rewrite_error(values.message());

  std::string rewritten = replace_changed(content, *values, settings);
  append_missing(*values, settings, rewritten);
  if (rewritten == content) return {};
  return replace_file(path, rewritten);
}

}  // namespace stave
