// SPDX-License-Identifier: Apache-2.0
// Socket addresses as Redis prints them, and socket options.
#pragma once

#include <cstdint>
#include <string>

#include "src/session.h"

namespace stave {

void set_tcp_options(int fd, std::int64_t keepalive_seconds);
// Fills address and local_address.
void describe_addresses(int fd, ClientInfo& client);
// True for 127.0.0.0/8, ::1 and Unix sockets: what protected mode lets in.
bool is_local(const ClientInfo& client);

}  // namespace stave
