// SPDX-License-Identifier: Apache-2.0
// ChangeObserver: who wants to know that keys have changed: WATCH, and commands that wait for elements. A
// shard calls it at each change, on its thread, in the middle of the work: it may only note what it is told.
// Without anybody to tell there is none, so that a change costs one look at a pointer.
#pragma once

#include <string_view>

namespace stave {

class ChangeObserver {
 public:
  virtual ~ChangeObserver() = default;
  // The key has another value or expiry, is new or is gone. `db`: as clients see it.
  virtual void changed(int db, std::string_view name) = 0;
  // All keys of the database are gone.
  virtual void flushed(int db) = 0;
  virtual void swapped(int db, int other_db) = 0;
};

}  // namespace stave
