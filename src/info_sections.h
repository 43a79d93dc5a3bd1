// SPDX-License-Identifier: Apache-2.0
// The text of INFO, one function for each section, with Redis 7.2's names and order wherever Redis has the
// field: dashboards and exporters read them. What only Stave has begins with "stave_". Called on the home
// worker of the client that asks.
//
//   text    = section ("\r\n" section)*
//   section = "# " name "\r\n" (field ":" value "\r\n")*
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "src/info_figures.h"

namespace stave {

class Server;
class Worker;

class InfoText {
 public:
  InfoText(Worker& home, const InfoFigures& figures);

  Worker& home;
  Server& server;
  const InfoFigures& figures;

  // A field and its value: text, a number.
  template <typename Value>
  void field(std::string_view name, const Value& value) {
    fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value);
  }
  // With two digits behind the point.
  void decimal(std::string_view name, double value) {
    fmt::format_to(std::back_inserter(text_), "{}:{:.2f}\r\n", name, value);
  }
  // Bytes, and again for people.
  void bytes(std::string_view name, std::uint64_t bytes);
  void begin_section(std::string_view title);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct InfoSection {
  std::string_view name;   // as clients ask for it, in lower case
  std::string_view title;  // as the text calls it
  bool is_default = true;  // is in a plain INFO
  void (*write)(InfoText&) = nullptr;
};

// All, in the order of the text.
std::span<const InfoSection> info_sections();

// info_server.cc
void info_server(InfoText& text);
void info_clients(InfoText& text);
void info_replication(InfoText& text);
void info_cpu(InfoText& text);
void info_cluster(InfoText& text);
// info_memory.cc
void info_memory(InfoText& text);
// info_persistence.cc
void info_persistence(InfoText& text);
// info_stats.cc
void info_stats(InfoText& text);
void info_commandstats(InfoText& text);
void info_errorstats(InfoText& text);
void info_keyspace(InfoText& text);

}  // namespace stave
