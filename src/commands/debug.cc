// SPDX-License-Identifier: Apache-2.0
// DEBUG: for tests of clients and of the server. One row of the command table, as in Redis, so that
// enable-debug-command is checked before anything else.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "shards/stager.h"
#include "src/addresses.h"
#include "src/ascii.h"
#include "src/call.h"
#include "src/commands/help.h"
#include "src/commands/object.h"
#include "src/commands/server.h"
#include "src/errors.h"
#include "src/message.h"
#include "src/server.h"
#include "src/session.h"
#include "src/worker.h"

namespace stave {
namespace {

constexpr Error kNotAllowed{
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it "
    "from a local "
    "connection, otherwise you need to set this option in the configuration file, and then restart the "
    "server."};

bool is_allowed(Call& call) {
  const DebugCommand who = call.home().settings().enable_debug_command;
  return who == DebugCommand::kYes || (who == DebugCommand::kLocal && is_local(call.session().client));
}

// DEBUG SLEEP seconds. Blocks the worker, which is what it is for.
void debug_sleep(Call& call) {
  constexpr double kSecondsMax = 1e6;
  const double seconds = std::strtod(std::string(call.args()[2]).c_str(), nullptr);
  if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(std::min(seconds, kSecondsMax)));
  call.finish(Status());
}

// Goes to the shard of the key, waits for the value if that is cold and the encoding depends on it, and comes
// home.
class ObjectQuestion final : public Message, public StageWaiter {
 public:
  ObjectQuestion(Call& call, std::string_view name)
      : call_(call), home_(call.home().number()), key_{call.session().client.db, name} {}

  void arrive(Worker& here) override {
    if (answered_) {
      const std::unique_ptr<ObjectQuestion> self(this);
      if (status_.ok()) call_.reply.simple(answer_);
      return status_.ok() ? call_.finish() : call_.finish(status_);
    }
    here_ = &here;
    Shard& shard = here.host(here.server().shard_of(key_.name)).shard;
    shard.set_now(here.now_ms());
    // A transaction may be changing it, elsewhere. One that asks itself waits for the answer meanwhile.
    if (call_.within() == nullptr && !shard.locks().free(key_)) return here.ready(this);
    const Found found = shard.find(key_, false);
    if (found.exists && !found.resident && encoding_needs_value(found) && status_.ok())
      return shard.stage(key_, this);
    answer(shard, found);
  }

  void staged(const Status& status) override {
    if (!status.ok()) status_ = Status::error(status.message());
    here_->ready(this);
  }

 private:
  void answer(Shard& shard, const Found& found) {
    answered_ = true;
    if (found.exists && status_.ok()) {
      answer_ = fmt::format("Value at:{} refcount:1 encoding:{} serializedlength:{} lru:0 lru_seconds_idle:0",
                            fmt::ptr(shard.entry(key_)), encoding_name(found), found.value_bytes);
    } else if (status_.ok()) {
      status_ = errors::kNoSuchKey;
    }
    here_->send(home_, this);
  }

  Call& call_;
  const std::size_t home_;
  const Key key_;
  Worker* here_ = nullptr;
  bool answered_ = false;
  std::string answer_;
  Status status_;
};

// DEBUG OBJECT key
void debug_object(Call& call) {
  const std::string_view name = call.args()[2];
  Server& server = call.server();
  call.home().send(server.worker_of(server.shard_of(name)), new ObjectQuestion(call, name));
}

// Goes from worker to worker, waits at each until all that its logs have got is on disk, and comes home.
class DiskRound final : public Message {
 public:
  explicit DiskRound(Call& call) : call_(call), home_(call.home().number()) {}

  void arrive(Worker& here) override {
    if (at_ == here.server().worker_count()) {
      const std::unique_ptr<DiskRound> self(this);
      return failure_.empty() ? call_.finish(Status()) : call_.finish(log_failed(failure_));
    }
    if (gsns_.empty()) {
      for (ShardHost* host : here.hosts()) gsns_.push_back(host->shard.last_gsn());
    }
    if (!all_durable(here)) return here.ready(this);
    gsns_.clear();
    ++at_;
    here.send(at_ == here.server().worker_count() ? home_ : at_, this);
  }

 private:
  // Pushes on those that are not, unless they have failed.
  bool all_durable(Worker& here) {
    bool all = true;
    for (std::size_t i = 0; i < gsns_.size(); ++i) {
      Log& log = here.hosts()[i]->shard.log();
      if (log.make_durable(gsns_[i])) continue;
      if (log.failed()) {
        failure_ = log.failure();
      } else {
        all = false;
      }
    }
    return all;
  }

  Call& call_;
  const std::size_t home_;
  std::size_t at_ = 0;               // worker
  std::vector<std::uint64_t> gsns_;  // of the shards of that worker, when it came there
  std::string failure_;
};

// DEBUG RELOAD [MERGE|NOFLUSH|NOSAVE ...]. There is nothing to save and load: the log is the database. When
// it replies, all that was written is on disk.
void debug_reload(Call& call) {
  constexpr std::string_view kOptions[] = {"merge", "noflush", "nosave"};
  for (const std::string_view word : call.args().subspan(2)) {
    const auto is_word = [word](std::string_view option) { return ascii::equal(word, option); };
    if (std::none_of(std::begin(kOptions), std::end(kOptions), is_word)) {
      return call.finish(Error{"ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."});
    }
  }
  call.home().send(0, new DiskRound(call));
}

// DEBUG SET-ACTIVE-EXPIRE 0|1
void debug_set_active_expire(Call& call) {
  const bool on = std::atoi(std::string(call.args()[2]).c_str()) != 0;
  const auto work = [on](Worker& here) {
    for (ShardHost* host : here.hosts()) host->shard.set_active_expiry(on);
  };
  call.on_workers(work, [&call] { call.finish(Status()); });
}

void debug_help(Call& call) {
  constexpr std::string_view kLines[] = {
      "DEBUG <subcommand> [<argument> ...]",
      "OBJECT <key>",
      "    Describe the value of <key>.",
      "RELOAD [MERGE|NOFLUSH|NOSAVE ...]",
      "    Wait until all that was written is on disk. There is no dump to be loaded.",
      "SET-ACTIVE-EXPIRE (0|1)",
      "    Whether keys are removed when they expire, or only seen as absent.",
      "SLEEP <seconds>",
      "    Block the thread that serves this connection. Fractions are allowed.",
      "HELP",
      "    Show this text.",
  };
  reply_help(call.reply, kLines);
  call.finish();
}

struct Subcommand {
  std::string_view name;
  std::size_t arguments_min;  // with DEBUG and the name
  std::size_t arguments_max;
  void (*function)(Call&);
};

constexpr std::size_t kAnyNumber = ~std::size_t{0};
constexpr Subcommand kSubcommands[] = {
    {"help", 2, 2, debug_help},
    {"object", 3, 3, debug_object},
    {"reload", 2, kAnyNumber, debug_reload},
    {"set-active-expire", 3, 3, debug_set_active_expire},
    {"sleep", 3, 3, debug_sleep},
};

}  // namespace

void debug(Call& call) {
  if (!is_allowed(call)) return call.finish(kNotAllowed);
  const std::string_view name = call.args()[1];
  const std::size_t count = call.args().size();
  for (const Subcommand& subcommand : kSubcommands) {
    if (!ascii::equal(name, subcommand.name)) continue;
    if (count >= subcommand.arguments_min && count <= subcommand.arguments_max)
      return subcommand.function(call);
  }
  call.finish(errors::wrong_subcommand_arguments(name, "DEBUG"));
}

}  // namespace stave
