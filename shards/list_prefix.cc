// SPDX-License-Identifier: Apache-2.0
#include "shards/list_prefix.h"

#include <algorithm>

#include "shards/edits.h"

namespace stave {

std::string ListPrefix::follow(std::string_view edits) {
  Edits narrowed;
  EditReader reader(edits);
  for (Edit edit; reader.next(edit);) {
    if (!narrow(edit)) continue;
    switch (edit.kind) {
      case EditKind::kPushHead:
        narrowed.push_head(edit.name);
        break;
      case EditKind::kPushTail:
        narrowed.push_tail(edit.name);
        break;
      case EditKind::kSetAt:
        narrowed.set_at(edit.index, edit.name);
        break;
      case EditKind::kInsertAt:
        narrowed.insert_at(edit.index, edit.name);
        break;
      default:
        narrowed.erase_at(edit.index, edit.count);
    }
  }
  return std::string(narrowed.bytes());
}

// Makes of the edit what it does to the prefix. False when that is nothing.
bool ListPrefix::narrow(Edit& edit) {
  const bool whole = elements == size;
  switch (edit.kind) {
    case EditKind::kPushHead:
      edit.index = 0;
      break;
    case EditKind::kPushTail:
      edit.index = size;
      break;
    case EditKind::kPopHead:
      return narrow_erasure(edit, 0, edit.count);
    case EditKind::kPopTail:
      return edit.count <= size && narrow_erasure(edit, size - edit.count, edit.count);
    case EditKind::kSetAt:
      return edit.index < elements;
    case EditKind::kInsertAt:
      if (edit.index > size) return false;
      break;
    case EditKind::kEraseAt:
      return narrow_erasure(edit, edit.index, edit.count);
    default:
      return false;
  }
  ++size;
  if (edit.index >= elements && !whole) return false;
  ++elements;
  return true;
}

bool ListPrefix::narrow_erasure(Edit& edit, std::uint64_t begin, std::uint64_t count) {
  if (begin > size || count > size - begin) return false;
  size -= count;
  const std::uint64_t end = std::min(begin + count, elements);
  if (begin >= end) return false;
  edit.kind = EditKind::kEraseAt;
  edit.index = begin;
  edit.count = end - begin;
  elements -= edit.count;
  return true;
}

}  // namespace stave
