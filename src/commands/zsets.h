// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of zset_commands() that live in files of their own, and what they share.
#pragma once

#include <span>
#include <vector>

#include "shards/zset.h"
#include "src/context.h"

namespace stave {

// zset_additions.cc
Status zadd(Context& context, Args args);
Status zincrby(Context& context, Args args);

struct AddOptions {
  bool only_if_absent = false;   // NX
  bool only_if_present = false;  // XX
  bool only_if_greater = false;  // GT
  bool only_if_less = false;     // LT
  bool count_updates = false;    // CH
  bool increment = false;        // INCR

  // Whether what is done depends on the score that a member has.
  bool look() const {
    return only_if_absent || only_if_present || only_if_greater || only_if_less || increment;
  }
};

using Pairs = std::vector<ScoredMember>;

// Adds the pairs, as far as the options let it, and replies as ZADD does.
Status add_members(Context& context, std::string_view name, const AddOptions& options, const Pairs& pairs);

// zset_range_commands.cc
Status zcount(Context& context, Args args);
Status zlexcount(Context& context, Args args);
Status zrange(Context& context, Args args);
Status zrangebylex(Context& context, Args args);
Status zrangebyscore(Context& context, Args args);
Status zrangestore(Context& context, Args args);
Status zremrangebylex(Context& context, Args args);
Status zremrangebyrank(Context& context, Args args);
Status zremrangebyscore(Context& context, Args args);
Status zrevrange(Context& context, Args args);
Status zrevrangebylex(Context& context, Args args);
Status zrevrangebyscore(Context& context, Args args);

// zset_pops.cc
Status bzmpop(Context& context, Args args);
Status bzpopmax(Context& context, Args args);
Status bzpopmin(Context& context, Args args);
Status zmpop(Context& context, Args args);
Status zpopmax(Context& context, Args args);
Status zpopmin(Context& context, Args args);

// zset_operations.cc
Status zdiff(Context& context, Args args);
Status zdiffstore(Context& context, Args args);
Status zinter(Context& context, Args args);
Status zintercard(Context& context, Args args);
Status zinterstore(Context& context, Args args);
Status zunion(Context& context, Args args);
Status zunionstore(Context& context, Args args);
// The keys of ZUNIONSTORE and the like: the destination, and those behind their number.
void find_stored_keys(Args args, std::vector<int>& positions);

// zset_results.cc

// Writes members, alone or with their scores.
class MembersReply {
 public:
  enum class Form { kNames, kFlat, kPairs };
  // The form for "with scores": RESP2 has no pairs.
  static Form scored(const resp::ReplyWriter& reply) {
    return reply.protocol() == 2 ? Form::kFlat : Form::kPairs;
  }

  // `count` calls of add() must follow.
  MembersReply(resp::ReplyWriter& reply, std::size_t count, Form form);
  void add(std::string_view member, double score);

 private:
  resp::ReplyWriter& reply_;
  const Form form_;
};

// The destination becomes a sorted set of these different members, whatever it was; none removes it. Replies
// how many they are. `event` is the keyspace event. REQUIRES: the members are in no value that changes before
// the destination does.
Status store_members(Context& context, std::string_view name, std::span<const ScoredMember> members,
                     std::string_view event);

// Removes the elements with ranks from `begin` to `end`. REQUIRES: begin < end <= size.
Status remove_ranks(Context& context, std::string_view name, const ZsetView& zset, std::size_t begin,
                    std::size_t end, std::string_view event);

}  // namespace stave
