// SPDX-License-Identifier: Apache-2.0
// Shows how settings are read at start, from the file and the command line, and what mistakes in them are
// told.
#include <doctest/doctest.h>

#include "tests/src/config_testing.h"

using namespace stave;
using namespace stave::testing;

TEST_CASE("config: nothing given means the defaults, and dir absolute") {
  auto launch = load({});
  REQUIRE(launch.ok());
  CHECK(launch->settings.dir == std::filesystem::current_path().string());
  launch->settings.dir = ".";
  CHECK(launch->settings == Settings{});
  CHECK(launch->config_file.empty());
}

TEST_CASE("config: options as redis-server takes them") {
  auto launch = load({"--port",
                      "6380",
                      "--appendfsync",
                      "always",
                      "--dir",
                      "/data/",
                      "--maxmemory",
                      "1gb",
                      "--requirepass",
                      "x",
                      "--client_output_buffer_limit",
                      "pubsub 1mb 1mb 60",
                      "--bind",
                      "127.0.0.1",
                      "-::1",
                      "--save",
                      "",
                      "--slowlog-log-slower-than",
                      "-1",
                      "--PORT",
                      "6381",
                      "--unixsocketperm",
                      "700"});
  REQUIRE(launch.ok());
  const Settings& settings = launch->settings;
  CHECK(settings.port == 6381);
  CHECK(settings.appendfsync == AppendFsync::kAlways);
  CHECK(settings.dir == "/data");
  CHECK(settings.maxmemory == 1 << 30);
  CHECK(settings.requirepass == "x");
  CHECK(settings.client_output_buffer_limit.pubsub == OutputBufferLimit{1 << 20, 1 << 20, 60});
  CHECK(settings.client_output_buffer_limit.replica == OutputBufferLimits{}.replica);
  CHECK(settings.bind == std::vector<std::string>{"127.0.0.1", "-::1"});
  CHECK(settings.slowlog_log_slower_than == -1);
  CHECK(settings.unixsocketperm == 0700);
}

TEST_CASE("config: option and value in one word, and --save alone, as redis-server takes them") {
  auto launch =
      load({"--save", "--maxmemory 700mb", "--loglevel warning", "--bind 127.0.0.1", "-::1", "--save"});
  REQUIRE(launch.ok());
  CHECK(launch->settings.maxmemory == 700 << 20);
  CHECK(launch->settings.loglevel == LogLevel::kWarning);
  CHECK(launch->settings.bind == std::vector<std::string>{"127.0.0.1", "-::1"});
  CHECK(load_error({"--maxmemory 7zb"}) == load_error({"--maxmemory", "7zb"}));
  CHECK(load_error({"--nope 1"}) == "command line: --nope: unknown setting");
}

TEST_CASE("config: help and version") {
  CHECK(load({"--help"})->action == Launch::Action::kHelp);
  CHECK(load({"-h"})->action == Launch::Action::kHelp);
  CHECK(load({"--version"})->action == Launch::Action::kVersion);
  CHECK(load({"-v"})->action == Launch::Action::kVersion);
  CHECK(load({"--port", "1"})->action == Launch::Action::kServe);
  CHECK(settings_help().find("--appendfsync everysec") != std::string::npos);
}

TEST_CASE("config: mistakes on the command line") {
  CHECK(load_error({"--port", "70000"}) == "command line: --port: must be between 0 and 65535 inclusive");
  CHECK(load_error({"--port", "x"}) == "command line: --port: couldn't be parsed into an integer");
  CHECK(load_error({"--port"}) == "command line: --port: needs a value");
  CHECK(load_error({"--port", "--timeout", "1"}) == "command line: --port: needs a value");
  CHECK(load_error({"--nope", "1"}) == "command line: --nope: unknown setting");
  CHECK(load_error({"--nope=1"}) == "command line: --nope=1: unknown setting");
  CHECK(load_error({"--port=1"}) == "command line: --port=1: the value is a word of its own: --port 1");
  CHECK(load_error({"--appendfsync", "x"}) ==
        "command line: --appendfsync: must be one of the following: everysec, always, no");
  CHECK(load_error({"--shards", "1025"}) == "command line: --shards: must be between 0 and 1024 inclusive");
  CHECK(load_error({"--segment-bytes", "1kb"}) ==
        "command line: --segment-bytes: must be between 65536 and 4294967296 inclusive");
  CHECK(load_error({"--unixsocketperm", "9"}) ==
        "command line: --unixsocketperm: couldn't be parsed as an octal number");
  CHECK(load_error({"--unixsocketperm", "1000"}) ==
        "command line: --unixsocketperm: must be between 0 and 777 inclusive");
  CHECK(load_error({"-x"}) == "command line: -x: options begin with --, after the file if there is one");
}

TEST_CASE("config: the file, and the command line wins") {
  ConfigFile file(
      "port = 7000\n"
      "tcp_backlog = 5\n"
      "maxmemory = \"100mb\"\n"
      "segment-bytes = 65536\n"
      "protected-mode = false\n"
      "latency-tracking = \"no\"\n"
      "bind = [\"127.0.0.1\", \"::1\"]\n"
      "client-output-buffer-limit = [\"normal 1kb 0 0\", \"replica 1 2 3\"]\n"
      "enable-debug-command = \"local\"\n"
      "requirepass = 'a \"b\" \\'\n"
      "unixsocketperm = \"770\"\n");
  std::string path = file.path();
  auto launch = load({path.c_str(), "--port", "7001"});
  REQUIRE(launch.ok());
  const Settings& settings = launch->settings;
  CHECK(settings.port == 7001);
  CHECK(settings.tcp_backlog == 5);
  CHECK(settings.maxmemory == 100 << 20);
  CHECK(settings.segment_bytes == 65536);
  CHECK_FALSE(settings.protected_mode);
  CHECK_FALSE(settings.latency_tracking);
  CHECK(settings.bind.size() == 2);
  CHECK(settings.client_output_buffer_limit.normal.hard_bytes == 1024);
  CHECK(settings.client_output_buffer_limit.replica.soft_seconds == 3);
  CHECK(settings.enable_debug_command == DebugCommand::kLocal);
  CHECK(settings.requirepass == "a \"b\" \\");
  CHECK(settings.unixsocketperm == 0770);
  CHECK(launch->config_file == std::filesystem::canonical(path).string());
}

