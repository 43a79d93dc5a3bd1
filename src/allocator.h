// SPDX-License-Identifier: Apache-2.0
// The allocator that replaces malloc in the server, where one is linked.
#pragma once

#include <string>

namespace stave {

// "mimalloc-2.0.9", or "libc".
std::string allocator_name();
// Gives the kernel back what the calling thread has freed. Takes milliseconds: for after large temporary use.
void give_back_free_memory();

}  // namespace stave
