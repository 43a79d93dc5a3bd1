// SPDX-License-Identifier: Apache-2.0
// NextSegment: the file of the log's next segment. Making a file and reserving its space ends with a sync of
// the directory, which can take as long as everything else that the file system has to write then; so it is
// made before it is needed, in the background. Who needs it earlier makes it at once, or waits for the rest.
//
// make() and the end (discard(), abandon()) from any thread; the rest from the owner's, after make().
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "shards/disk.h"
#include "shards/fault.h"

namespace stave {

class NextSegment {
 public:
  struct Plan {
    std::string directory;
    std::uint64_t number = 0;
    std::uint64_t capacity_bytes = 0;
    std::uint64_t bytes_min = 0;  // a disk that is nearly full gets a smaller file, but no smaller than this
    std::string spare_path;       // the file of a segment that is gone, to be used again; "": a new one
    std::uint64_t spare_bytes = 0;
    Fault fault = Fault::kNone;  // tests only
  };

  NextSegment(Disk& disk, Plan plan) : disk_(disk), plan_(std::move(plan)) {}

  // The first call does it; every call has that one's outcome. After an error discard() removes what is left.
  Status make();
  // Removes the file, if there is one: it is not wanted. Nothing is made any more. After an error it must be
  // called again before the log begins another segment, as a start takes a file without a header for damage
  // when there are sealed segments behind it.
  Status discard();
  // Nothing is made any more; the file, if there is one, stays.
  void abandon();

  // REQUIRES: make() has returned no error.
  std::unique_ptr<File> take_file() { return std::move(file_); }
  std::uint64_t capacity_bytes() const { return plan_.capacity_bytes; }
  // As planned.
  std::uint64_t number() const { return plan_.number; }
  std::uint64_t spare_bytes() const { return plan_.spare_bytes; }

 private:
  Status make_file();
  Result<std::unique_ptr<File>> open_file() const;
  Status allocate();
  std::string path() const;

  Disk& disk_;
  Plan plan_;
  std::mutex mutex_;
  bool over_ = false;  // under mutex_, as are the following until it is true
  std::string error_;  // "": none
  std::unique_ptr<File> file_;
};

}  // namespace stave
