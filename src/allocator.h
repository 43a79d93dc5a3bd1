// SPDX-License-Identifier: Apache-2.0
// The allocator that replaces malloc in the server, where one is linked.
#pragma once

#include <string>

namespace stave {

// "mimalloc-2.0.9", or "libc".
std::string allocator_name();
// To be called first. Memory in large pieces, as whole threads free it, then goes back to the kernel at once,
// and not when the allocator next looks at it, which may be hours later.
void prepare_allocator();
// Gives the kernel back what the calling thread has freed. Takes milliseconds: for after large temporary use.
void give_back_free_memory();

}  // namespace stave
