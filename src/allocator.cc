// SPDX-License-Identifier: Apache-2.0
#include "src/allocator.h"

#include <fmt/format.h>
#include <mimalloc.h>

// Not there where another malloc is linked.
#pragma weak mi_version
#pragma weak mi_collect
#pragma weak mi_option_set

namespace stave {

std::string allocator_name() {
  if (mi_version == nullptr) return "libc";
  const int version = mi_version();  // 209 is 2.0.9
  return fmt::format("mimalloc-{}.{}.{}", version / 100, version / 10 % 10, version % 10);
}

void prepare_allocator() {
  if (mi_option_set != nullptr) mi_option_set(mi_option_segment_decommit_delay, 0);
}

void give_back_free_memory() {
  if (mi_collect != nullptr) mi_collect(true);
}

}  // namespace stave
