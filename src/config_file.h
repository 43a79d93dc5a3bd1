// SPDX-License-Identifier: Apache-2.0
// Reading the TOML file: which settings it names, with their values as text and where in the file they stand.
// config_file.cc is the only user of toml++. Internal to config*.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "src/config_table.h"

namespace stave {

struct FileValue {
  const Setting* setting = nullptr;
  std::string text;       // what parse_setting takes
  int line = 0;           // of the value, from 1
  std::size_t begin = 0;  // the value's bytes in the file are [begin, end)
  std::size_t end = 0;
};

// In the file's order. The error is one line that begins with `name`, the file's: "stave.toml:12: port: ...".
Result<std::vector<FileValue>> parse_config_file(std::string_view content, std::string_view name);

// Sets what the file says. The same kind of error.
Status read_config_file(const std::string& path, Settings& settings);

// The whole file. The error is the system's text for what failed.
Result<std::string> read_whole_file(const std::string& path);

}  // namespace stave
