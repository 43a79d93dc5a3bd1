// SPDX-License-Identifier: Apache-2.0
// Session: what commands see of the connection that they came by. Part of a Connection (connection.h);
// touched only by its worker.
#pragma once

#include <cstdint>
#include <string>

#include "resp/reply.h"
#include "src/config.h"
#include "src/context.h"
#include "src/multi.h"

namespace stave {

class Subscriber;
class Worker;
struct Command;

enum class ReplyMode : std::uint8_t { kOn, kOff, kSkipNext };

struct ClientInfo {
  std::uint64_t id = 0;
  std::string address;  // "127.0.0.1:50000", or the path of the Unix socket and ":0"
  std::string local_address;
  std::string name;
  std::string library_name;  // CLIENT SETINFO
  std::string library_version;
  const Command* last_command = nullptr;
  std::int64_t connected_ms = 0;
  std::int64_t last_active_ms = 0;
  int fd = -1;
  int db = 0;
  int protocol = 2;
  bool unix_socket = false;
  bool authenticated = false;
  bool no_evict = false;
  bool no_touch = false;
  bool pubsub = false;  // listens to something
};

class Session {
 public:
  Session(Worker& owner, resp::ReplyWriter& writer) : worker(owner), reply(writer) {}

  Worker& worker;
  // Of the command that runs; its protocol follows client.protocol.
  resp::ReplyWriter& reply;
  ClientInfo client;
  Subscriber* subscriber = nullptr;  // the connection
  ReplyMode reply_mode = ReplyMode::kOn;
  Multi multi;
  bool close_after_reply = false;  // QUIT, protocol errors, CLIENT KILL of oneself

  // HELLO n: also what the writer speaks from now on.
  void set_protocol(int protocol) {
    client.protocol = protocol;
    reply.set_protocol(protocol);
  }
  // What RESET does to a connection; the reply is the command's.
  void reset();
  // After an EXEC that has run, or would have: its shards know that nothing is watched any more.
  void multi_done();
  // Tells the shards that the client watches nothing any more.
  void unwatch();
};

}  // namespace stave
