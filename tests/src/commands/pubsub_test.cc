// SPDX-License-Identifier: Apache-2.0
// Shows what SUBSCRIBE and its like reply, and what a client that listens may do. Messages between
// connections are in tests/integration/pubsub.py.
#include <doctest/doctest.h>

#include <string>

#include "src/pubsub.h"
#include "tests/src/session_tester.h"

namespace stave {
namespace {

class Listener final : public Subscriber {
 public:
  bool receive(PubsubMessage& message) override {
    received.append(message.bytes(3));
    return true;
  }
  void shed() override {}
  std::string received;
};

struct PubsubTester : testing::SessionTester {
  PubsubTester() { session.subscriber = &listener; }
  ~PubsubTester() { session.worker.pubsub().leave_all(listener); }
  Listener listener;
};

constexpr std::string_view kOnly =
    "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n";

TEST_CASE_FIXTURE(PubsubTester, "each name is confirmed, with the count of channels and patterns") {
  CHECK(run("SUBSCRIBE a b") ==
        "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
  CHECK(run("PSUBSCRIBE a") == "*3\r\n$10\r\npsubscribe\r\n$1\r\na\r\n:3\r\n");
  CHECK(run("SSUBSCRIBE a") == "*3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:1\r\n");
  CHECK(run("UNSUBSCRIBE a") == "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n");
  CHECK(run("UNSUBSCRIBE") == "*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:1\r\n");
  CHECK(run("UNSUBSCRIBE") == "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:1\r\n");
  CHECK(session.client.pubsub);
  CHECK(run("PUNSUBSCRIBE") == "*3\r\n$12\r\npunsubscribe\r\n$1\r\na\r\n:0\r\n");
  CHECK(session.client.pubsub);
  CHECK(run("SUNSUBSCRIBE") == "*3\r\n$12\r\nsunsubscribe\r\n$1\r\na\r\n:0\r\n");
  CHECK_FALSE(session.client.pubsub);
}

TEST_CASE_FIXTURE(PubsubTester, "in RESP3 a confirmation is a push") {
  session.set_protocol(3);
  CHECK(run("SSUBSCRIBE s") == ">3\r\n$10\r\nssubscribe\r\n$1\r\ns\r\n:1\r\n");
  CHECK(run("PUNSUBSCRIBE") == ">3\r\n$12\r\npunsubscribe\r\n_\r\n:0\r\n");
  CHECK(run("PING") == "+PONG\r\n");
}

TEST_CASE_FIXTURE(PubsubTester, "RESP2 allows a listener little") {
  run("SUBSCRIBE a");
  CHECK(run("GET k") == "-ERR Can't execute 'get" + std::string(kOnly));
  CHECK(run("CLIENT ID") == "-ERR Can't execute 'client|id" + std::string(kOnly));
  CHECK(run("PUBLISH a m") == "-ERR Can't execute 'publish" + std::string(kOnly));
  CHECK(run("PING") == "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  CHECK(run("PING x") == "*2\r\n$4\r\npong\r\n$1\r\nx\r\n");
  CHECK(run("RESET") == "+RESET\r\n");
  CHECK_FALSE(listener.listens());
  CHECK(run("PING") == "+PONG\r\n");
}

TEST_CASE_FIXTURE(PubsubTester, "PUBLISH on the worker of all listeners delivers at once") {
  session.set_protocol(3);
  run("SUBSCRIBE a");
  run("SSUBSCRIBE a");
  CHECK(run("PUBLISH a m") == ":1\r\n");
  CHECK(run("SPUBLISH a m") == ":1\r\n");
  CHECK(run("PUBLISH b m") == ":0\r\n");
  CHECK(listener.received ==
        ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n>3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nm\r\n");
}

}  // namespace
}  // namespace stave