TEST_CASE("config: mistakes in the file name file, line and key") {
  auto error = [](std::string_view content) { return file_error(ConfigFile(content)); };
  CHECK(error("\n# x\nport = 70000\n") == "stave.toml:3: port: must be between 0 and 65535 inclusive");
  CHECK(error("port = \"6379\"\n") == "stave.toml:1: port: must be a number");
  CHECK(error("port = 1.5\n") == "stave.toml:1: port: must be a number");
  CHECK(error("\nprot = 1\n") == "stave.toml:2: prot: unknown setting");
  CHECK(error("[server]\nport = 1\n") == "stave.toml:1: server: unknown setting");
  CHECK(error("[port]\nx = 1\n") == "stave.toml:1: port: must be a number");
  CHECK(error("maxmemory = true") == "stave.toml:1: maxmemory: must be a size such as 1048576 or \"1mb\"");
  CHECK(error("maxmemory = -1") == "stave.toml:1: maxmemory: must be a memory value");
  CHECK(error("bind = [1]") == "stave.toml:1: bind: must be a string or an array of strings");
  CHECK(error("protected-mode = 1") == "stave.toml:1: protected-mode: must be true or false");
  CHECK(error("unixsocketperm = 700") ==
        "stave.toml:1: unixsocketperm: must be a string of octal digits such as \"700\"");
  CHECK(error("tcp-backlog = 1\ntcp_backlog = 2\n") == "stave.toml:2: tcp_backlog: is set twice");
  CHECK(error("z = 1\nport = 'x'\n") == "stave.toml:1: z: unknown setting");
  CHECK(error("appendonly = false").find("stave.toml:1: appendonly: must be 'yes'") == 0);
  CHECK(error("save = '900 1'").find("stave.toml:1: save: must be \"\"") == 0);
}

TEST_CASE("config: what is no TOML is one line too") {
  for (std::string_view content :
       {"port 6379\n", "port = \n", "port = 1\nport = 2\n", "x = \"abc\n", "\xff\xfe"}) {
    std::string error = file_error(ConfigFile(content));
    CHECK(error.find("stave.toml:") == 0);
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("config: what is no TOML names the key, and how to write it") {
  auto error = [](std::string_view content) { return file_error(ConfigFile(content)); };
  CHECK(error("port 6379\n") == "stave.toml:1: port: needs a = before its value, as in: port = 6379");
  CHECK(error("hz = 10\nport: 6379\n") ==
        "stave.toml:2: port: needs a = before its value, as in: port = 6379");
  CHECK(error("maxmemory\n") == "stave.toml:1: maxmemory: needs a = before its value, as in: maxmemory = 0");
  CHECK(error("bind 127.0.0.1\n") ==
        "stave.toml:1: bind: needs a = before its value, as in: bind = [\"*\", \"-::*\"]");
  CHECK(error("port = \n") == "stave.toml:1: port: needs a value");
  CHECK(error("maxmemory = 1gb # ram\n") ==
        "stave.toml:1: maxmemory: needs quotes, as in: maxmemory = \"1gb\"");
  CHECK(error("# x\n\n appendfsync = always\r\n") ==
        "stave.toml:3: appendfsync: needs quotes, as in: appendfsync = \"always\"");
  CHECK(error("dir = /data") == "stave.toml:1: dir: needs quotes, as in: dir = \"/data\"");
  CHECK(error("protected-mode = yes\n") ==
        "stave.toml:1: protected-mode: needs quotes, as in: protected-mode = \"yes\"");
  CHECK(error("port = 1\nport = 2\n") == "stave.toml:2: port: is set twice");
  CHECK(error("requirepass = \"abc\n").find("stave.toml:1: requirepass: ") == 0);
  CHECK(error("bind = [\"a\" \"b\"]\n").find("stave.toml:1: bind: ") == 0);
}

TEST_CASE("config: a file that cannot be read") {
  CHECK(load_error({"/nowhere/stave.toml"}) ==
        "configuration file '/nowhere/stave.toml': No such file or directory");
  CHECK(load_error({"/"}) == "configuration file '/': Is a directory");
}

// Its commented-out lines, made real, must be the defaults of all settings: the file cannot fall behind the
// code.
TEST_CASE("config: conf/stave.toml shows every setting and its default") {
  const std::filesystem::path root = STAVE_SOURCE_DIRECTORY;
  std::ifstream shipped(root / "conf" / "stave.toml");
  REQUIRE(shipped);
  std::string content;
  std::size_t settings_shown = 0;
  for (std::string line; std::getline(shipped, line);) {
    bool shows = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    settings_shown += shows ? 1 : 0;
    content += (shows ? line.substr(1) : line) + '\n';
  }
  ConfigFile file(content);
  std::string path = file.path();
  auto launch = load({path.c_str()});
  if (!launch.ok()) FAIL(launch.message());
  CHECK(launch->settings == load({})->settings);
  // CONFIG GET shows five of them by the names that Redis had before, too.
  const auto old_names = get_settings(Settings{}, std::vector<std::string_view>{"*-ziplist-*"}).size();
  CHECK(settings_shown + old_names == get_settings(Settings{}, std::vector<std::string_view>{"*"}).size());
}
