// SPDX-License-Identifier: Apache-2.0
#include "shards/hint_stream.h"

#include <algorithm>
#include <cassert>
#include <system_error>
#include <utility>

#include "shards/hash_key.h"

namespace stave {
namespace {

constexpr std::uint64_t kItemsForHelper = 16384;  // below, a thread costs more than it saves

HintStream::Item make_item(const HintEntry& hint, std::uint32_t slot) {
  HintStream::Item item{hint, hash_key(hint.record.key), nullptr};
  if (hint.record.kind != RecordKind::kString) return item;
  Entry::Fields fields;
  fields.key = hint.record.key;
  fields.value_bytes = hint.value_bytes;
  fields.expiry_ms = hint.record.expiry_ms;
  fields.location = {slot, hint.offset_bytes};
  if (hint.record.has(kRawString)) fields.flags = Entry::kRawEncoding;
  item.entry = Entry::create(fields);
  return item;
}

}  // namespace

HintStream::HintStream(const HintReader& hint, std::uint32_t slot)
    : hint_(hint), slot_(slot), fill_walk_(hint) {
  for (Batch& batch : batches_) batch.reserve(kBatchItems);
  if (hint.count() < kItemsForHelper) return;
  try {
    helper_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // The system has no thread to give: next() does without.
  }
}

HintStream::~HintStream() {
  if (helper_.joinable()) helper_.join();
  assert(filled_items_ == hint_.count());
}

void HintStream::fill(Batch& batch) {
  batch.clear();
  const std::uint64_t end = std::min<std::uint64_t>(filled_items_ + kBatchItems, hint_.count());
  HintEntry hint;
  for (; filled_items_ < end && fill_walk_.next(hint); ++filled_items_)
    batch.push_back(make_item(hint, slot_));
}

// Up to and including an empty batch, which is the end.
void HintStream::run() {
  for (std::size_t i = 0;; ++i) {
    Batch& batch = batches_[i % kBatches];
    vacant_.acquire();
    fill(batch);
    const bool last = batch.empty();
    ready_.release();
    if (last) return;
  }
}

std::span<const HintStream::Item> HintStream::next() {
  if (!helper_.joinable()) {
    fill(batches_[0]);
    return batches_[0];
  }
  if (std::exchange(holding_, false)) vacant_.release();
  ready_.acquire();
  holding_ = true;
  return batches_[taken_++ % kBatches];
}

}  // namespace stave
