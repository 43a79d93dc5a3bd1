// SPDX-License-Identifier: Apache-2.0
// ChainBuilder: puts a collection together from the records of its chain (chain.h), in pieces that take about
// a millisecond at most, so that large ones do not hold the loop. Owner thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shards/collection.h"
#include "shards/list_prefix.h"
#include "shards/record.h"
#include "shards/status.h"

namespace stave {

class ChainBuilder {
 public:
  ChainBuilder(Type type, const CollectionLimits& limits) : type_(type), limits_(limits) {}

  // Takes the next record, in the order of the GSNs. Its bytes must stay until step() is done with it. An
  // error when it is none of this collection, or not the one that comes next.
  Status take(const Record& record);
  // Goes on with what was taken; false when there is nothing left to do.
  bool step();
  // After the last record. An error when more should have come.
  Status finish() const;
  std::unique_ptr<Collection> collection() { return std::move(collection_); }
  std::uint64_t first_gsn() const { return first_gsn_; }

 private:
  Status take_part(const Record& record);
  void take_edits(std::string_view edits);
  void take_packed(std::string_view packed, std::size_t elements);

  const Type type_;
  const CollectionLimits limits_;
  std::unique_ptr<Collection> collection_;
  std::uint64_t first_gsn_ = 0;
  bool in_series_ = false;         // the last part is still to come
  std::uint32_t next_number_ = 0;  // of the next part
  ListPrefix prefix_;              // of a list of which the last part is to come
  std::string_view items_;         // that are still to be put
};

}  // namespace stave
