// SPDX-License-Identifier: Apache-2.0
// Closed-loop load for `make bench`: each of some connections sends a pipeline of operations on random keys,
// waits for all replies, and sends the next. One thread, two system calls for a round trip: on two cores what
// the load takes is missing for the server.
//
//   bench-load PORT set|get|zipf|mset|multi OPERATIONS CLIENTS PIPELINE KEYS VALUE_BYTES [SEED]
//
// Keys are key:000000000000 and on, as redis-benchmark has them, each as likely as the others; `zipf` is GET
// with few popular keys (zipf.h). `mset` sets 10 keys with each operation, `multi` is MULTI, 5 SETs and EXEC,
// sent together. A GET's value must be there with this length. Prints
//
//   SECONDS BUSY OPERATIONS P50 P99 P99.9 MAX
//
// how long it took, the share of it that this thread computed, how many were done (whole pipelines), and the
// round trips of pipelines in microseconds. A closed loop sees a pause of the server once for each client.
// Anything but the expected replies ends it with status 1 and a line on stderr.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/latency_histogram.h"
#include "tests/bench/zipf.h"

namespace {

constexpr std::size_t kKeyDigits = 12;
constexpr int kKeysOfMset = 10;
constexpr int kCommandsOfMulti = 5;

struct Plan {
  std::uint16_t port = 0;
  std::string_view kind;
  std::uint64_t operations = 0;
  std::size_t clients = 0;
  std::size_t pipeline = 0;
  std::uint64_t keys = 0;
  std::size_t value_bytes = 0;
  std::uint64_t seed = 1;
};

// The keys to ask for, in order.
class KeySource {
 public:
  explicit KeySource(const Plan& plan) : random_(plan.seed), keys_(plan.keys) {
    if (plan.kind == "zipf") zipf_.emplace(plan.keys, plan.seed);
  }
  std::uint64_t next() { return zipf_ ? zipf_->next() : random_() % keys_; }

 private:
  std::mt19937_64 random_;
  std::uint64_t keys_;
  std::optional<stave::bench::Zipf> zipf_;
};

struct Client {
  int fd = -1;
  std::string request;               // the whole pipeline, its keys overwritten each time
  std::vector<std::size_t> keys_at;  // where in it
  std::string reply_head;            // what each reply begins with
  std::size_t reply_bytes = 0;       // of one reply
  std::size_t received_bytes = 0;    // of the pipeline's replies
  std::uint64_t sent_ns = 0;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench-load: %s\n", what.c_str());
  std::exit(1);
}

[[noreturn]] void fail_with_errno(const char* call) {
  fail(std::string(call) + ": " + std::strerror(errno));
}

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0)
    fail("'" + std::string(text) + "' is no positive number");
  return number;
}

bool gets(const Plan& plan) {
  return plan.kind == "get" || plan.kind == "zipf";
}

void add_key(Client& client) {
  client.request += "$16\r\nkey:";
  client.keys_at.push_back(client.request.size());
  client.request.append(kKeyDigits, '0').append("\r\n");
}

void add_value(const Plan& plan, Client& client) {
  client.request.append("$" + std::to_string(plan.value_bytes) + "\r\n");
  client.request.append(plan.value_bytes, 'x').append("\r\n");
}

void add_set(const Plan& plan, Client& client) {
  client.request += "*3\r\n$3\r\nSET\r\n";
  add_key(client);
  add_value(plan, client);
}

void add_operation(const Plan& plan, Client& client) {
  if (gets(plan)) {
    client.request += "*2\r\n$3\r\nGET\r\n";
    add_key(client);
  } else if (plan.kind == "mset") {
    client.request += "*" + std::to_string(1 + 2 * kKeysOfMset) + "\r\n$4\r\nMSET\r\n";
    for (int i = 0; i < kKeysOfMset; ++i) {
      add_key(client);
      add_value(plan, client);
    }
  } else if (plan.kind == "multi") {
    client.request += "*1\r\n$5\r\nMULTI\r\n";
    for (int i = 0; i < kCommandsOfMulti; ++i) add_set(plan, client);
    client.request += "*1\r\n$4\r\nEXEC\r\n";
  } else {
    add_set(plan, client);
  }
}

// What the reply to an operation begins with; of all but a GET it is the whole.
std::string reply_head(const Plan& plan) {
  if (gets(plan)) return "$" + std::to_string(plan.value_bytes) + "\r\n";
  if (plan.kind != "multi") return "+OK\r\n";
  std::string replies = "+OK\r\n";
  for (int i = 0; i < kCommandsOfMulti; ++i) replies += "+QUEUED\r\n";
  replies += "*" + std::to_string(kCommandsOfMulti) + "\r\n";
  for (int i = 0; i < kCommandsOfMulti; ++i) replies += "+OK\r\n";
  return replies;
}

