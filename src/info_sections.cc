// SPDX-License-Identifier: Apache-2.0
#include "src/info_sections.h"

#include "src/sizes.h"
#include "src/worker.h"

namespace stave {
namespace {

// There are no modules, and no histograms of latencies.
void write_nothing(InfoText&) {}

constexpr InfoSection kSections[] = {
    {"server", "Server", true, info_server},
    {"clients", "Clients", true, info_clients},
    {"memory", "Memory", true, info_memory},
    {"persistence", "Persistence", true, info_persistence},
    {"stats", "Stats", true, info_stats},
    {"replication", "Replication", true, info_replication},
    {"cpu", "CPU", true, info_cpu},
    {"modules", "Modules", true, write_nothing},
    {"commandstats", "Commandstats", false, info_commandstats},
    {"errorstats", "Errorstats", true, info_errorstats},
    {"latencystats", "Latencystats", false, write_nothing},
    {"cluster", "Cluster", true, info_cluster},
    {"keyspace", "Keyspace", true, info_keyspace},
};

}  // namespace

std::span<const InfoSection> info_sections() {
  return kSections;
}

InfoText::InfoText(Worker& asked, const InfoFigures& counted)
    : home(asked), server(asked.server()), figures(counted) {}

void InfoText::bytes(std::string_view name, std::uint64_t bytes) {
  field(name, bytes);
  field(fmt::format("{}_human", name), format_bytes_human(static_cast<std::int64_t>(bytes)));
}

void InfoText::begin_section(std::string_view title) {
  if (!text_.empty()) text_.append("\r\n");
  fmt::format_to(std::back_inserter(text_), "# {}\r\n", title);
}

}  // namespace stave
