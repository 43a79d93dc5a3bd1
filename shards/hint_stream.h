// SPDX-License-Identifier: Apache-2.0
// HintStream: the entries of a hint in their order, for recovery. Where there are many, a helper thread makes
// them ready, with the key's hash and the Entry that the index will own, while the owner of the shard puts
// those before them into the index: allocating and copying is half of the work of a start. The helper only
// computes; it touches neither disk nor shard.
#pragma once

#include <array>
#include <cstdint>
#include <semaphore>
#include <span>
#include <thread>
#include <vector>

#include "shards/entry.h"
#include "shards/hint.h"

namespace stave {

class HintStream {
 public:
  struct Item {
    HintEntry hint;
    std::uint64_t hash = 0;  // of the key
    Entry* entry = nullptr;  // of a string, cold; the taker's to own or destroy
  };

  // `slot`: of the segment. The hint must outlive this.
  HintStream(const HintReader& hint, std::uint32_t slot);
  // REQUIRES: next() has come to the end.
  ~HintStream();
  HintStream(const HintStream&) = delete;
  HintStream& operator=(const HintStream&) = delete;

  // Some items, good until the next call; none at the end.
  std::span<const Item> next();

 private:
  static constexpr std::size_t kBatchItems = 512;
  static constexpr std::size_t kBatches = 4;
  using Batch = std::vector<Item>;

  void fill(Batch& batch);
  void run();

  const HintReader& hint_;
  const std::uint32_t slot_;
  // Whoever fills: the helper, or the owner when there is none.
  std::uint64_t filled_items_ = 0;
  HintReader::Walk fill_walk_;
  // The owner only.
  std::size_t taken_ = 0;
  bool holding_ = false;  // a batch that was taken and not given back
  // Cross threads by way of the semaphores.
  std::array<Batch, kBatches> batches_;
  std::counting_semaphore<kBatches> vacant_{kBatches};
  std::counting_semaphore<kBatches> ready_{0};
  std::thread helper_;
};

}  // namespace stave
