// SPDX-License-Identifier: Apache-2.0
#include "src/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace stave {
namespace {

std::string to_text(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  if (address.ss_family == AF_UNIX) {
    return std::string(reinterpret_cast<const sockaddr_un&>(address).sun_path) + ":0";
  }
  return "?:0";
}

}  // namespace

void set_tcp_options(int fd, std::int64_t keepalive_seconds) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (keepalive_seconds <= 0) return;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  // As Redis: first probe after the interval, then three probes in a third of it each.
  const int idle = static_cast<int>(keepalive_seconds);
  const int interval = idle / 3 > 0 ? idle / 3 : 1;
  const int count = 3;
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

void describe_addresses(int fd, ClientInfo& client) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0)
    client.local_address = to_text(address);
  if (client.unix_socket) {
    client.address = client.local_address;
    return;
  }
  length = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) client.address = to_text(address);
}

bool is_local(const ClientInfo& client) {
  return client.unix_socket || client.address.starts_with("127.") || client.address.starts_with("[::1]") ||
         client.address.starts_with("[::ffff:127.");
}

}  // namespace stave
