// SPDX-License-Identifier: Apache-2.0
// What the tests of the configuration share: a file of a temporary directory, and short ways to load and
// change.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "src/config.h"

namespace stave::testing {

// stave.toml in a directory of its own, removed in the end.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "stave-config-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    write(content);
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  ~ConfigFile() { std::filesystem::remove_all(directory_); }

  std::string path() const { return (directory_ / "stave.toml").string(); }
  std::filesystem::path directory() const { return directory_; }
  void write(std::string_view content) const { std::ofstream(path(), std::ios::binary) << content; }
  std::string read() const {
    std::ostringstream content;
    content << std::ifstream(path(), std::ios::binary).rdbuf();
    return content.str();
  }

 private:
  std::filesystem::path directory_;
};

inline Result<Launch> load(std::vector<const char*> words) {
  words.insert(words.begin(), "stave-server");
  return load_settings(static_cast<int>(words.size()), words.data());
}

// The error without the file's directory; "" if there is none.
inline std::string file_error(const ConfigFile& file) {
  std::string path = file.path();
  Result<Launch> launch = load({path.c_str()});
  return launch.ok() ? "" : launch.message().substr(file.directory().string().size() + 1);
}

inline std::string load_error(std::vector<const char*> words) {
  Result<Launch> launch = load(std::move(words));
  return launch.ok() ? "" : launch.message();
}

inline std::string set_error(Settings& settings, std::vector<NameAndValue> changes) {
  Status status = set_settings(settings, changes);
  return status.ok() ? "" : status.message();
}

// The value alone; "(none)" unless exactly one setting matches.
inline std::string get(const Settings& settings, std::string_view pattern) {
  auto found = get_settings(settings, std::vector{pattern});
  return found.size() == 1 ? found[0].second : "(none)";
}

}  // namespace stave::testing
