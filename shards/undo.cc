// SPDX-License-Identifier: Apache-2.0
#include "shards/undo.h"

#include <cassert>
#include <optional>

#include "shards/hash.h"
#include "shards/list.h"
#include "shards/set.h"
#include "shards/zset.h"

namespace stave {
namespace {

// What makes the field or member as it is now.
Edits restoring(const Collection& collection, std::string_view name) {
  Edits edits;
  if (collection.type() == Type::kHash) {
    const auto element = HashView(static_cast<const HashValue&>(collection)).element(name);
    element ? edits.put(name, element->value) : edits.remove(name);
    if (element && element->expiry_ms != 0) edits.expire(name, element->expiry_ms);
  } else if (collection.type() == Type::kZset) {
    const auto score = ZsetView(static_cast<const ZsetValue&>(collection)).score(name);
    score ? edits.put(name, *score) : edits.remove(name);
  } else {
    SetView(static_cast<const SetValue&>(collection)).contains(name) ? edits.add(name) : edits.remove(name);
  }
  return edits;
}

}  // namespace

Status Undo::apply(std::string_view edits, const CollectionLimits& limits, EditResult& result) {
  if (collection_.type() == Type::kList) {
    const auto note = [this](const Edit& edit) { note_list(edit); };
    return static_cast<ListValue&>(collection_).apply(edits, limits, result, note);
  }
  note_names(edits);
  return collection_.apply(edits, limits, result);
}

void Undo::take_back(const CollectionLimits& limits) {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    EditResult ignored;
    const Status status = collection_.apply(*step, limits, ignored);
    assert(status.ok());
  }
  steps_.clear();
  collection_.set_encoding(encoding_);
}

// A name that comes twice is restored twice, to the same: nothing has been applied yet.
void Undo::note_names(std::string_view edits) {
  EditReader reader(edits);
  for (Edit edit; reader.next(edit);) steps_.emplace_back(restoring(collection_, edit.name).bytes());
}

// Just before the edit is applied.
void Undo::note_list(const Edit& edit) {
  const std::size_t size = collection_.size();
  Edits step;
  switch (edit.kind) {
    case EditKind::kPushHead:
      step.pop_head(1);
      break;
    case EditKind::kPushTail:
      step.pop_tail(1);
      break;
    case EditKind::kPopHead:
      return note_elements(0, edit.count);
    case EditKind::kPopTail:
      return note_elements(size - edit.count, edit.count);
    case EditKind::kSetAt:
      step.set_at(edit.index, *ListView(static_cast<const ListValue&>(collection_)).at(edit.index));
      break;
    case EditKind::kInsertAt:
      step.erase_at(edit.index, 1);
      break;
    default:
      return note_elements(edit.index, edit.count);
  }
  steps_.emplace_back(step.bytes());
}

// Elements that go.
void Undo::note_elements(std::size_t index, std::size_t count) {
  if (count == 0) return;
  Edits step;
  std::size_t at = index;
  ListView(static_cast<const ListValue&>(collection_))
      .for_each_while(index, false, [&](std::string_view element) {
        step.insert_at(at++, element);
        return at < index + count;
      });
  steps_.emplace_back(step.bytes());
}

}  // namespace stave