Client connect_client(const Plan& plan) {
  Client client;
  client.fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(plan.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail_with_errno("connect");
  const int on = 1;
  setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

  for (std::size_t i = 0; i < plan.pipeline; ++i) add_operation(plan, client);
  client.reply_head = reply_head(plan);
  client.reply_bytes = client.reply_head.size() + (gets(plan) ? plan.value_bytes + 2 : 0);
  return client;
}

void send_pipeline(Client& client, KeySource& source) {
  for (const std::size_t at : client.keys_at) {
    std::uint64_t key = source.next();
    for (std::size_t digit = kKeyDigits; digit-- > 0; key /= 10) {
      client.request[at + digit] = static_cast<char>('0' + key % 10);
    }
  }
  client.received_bytes = 0;
  client.sent_ns = now_ns();
  std::size_t sent = 0;
  while (sent < client.request.size()) {  // the sockets block: a pipeline fits into their buffers
    const ssize_t done =
        send(client.fd, client.request.data() + sent, client.request.size() - sent, MSG_NOSIGNAL);
    if (done < 0) fail_with_errno("send");
    sent += static_cast<std::size_t>(done);
  }
}

// True when the replies to all operations of the pipeline are there. Each one's first bytes that lie in
// `part` are checked.
bool take(Client& client, std::size_t operations, std::string_view part) {
  const std::size_t all_bytes = client.reply_bytes * operations;
  std::size_t at = client.received_bytes;
  client.received_bytes += part.size();
  if (client.received_bytes > all_bytes) fail("more came than was asked for");
  while (!part.empty()) {
    const std::size_t within = at % client.reply_bytes;
    const std::size_t count = std::min(client.reply_bytes - within, part.size());
    if (within < client.reply_head.size()) {
      const std::string_view head = std::string_view(client.reply_head).substr(within, count);
      if (part.substr(0, head.size()) != head) fail("unexpected reply: " + std::string(part.substr(0, 100)));
    }
    part.remove_prefix(count);
    at += count;
  }
  return client.received_bytes == all_bytes;
}

void run(const Plan& plan) {
  KeySource source(plan);
  stave::bench::LatencyHistogram latencies;
  std::vector<Client> clients;
  const int epoll = epoll_create1(0);
  for (std::size_t i = 0; i < plan.clients; ++i) {
    clients.push_back(connect_client(plan));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back().fd, &event) != 0) fail_with_errno("epoll_ctl");
  }
  const double began = seconds_of(CLOCK_MONOTONIC);
  const double cpu_began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  std::uint64_t begun = 0;
  std::uint64_t done = 0;
  for (Client& client : clients) {
    send_pipeline(client, source);
    begun += plan.pipeline;
  }
  std::vector<char> buffer(256 << 10);
  std::array<epoll_event, 256> events{};
  while (done < begun) {
    const int count = epoll_wait(epoll, events.data(), events.size(), -1);
    if (count < 0 && errno != EINTR) fail_with_errno("epoll_wait");
    for (int i = 0; i < count; ++i) {
      Client& client = clients[events[static_cast<std::size_t>(i)].data.u64];
      const ssize_t got = recv(client.fd, buffer.data(), buffer.size(), 0);
      if (got < 0) fail_with_errno("recv");
      if (got == 0) fail("the server closed a connection");
      if (!take(client, plan.pipeline, {buffer.data(), static_cast<std::size_t>(got)})) continue;
      latencies.add(now_ns() - client.sent_ns);
      done += plan.pipeline;
      if (begun >= plan.operations) continue;
      send_pipeline(client, source);
      begun += plan.pipeline;
    }
  }
  const double seconds = seconds_of(CLOCK_MONOTONIC) - began;
  const double busy = (seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu_began) / seconds;
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
  std::printf("%.6f %.3f %llu %.1f %.1f %.1f %.1f\n", seconds, busy, static_cast<unsigned long long>(done),
              us(latencies.percentile_ns(0.5)), us(latencies.percentile_ns(0.99)),
              us(latencies.percentile_ns(0.999)), us(latencies.max_ns()));
  for (const Client& client : clients) close(client.fd);
  close(epoll);
}

}  // namespace

int main(int count, char** words) {
  if (count != 8 && count != 9)
    fail(
        "usage: bench-load PORT set|get|zipf|mset|multi OPERATIONS CLIENTS PIPELINE KEYS VALUE_BYTES [SEED]");
  Plan plan;
  plan.port = static_cast<std::uint16_t>(number_of(words[1]));
  plan.kind = words[2];
  plan.operations = number_of(words[3]);
  plan.clients = number_of(words[4]);
  plan.pipeline = number_of(words[5]);
  plan.keys = number_of(words[6]);
  plan.value_bytes = number_of(words[7]);
  if (count == 9) plan.seed = number_of(words[8]);
  run(plan);
  return 0;
}
