// SPDX-License-Identifier: Apache-2.0
// The server's log: one line for each event, to standard output or `logfile`. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "shards/status.h"
#include "src/config.h"

namespace stave {

// Before the first line; an error when the file cannot be opened.
Status open_log(const std::string& file, LogLevel level);
void set_log_level(LogLevel level);
void log_line(LogLevel level, std::string_view text);
inline void log_notice(std::string_view text) {
  log_line(LogLevel::kNotice, text);
}
inline void log_warning(std::string_view text) {
  log_line(LogLevel::kWarning, text);
}

}  // namespace stave
