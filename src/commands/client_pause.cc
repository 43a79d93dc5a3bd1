// SPDX-License-Identifier: Apache-2.0
// CLIENT PAUSE and UNPAUSE: the clients of all workers wait. The reply comes when every worker holds back.
#include <limits>

#include "src/ascii.h"
#include "src/call.h"
#include "src/commands/client.h"
#include "src/numbers.h"
#include "src/worker.h"

namespace stave {
namespace {

struct Pause {
  std::int64_t until_ms = 0;
  bool writes_only = false;
};

Result<std::int64_t> end_of_pause(std::string_view milliseconds, std::int64_t now_ms) {
  const auto number = parse_integer(milliseconds);
  if (!number) return Error{"ERR timeout is not an integer or out of range"};
  if (*number < 0) return Error{"ERR timeout is negative"};
  if (*number > std::numeric_limits<std::int64_t>::max() - now_ms)
    return Error{"ERR timeout is out of range"};
  return now_ms + *number;
}

// CLIENT PAUSE milliseconds [WRITE|ALL]
Result<Pause> parse_pause(Args args, std::int64_t now_ms) {
  if (args.size() > 4) return wrong_client_arguments(args[1]);
  Pause pause;
  pause.writes_only = args.size() == 4 && ascii::equal(args[3], "write");
  if (args.size() == 4 && !pause.writes_only && !ascii::equal(args[3], "all")) {
    return Error{"ERR CLIENT PAUSE mode must be WRITE or ALL"};
  }
  auto until_ms = end_of_pause(args[2], now_ms);
  if (!until_ms.ok()) return until_ms.take_status();
  pause.until_ms = *until_ms;
  return pause;
}

void pause_workers(Call& call, Pause pause) {
  const auto work = [pause](Worker& here) {
    // A pause of everything is not weakened by a later one of writes.
    const bool all_paused = here.paused(false);
    here.pause_until(pause.until_ms, pause.writes_only && !all_paused);
  };
  call.on_workers(work, [&call] { call.finish(Status()); });
}

}  // namespace

void client_pause(Call& call) {
  auto pause = parse_pause(call.args(), call.home().now_ms());
  if (!pause.ok()) return call.finish(pause.take_status());
  pause_workers(call, *pause);
}

void client_unpause(Call& call) {
  pause_workers(call, {});
}

}  // namespace stave
