// SPDX-License-Identifier: Apache-2.0
// INFO Memory. What is used is what the server accounts for: its shards (index, keys, values that are in
// memory, log buffers) and its connections. Code, stacks and what the allocator holds back show in the
// resident set only.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "src/allocator.h"
#include "src/info_sections.h"
#include "src/worker.h"

namespace stave {
namespace {

std::uint64_t page_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t resident_set_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "r"),
                                                             std::fclose);
  unsigned long long size = 0;
  unsigned long long resident = 0;
  if (file == nullptr || std::fscanf(file.get(), "%llu %llu", &size, &resident) != 2) return 0;
  return resident * page_bytes();
}

std::uint64_t total_memory_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * page_bytes();
}

std::string_view policy_name(MaxmemoryPolicy policy) {
  switch (policy) {
    case MaxmemoryPolicy::kVolatileLru:
      return "volatile-lru";
    case MaxmemoryPolicy::kVolatileLfu:
      return "volatile-lfu";
    case MaxmemoryPolicy::kVolatileRandom:
      return "volatile-random";
    case MaxmemoryPolicy::kVolatileTtl:
      return "volatile-ttl";
    case MaxmemoryPolicy::kAllkeysLru:
      return "allkeys-lru";
    case MaxmemoryPolicy::kAllkeysLfu:
      return "allkeys-lfu";
    case MaxmemoryPolicy::kAllkeysRandom:
      return "allkeys-random";
    case MaxmemoryPolicy::kNoeviction:
      return "noeviction";
  }
  return "noeviction";
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.2f}%",
                     whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole));
}

void write_used(InfoText& text, std::uint64_t used, std::uint64_t resident) {
  const InfoFigures& figures = text.figures;
  text.bytes("used_memory", used);
  text.bytes("used_memory_rss", resident);
  text.bytes("used_memory_peak", figures.memory_peak_bytes);
  text.field("used_memory_peak_perc", percent(used, figures.memory_peak_bytes));
  text.field("used_memory_overhead", figures.client_bytes);
  text.field("used_memory_startup", 0);
  text.field("used_memory_dataset", figures.shard_bytes);
  text.field("used_memory_dataset_perc", percent(figures.shard_bytes, used));
}

// No scripts, so they take nothing.
void write_scripts(InfoText& text) {
  text.bytes("used_memory_lua", 0);
  text.field("used_memory_vm_eval", 0);
  text.field("used_memory_scripts_eval", 0);
  text.field("number_of_cached_scripts", 0);
  text.field("number_of_functions", 0);
  text.field("number_of_libraries", 0);
  text.field("used_memory_vm_functions", 0);
  text.bytes("used_memory_vm_total", 0);
  text.field("used_memory_functions", 0);
  text.bytes("used_memory_scripts", 0);
}

void write_fragmentation(InfoText& text, std::uint64_t used, std::uint64_t resident) {
  text.decimal("mem_fragmentation_ratio",
               used == 0 ? 0 : static_cast<double>(resident) / static_cast<double>(used));
  text.field("mem_fragmentation_bytes",
             static_cast<std::int64_t>(resident) - static_cast<std::int64_t>(used));
}

}  // namespace

void info_memory(InfoText& text) {
  const InfoFigures& figures = text.figures;
  const std::uint64_t used = figures.shard_bytes + figures.client_bytes;
  const std::uint64_t resident = resident_set_bytes();
  write_used(text, used, resident);
  text.bytes("total_system_memory", total_memory_bytes());
  write_scripts(text);
  text.bytes("maxmemory", static_cast<std::uint64_t>(text.home.settings().maxmemory));
  text.field("maxmemory_policy", policy_name(text.home.settings().maxmemory_policy));
  write_fragmentation(text, used, resident);
  text.field("mem_not_counted_for_evict", figures.client_bytes);
  text.field("mem_replication_backlog", 0);
  text.field("mem_total_replication_buffers", 0);
  text.field("mem_clients_slaves", 0);
  text.field("mem_clients_normal", figures.client_bytes);
  text.field("mem_cluster_links", 0);
  text.field("mem_aof_buffer", figures.log_buffer_bytes);
  text.field("mem_allocator", allocator_name());
  text.field("active_defrag_running", 0);
  text.field("lazyfree_pending_objects", 0);
  text.field("lazyfreed_objects", 0);
  text.field("stave_resident_values", figures.resident_values);
  text.field("stave_resident_bytes", figures.resident_bytes);
}

}  // namespace stave
