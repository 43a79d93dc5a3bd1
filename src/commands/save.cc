// SPDX-License-Identifier: Apache-2.0
// SAVE, BGSAVE, LASTSAVE: hot backups (src/backup_run.h).
#include "src/ascii.h"
#include "src/call.h"
#include "src/commands/server.h"
#include "src/errors.h"
#include "src/server.h"

namespace stave {
namespace {

constexpr Error kUnderWay{"ERR Background save already in progress"};
constexpr Error kStopping{"ERR the server is shutting down"};

}  // namespace

// Only the client that sent it waits.
void save(Call& call) {
  const auto done = [&call](const Status& status) { call.finish(status); };
  switch (call.server().backups().begin(call.home(), false, done)) {
    case Backups::Begun::kStarted:
      return;
    case Backups::Begun::kStopping:
      return call.finish(kStopping);
    default:
      return call.finish(kUnderWay);
  }
}

// BGSAVE [SCHEDULE]
void bgsave(Call& call) {
  const Args words = call.args().subspan(1);
  const bool schedule = words.size() == 1 && ascii::equal(words[0], "schedule");
  if (!words.empty() && !schedule) return call.finish(errors::kSyntax);
  switch (call.server().backups().begin(call.home(), schedule, nullptr)) {
    case Backups::Begun::kStarted:
      call.reply.simple("Background saving started");
      return call.finish();
    case Backups::Begun::kScheduled:
      call.reply.simple("Background saving scheduled");
      return call.finish();
    case Backups::Begun::kUnderWay:
      return call.finish(kUnderWay);
    case Backups::Begun::kStopping:
      return call.finish(kStopping);
  }
}

void lastsave(Call& call) {
  call.reply.integer(call.server().backups().facts().last_success_ms / 1000);
  call.finish();
}

}  // namespace stave
