// SPDX-License-Identifier: Apache-2.0
// stave-server: reads the settings, opens the log, runs the server.
#include <csignal>
#include <cstdio>
#include <memory>

#include "src/allocator.h"
#include "src/config.h"
#include "src/logger.h"
#include "src/server.h"
#include "src/version.h"

#if defined(__SANITIZE_ADDRESS__)
#define STAVE_LOOKS_FOR_LEAKS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAVE_LOOKS_FOR_LEAKS
#endif
#endif

namespace {

int fail(const std::string& message) {
  std::fprintf(stderr, "stave-server: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  stave::prepare_allocator();
  auto launch = stave::load_settings(argc, argv);
  if (!launch.ok()) return fail(launch.message());
  switch (launch->action) {
    case stave::Launch::Action::kHelp:
      std::fputs(stave::settings_help().c_str(), stdout);
      return 0;
    case stave::Launch::Action::kVersion:
      std::printf("Stave server v=%s (speaks as Redis %s)\n", STAVE_VERSION, stave::kRedisVersion.data());
      return 0;
    case stave::Launch::Action::kServe:
      break;
  }
  if (auto status = stave::open_log(launch->settings.logfile, launch->settings.loglevel); !status.ok()) {
    return fail(status.message());
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  auto server = std::make_unique<stave::Server>(std::move(*launch));
  const stave::Status status = server->run();
#if !defined(STAVE_LOOKS_FOR_LEAKS)
  // To free millions of entries one by one, just before the process ends, would only take time.
  static_cast<void>(server.release());
#endif
  return status.ok() ? 0 : fail(status.message());
}
