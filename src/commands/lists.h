// SPDX-License-Identifier: Apache-2.0
// What the files of the list commands share: the functions behind those rows of list_commands() that do not
// live beside the table, and small helpers.
#pragma once

#include <cstddef>
#include <string_view>

#include "shards/list.h"
#include "src/context.h"

namespace stave {

// list_moves.cc
Status blmove(Context& context, Args args);
Status blmpop(Context& context, Args args);
Status blpop(Context& context, Args args);
Status brpop(Context& context, Args args);
Status brpoplpush(Context& context, Args args);
Status lmove(Context& context, Args args);
Status lmpop(Context& context, Args args);
Status lpop(Context& context, Args args);
Status rpop(Context& context, Args args);
Status rpoplpush(Context& context, Args args);

// list_searches.cc
Status linsert(Context& context, Args args);
Status lpos(Context& context, Args args);
Status lrem(Context& context, Args args);

inline void add_push(Edits& edits, ListEnd end, std::string_view element) {
  end == ListEnd::kHead ? edits.push_head(element) : edits.push_tail(element);
}
inline void add_pop(Edits& edits, ListEnd end, std::size_t count) {
  end == ListEnd::kHead ? edits.pop_head(count) : edits.pop_tail(count);
}

// The names of keyspace events.
inline std::string_view push_event(ListEnd end) {
  return end == ListEnd::kHead ? "lpush" : "rpush";
}
inline std::string_view pop_event(ListEnd end) {
  return end == ListEnd::kHead ? "lpop" : "rpop";
}

// An array of `count` elements from `index` on. REQUIRES: the list has them.
void reply_elements(resp::ReplyWriter& reply, const ListView& list, std::size_t index, std::size_t count,
                    bool backwards);

}  // namespace stave
