// SPDX-License-Identifier: Apache-2.0
// Shows that CONFIG REWRITE changes what must change in the file and nothing else, and that the file then
// says what the server has.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/src/config_testing.h"

using namespace stave;
using namespace stave::testing;

namespace {

Settings loaded(const ConfigFile& file) {
  std::string path = file.path();
  auto launch = load({path.c_str()});
  REQUIRE(launch.ok());
  return launch->settings;
}

std::string rewrite_error(const ConfigFile& file, const Settings& settings) {
  Status status = rewrite_settings(file.path(), settings);
  return status.ok() ? "" : status.message();
}

}  // namespace

TEST_CASE("config rewrite: values change in place, comments and order stay") {
  ConfigFile file(
      "# Über alles\n"
      "timeout = 1  # seconds\n"
      "requirepass = \"pässwörd\" # ö\n"
      "client-output-buffer-limit = [\n"
      "  \"normal 0 0 0\",  # inside, goes with the value\n"
      "]\n"
      "  maxmemory   =   \"1mb\"\n"
      "save = \"\"   # stays");
  Settings settings = loaded(file);
  CHECK(settings.requirepass == "pässwörd");
  CHECK(set_error(settings, {{"timeout", "20"},
                             {"requirepass", "a\"b\\c\n"},
                             {"client-output-buffer-limit", "normal 1 1 1"},
                             {"maxmemory", "3mb"},
                             {"maxclients", "50"}}) == "");
  CHECK(rewrite_error(file, settings) == "");
  CHECK(
      file.read() ==
      "# Über alles\n"
      "timeout = 20  # seconds\n"
      "requirepass = \"a\\\"b\\\\c\\u000a\" # ö\n"
      "client-output-buffer-limit = \"normal 1 1 1 slave 268435456 67108864 60 pubsub 33554432 8388608 60\"\n"
      "  maxmemory   =   \"3mb\"\n"
      "save = \"\"   # stays\n"
      "\n"
      "# Added by CONFIG REWRITE\n"
      "maxclients = 50\n");
  CHECK(loaded(file) == settings);
}

TEST_CASE("config rewrite: every kind of value can be read back") {
  ConfigFile file("");
  Settings settings = loaded(file);
  settings.bind = {"127.0.0.1", "-::1"};
  settings.unixsocketperm = 0770;
  settings.protected_mode = false;
  settings.appendfsync = AppendFsync::kAlways;
  settings.io_backend = IoBackend::kThreads;
  settings.loglevel = LogLevel::kWarning;
  settings.enable_debug_command = DebugCommand::kLocal;
  settings.maxmemory = 12345;
  settings.dir = "/data";
  settings.slowlog_log_slower_than = -1;
  settings.client_output_buffer_limit.replica = {1, 2, 3};
  CHECK(rewrite_error(file, settings) == "");
  CHECK(loaded(file) == settings);

  std::string once = file.read();
  settings.hz = 50;
  CHECK(rewrite_error(file, settings) == "");
  CHECK(file.read() == once + "hz = 50\n");
}

TEST_CASE("config rewrite: a value that became the default again is written too") {
  ConfigFile file("timeout = 5\n");
  CHECK(rewrite_error(file, load({})->settings) == "");
  CHECK(file.read() == "timeout = 0\n");
}

TEST_CASE("config rewrite: nothing changed means that the file is not touched") {
  ConfigFile file(
      "maxmemory = \"1024kb\"\ntcp_keepalive = 0x10\nlatency-tracking = \"yes\"\ndir = \"./data/\"\n");
  auto before = std::filesystem::last_write_time(file.path());
  std::string content = file.read();
  CHECK(rewrite_error(file, loaded(file)) == "");
  CHECK(file.read() == content);
  CHECK(std::filesystem::last_write_time(file.path()) == before);
}

TEST_CASE("config rewrite: the file's mode stays, and nothing else is left in its directory") {
  ConfigFile file("timeout = 1\n");
  ::chmod(file.path().c_str(), 0640);
  Settings settings = loaded(file);
  settings.timeout = 2;
  CHECK(rewrite_error(file, settings) == "");
  CHECK(std::filesystem::status(file.path()).permissions() == std::filesystem::perms(0640));
  auto entries = std::filesystem::directory_iterator(file.directory());
  CHECK(std::distance(begin(entries), end(entries)) == 1);
}

TEST_CASE("config rewrite: what can go wrong") {
  ConfigFile file("");
  Settings settings = loaded(file);
  settings.timeout = 2;
  Status no_file = rewrite_settings("", settings);
  REQUIRE_FALSE(no_file.ok());
  CHECK(no_file.message() == "ERR The server is running without a config file");

  file.write("port 6379\n");
  CHECK(rewrite_error(file, settings).find("ERR Rewriting config file: ") == 0);
  CHECK(file.read() == "port 6379\n");

  Status nowhere = rewrite_settings("/nowhere/stave.toml", settings);
  REQUIRE_FALSE(nowhere.ok());
  CHECK(nowhere.message() == "ERR Rewriting config file: No such file or directory");
}
