// SPDX-License-Identifier: Apache-2.0
#include "src/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "src/connection.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

Status system_error(const std::string& what) {
  return Status::error(what + ": " + std::strerror(errno));
}

// The socket address of "*", "::", an IPv4 or an IPv6 address.
Result<socklen_t> make_address(const std::string& text, int port, sockaddr_storage& storage) {
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  const auto network_port = htons(static_cast<std::uint16_t>(port));
  const std::string host = text == "*"           ? "0.0.0.0"
                           : text == "::*"       ? "::"
                           : text == "localhost" ? "127.0.0.1"
                                                 : text;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = network_port;
    return socklen_t{sizeof v4};
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = network_port;
    return socklen_t{sizeof v6};
  }
  return Status::error("bind: '" + text + "' is not an address");
}

// A socket bound to the address; shared: other workers bind to it as well.
Result<int> bind_socket(const std::string& address, int port, bool shared) {
  sockaddr_storage storage{};
  auto length = make_address(address, port, storage);
  if (!length.ok()) return length.take_status();
  const std::string what = "listening on " + address + " port " + std::to_string(port);
  const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error(what);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, reinterpret_cast<sockaddr*>(&storage), *length) == 0) return fd;
  const int error_number = errno;
  auto status = system_error(what);
  ::close(fd);
  errno = error_number;
  return status;
}

// What an address after a "-" in `bind` is forgiven: that this machine does not have it, or its protocol.
bool is_missing(int error_number) {
  return error_number == EADDRNOTAVAIL || error_number == EAFNOSUPPORT || error_number == EPROTONOSUPPORT;
}

}  // namespace

Result<bool> Listener::probe(const std::string& address, int port) {
  const bool optional = address.starts_with('-');
  errno = 0;
  auto fd = bind_socket(address.substr(optional ? 1 : 0), port, false);
  if (!fd.ok() && optional && is_missing(errno)) return false;
  if (!fd.ok()) return fd.take_status();
  ::close(*fd);
  return true;
}

Result<std::unique_ptr<Listener>> Listener::tcp(Worker& worker, const std::string& address, int port,
                                                int backlog) {
  auto fd = bind_socket(address, port, true);
  if (!fd.ok()) return fd.take_status();
  std::unique_ptr<Listener> listener(new Listener(worker, *fd, false));
  if (::listen(*fd, backlog) != 0) {
    auto status = system_error("listening on " + address + " port " + std::to_string(port));
    ::close(*fd);
    return status;
  }
  if (auto status = listener->start(); !status.ok()) return status;
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::unix_socket(Worker& worker, const std::string& path,
                                                        unsigned mode, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Status::error("unixsocket: the path is too long: " + path);
  path.copy(address.sun_path, path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error("unixsocket " + path);
  std::unique_ptr<Listener> listener(new Listener(worker, fd, true));
  struct stat there;
  if (lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode)) {
    ::close(fd);
    return Status::error("unixsocket " + path + ": there is a file of this name, which is no socket");
  }
  unlink(path.c_str());  // of a server that was killed; the database's lock says that it is gone
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, backlog) != 0 ||
      (mode != 0 && chmod(path.c_str(), mode) != 0)) {
    auto status = system_error("unixsocket " + path);
    ::close(fd);
    return status;
  }
  listener->path_ = path;
  if (auto status = listener->start(); !status.ok()) return status;
  return listener;
}

Status Listener::start() {
  if (const int error = uv_poll_init(worker_.loop(), &poll_, fd_); error != 0) {
    return Status::error(std::string("uv_poll_init: ") + uv_strerror(error));
  }
  poll_.data = this;
  uv_poll_start(&poll_, UV_READABLE,
                [](uv_poll_t* handle, int, int) { static_cast<Listener*>(handle->data)->accept_all(); });
  return {};
}

void Listener::accept_all() {
  constexpr int kAcceptsPerTurn = 64;  // the loop has other things to do as well
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    worker_.accepted(fd, unix_);
  }
}

void Listener::close() {
  if (fd_ < 0) return;
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
  ::close(fd_);
  fd_ = -1;
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace stave
