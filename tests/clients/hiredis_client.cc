// SPDX-License-Identifier: Apache-2.0
// hiredis, doing what its users do: commands one by one, appended pipelines, binary arguments, and the
// asynchronous interface over a poll loop. Run by test_hiredis.py: hiredis_client PORT SOCKET
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

namespace {

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::printf("FAIL %s\n", what);
  ++failures;
}

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;
using Reply = std::unique_ptr<redisReply, FreeReply>;

template <typename... Args>
Reply run(const Context& context, const char* format, Args... args) {
  Reply reply(static_cast<redisReply*>(redisCommand(context.get(), format, args...)));
  if (reply) return reply;
  std::printf("FAIL %s: %s\n", format, context->errstr);
  std::exit(1);
}

std::string text(const Reply& reply) {
  return std::string(reply->str ? reply->str : "", reply->len);
}

void test_commands(const Context& context) {
  expect(run(context, "PING")->type == REDIS_REPLY_STATUS, "PING is a status");
  expect(text(run(context, "SET %s %d", "k", 41)) == "OK", "SET");
  expect(run(context, "INCR k")->integer == 42, "INCR");
  expect(text(run(context, "GET k")) == "42", "GET");
  expect(run(context, "GET nothing")->type == REDIS_REPLY_NIL, "GET of an absent key");
  auto error = run(context, "INCRBY k x");
  expect(error->type == REDIS_REPLY_ERROR && text(error).rfind("ERR value is not an integer", 0) == 0,
         "an error");
  auto values = run(context, "MGET k nothing k");
  expect(values->type == REDIS_REPLY_ARRAY && values->elements == 3, "MGET's array");
  expect(values->element[1]->type == REDIS_REPLY_NIL, "MGET's nil");
}

void test_binary(const Context& context) {
  const std::string key("k\0\r\n\xff", 5);
  const std::string value(3 << 20, '\0');
  run(context, "SET %b %b", key.data(), key.size(), value.data(), value.size());
  expect(text(run(context, "GET %b", key.data(), key.size())) == value, "a binary key and value");
}

void test_pipeline(const Context& context) {
  constexpr int kCommands = 20000;
  for (int i = 0; i < kCommands; ++i) redisAppendCommand(context.get(), "SET p:%d %d", i, i);
  for (int i = 0; i < kCommands; ++i) redisAppendCommand(context.get(), "GET p:%d", i);
  bool right = true;
  for (int i = 0; i < 2 * kCommands; ++i) {
    void* raw = nullptr;
    if (redisGetReply(context.get(), &raw) != REDIS_OK) return expect(false, context->errstr);
    Reply reply(static_cast<redisReply*>(raw));
    right = right && text(reply) == (i < kCommands ? "OK" : std::to_string(i - kCommands));
  }
  expect(right, "the replies of a pipeline, in order");
}

// The events that the asynchronous context wants, for poll().
struct Interest {
  short events = 0;
  bool closed = false;
};

void attach(redisAsyncContext* context, Interest* interest) {
  context->ev.data = interest;
  context->ev.addRead = [](void* data) { static_cast<Interest*>(data)->events |= POLLIN; };
  context->ev.delRead = [](void* data) { static_cast<Interest*>(data)->events &= ~POLLIN; };
  context->ev.addWrite = [](void* data) { static_cast<Interest*>(data)->events |= POLLOUT; };
  context->ev.delWrite = [](void* data) { static_cast<Interest*>(data)->events &= ~POLLOUT; };
  context->ev.cleanup = [](void* data) { static_cast<Interest*>(data)->closed = true; };
}

void poll_until_closed(redisAsyncContext* context, Interest* interest) {
  const int descriptor = context->c.fd;
  while (!interest->closed) {
    pollfd wanted{descriptor, interest->events, 0};
    if (poll(&wanted, 1, 10000) <= 0) return expect(false, "the asynchronous context waits for ever");
    if (wanted.revents & (POLLIN | POLLHUP | POLLERR)) redisAsyncHandleRead(context);
    if (!interest->closed && (wanted.revents & POLLOUT)) redisAsyncHandleWrite(context);
  }
}

struct Counted {
  long long sum = 0;
  int replies = 0;
};

void test_asynchronous(int port) {
  constexpr int kCommands = 5000;
  redisAsyncContext* context = redisAsyncConnect("127.0.0.1", port);
  if (context == nullptr || context->err) return expect(false, "redisAsyncConnect");
  Interest interest;
  attach(context, &interest);
  Counted counted;
  const auto count = [](redisAsyncContext* asked, void* raw, void* data) {
    auto* into = static_cast<Counted*>(data);
    if (raw == nullptr) return;
    into->sum += static_cast<redisReply*>(raw)->integer;
    if (++into->replies == kCommands) redisAsyncDisconnect(asked);
  };
  for (int i = 0; i < kCommands; ++i) redisAsyncCommand(context, count, &counted, "INCR async");
  poll_until_closed(context, &interest);
  expect(counted.replies == kCommands, "every asynchronous command is answered");
  expect(counted.sum == 1LL * kCommands * (kCommands + 1) / 2, "the asynchronous counter's replies");
}

void test_timeout_and_close(const Context& context) {
  redisSetTimeout(context.get(), timeval{5, 0});
  expect(text(run(context, "QUIT")) == "OK", "QUIT");
  expect(redisCommand(context.get(), "PING") == nullptr && context->err != 0, "the end after QUIT");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int port = std::atoi(argv[1]);
  Context context(redisConnect("127.0.0.1", port));
  Context local(redisConnectUnix(argv[2]));
  for (const Context& one : {std::cref(context), std::cref(local)}) {
    if (!one || one->err) return std::printf("FAIL connect: %s\n", one ? one->errstr : "no memory"), 1;
    run(one, "FLUSHALL");
    test_commands(one);
    test_binary(one);
    test_pipeline(one);
  }
  test_asynchronous(port);
  test_timeout_and_close(context);
  std::printf("%s\n", failures ? "failed" : "passed");
  return failures ? 1 : 0;
}
