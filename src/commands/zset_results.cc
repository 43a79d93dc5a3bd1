// SPDX-License-Identifier: Apache-2.0
// What the commands on sorted sets reply, store and remove.
#include <cassert>
#include <string>

#include "shards/collection.h"
#include "src/commands/zsets.h"

namespace stave {
namespace {

// The same encoding as if they were added. Natively, because adding to the packed form takes time in
// proportion to its size.
std::string pack(std::span<const ScoredMember> members, const CollectionLimits& limits) {
  Edits edits;
  for (const ScoredMember& element : members) edits.put(element.member, element.score);
  std::string packed = empty_packed(Type::kZset);
  const auto zset = unpack(Type::kZset, packed);
  EditResult result;
  [[maybe_unused]] const Status status = zset->apply(edits.bytes(), limits, result);
  assert(status.ok());
  zset->pack(packed);
  return packed;
}

}  // namespace

MembersReply::MembersReply(resp::ReplyWriter& reply, std::size_t count, Form form)
    : reply_(reply), form_(form) {
  reply_.array(form == Form::kFlat ? 2 * count : count);
}

void MembersReply::add(std::string_view member, double score) {
  if (form_ == Form::kPairs) reply_.array(2);
  reply_.bulk(member);
  if (form_ != Form::kNames) reply_.double_number(score);
}

Status store_members(Context& context, std::string_view name, std::span<const ScoredMember> members,
                     std::string_view event) {
  Status status;
  if (!members.empty()) {
    const std::string packed = pack(members, context.limits.collections);
    status = context.set_value(name, {.value = packed, .type = Type::kZset});
    context.notify(kZsetEvents, event, name);
  } else if (context.peek(name).exists) {
    status = context.remove(name);
    context.notify(kGenericEvents, "del", name);
  }
  if (!status.ok()) return status;
  context.reply.integer(static_cast<std::int64_t>(members.size()));
  return {};
}

Status remove_ranks(Context& context, std::string_view name, const ZsetView& zset, std::size_t begin,
                    std::size_t end, std::string_view event) {
  if (end - begin == zset.size()) {
    if (Status status = context.remove(name); !status.ok()) return status;
    context.notify_taken(kZsetEvents, event, name);
    return {};
  }
  Edits edits;
  std::size_t rest = end - begin;
  zset.walk(begin, false, [&](std::string_view member, double) {
    edits.remove(member);
    return --rest > 0;
  });
  EditResult result;
  if (Status status = context.edit(name, Type::kZset, edits, result); !status.ok()) return status;
  context.notify(kZsetEvents, event, name);
  return {};
}

}  // namespace stave
