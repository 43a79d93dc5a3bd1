// SPDX-License-Identifier: Apache-2.0
// BackupRun: makes one hot backup. It is one object that travels, and only the worker that it is at touches
// it:
//
//   prepare  at home, in the background: a partial backup without shards
//   lock     each shard in ascending order: its gate, alone, as FLUSHALL does it
//   cut      each shard in ascending order: the cut, and the gate opens again
//   write    one shard after the other: its part, in the background (shard_backup.h)
//   finish   at home, in the background: the partial backup becomes one, or goes
//
// When the first shard is cut all gates are held, so no command runs between two cuts that one of them would
// show and the other not: transactions are in the backup as a whole or not at all, and of two writes, the
// second sent after the first was answered, the second is not in it without the first.
#pragma once

#include <cstdint>
#include <string>

#include "shards/backup_folder.h"
#include "shards/locks.h"
#include "shards/shard_backup.h"
#include "src/backups.h"
#include "src/message.h"

namespace stave {

class Server;
class ShardHost;

class BackupRun final : public Message, public LockWaiter {
 public:
  // Frees itself when it has called `done`.
  static void start(Worker& home, Backups::Done done);

  void arrive(Worker& here) override;
  void granted() override;

 private:
  enum class Step : std::uint8_t { kPrepare, kLock, kCut, kWrite, kFinish, kEnd };

  BackupRun(Worker& home, Backups::Done done);
  void prepare();
  void visit_shards();
  void begin(Step step);
  // Each returns false when it waits for something at this shard.
  bool lock(ShardHost& host);
  void cut(ShardHost& host);
  bool write(ShardHost& host);
  void finish();
  void end();
  void tell() const;

  Worker& home_;
  Server& server_;
  Worker* here_;
  const Backups::Done done_;
  BackupFolder folder_;
  Step step_ = Step::kPrepare;
  std::uint32_t shard_ = 0;
  bool granted_ = false;
  std::string name_;     // "": there is no partial backup
  std::string failure_;  // "": none so far
  std::uint64_t gsns_ = 0;
  ShardBackup::Size size_;
  std::int64_t began_ms_ = 0;
};

}  // namespace stave
