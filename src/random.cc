// SPDX-License-Identifier: Apache-2.0
#include "src/random.h"

#include <random>

namespace stave {

std::uint64_t random_number() {
  thread_local std::mt19937_64 generator{std::random_device()()};
  return generator();
}

}  // namespace stave
