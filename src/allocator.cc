// SPDX-License-Identifier: Apache-2.0
#include "src/allocator.h"

#include <fmt/format.h>

extern "C" int mi_version(void) __attribute__((weak));
extern "C" void mi_collect(bool force) __attribute__((weak));

namespace stave {

std::string allocator_name() {
  if (mi_version == nullptr) return "libc";
  const int version = mi_version();  // 209 is 2.0.9
  return fmt::format("mimalloc-{}.{}.{}", version / 100, version / 10 % 10, version % 10);
}

void give_back_free_memory() {
  if (mi_collect != nullptr) mi_collect(true);
}

}  // namespace stave
