// SPDX-License-Identifier: Apache-2.0
// Collection: a value with elements (hash, list, set, sorted set) that has outgrown its packed form
// (packed.h): a native structure of its own. The entry of its key points at it. Owner thread only.
//
// On disk it is a chain (chain.h): a snapshot, and the edits after it (edits.h). The collection knows which
// segments its edits are in, for their live bytes; where each is does not matter, as it is written as a
// snapshot before it leaves memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shards/chain.h"
#include "shards/collection_limits.h"
#include "shards/edits.h"
#include "shards/entry.h"
#include "shards/packed.h"
#include "shards/part_cursor.h"
#include "shards/status.h"

namespace stave {

class Collection {
 public:
  virtual ~Collection() = default;
  virtual Type type() const = 0;
  virtual std::size_t size() const = 0;  // elements
  // Elements in front of the first edit that cannot be applied are changed even if there is an error.
  virtual Status apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) = 0;
  virtual void pack(std::string& packed) const = 0;  // replaces `packed`
  // Frees about `count` elements, or nothing at all; true when the rest is to be destroyed at once. `place`
  // begins as 0 and is this function's own. Until it is true nothing else may be called.
  virtual bool free_some(std::uint64_t& place, std::size_t count) = 0;
  // Replaces `packed` by some elements from the cursor on, about `bytes_max` of them and at least one. True
  // when they are the last. The first call has a new cursor; between two the elements may change.
  virtual bool pack_part(PartCursor& cursor, std::size_t bytes_max, std::string& packed) const = 0;
  // So many elements are about to come, in the order of their hashes perhaps, in which an index must not
  // grow. REQUIRES: there are none.
  virtual void expect(std::size_t) {}
  // Puts elements (of a list: at its tail). REQUIRES: is_packed().
  virtual void add_part(std::string_view packed) = 0;
  // Of memory, what the allocator adds included.
  virtual std::size_t memory_bytes() const = 0;

  Encoding encoding() const { return encoding_; }
  void set_encoding(Encoding encoding) { encoding_ = encoding; }

  Chain chain;

 private:
  Encoding encoding_ = Encoding::kListpack;
};

// The native form. REQUIRES: is_packed(type, packed).
std::unique_ptr<Collection> unpack(Type type, std::string_view packed);

// The same as Collection::apply for the packed form.
Status edit_packed(Type type, std::string& packed, std::string_view edits, const CollectionLimits& limits,
                   EditResult& result);

// What apply() says of an edit that no collection of the type can have.
Status bad_edit(Type type);

}  // namespace stave
