// SPDX-License-Identifier: Apache-2.0
#include "src/logger.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace stave {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::trace;
    case LogLevel::kVerbose:
      return spdlog::level::debug;
    case LogLevel::kNotice:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
  }
  return spdlog::level::info;
}

}  // namespace

Status open_log(const std::string& file, LogLevel level) {
  // By hand, since spdlog would make the folders that a mistyped path lacks.
  if (!file.empty()) {
    std::FILE* opened = std::fopen(file.c_str(), "ab");
    if (opened == nullptr) return Status::error("logfile: " + file + ": " + std::strerror(errno));
    std::fclose(opened);
  }
  try {
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (file.empty()) {
      sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    }
    auto logger = std::make_shared<spdlog::logger>("stave", std::move(sink));
    logger->set_pattern("%P %Y-%m-%d %H:%M:%S.%e %L %v");
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
  } catch (const spdlog::spdlog_ex& error) {
    return Status::error(std::string("logfile: ") + error.what());
  }
  set_log_level(level);
  return {};
}

void set_log_level(LogLevel level) {
  spdlog::set_level(to_spdlog(level));
}

void log_line(LogLevel level, std::string_view text) {
  spdlog::log(to_spdlog(level), "{}", text);
}

}  // namespace stave
