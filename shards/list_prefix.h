// SPDX-License-Identifier: Apache-2.0
// ListPrefix: the first elements of a list, as edits of the whole list change them. A list that is logged in
// parts (chain.h) grows on when it is put together again from them, while edits come in between that go by
// index, or come from the tail, which is not there yet: only what they do to the prefix counts. A prefix that
// is the whole list remains so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stave {

struct Edit;

struct ListPrefix {
  std::uint64_t elements = 0;
  std::uint64_t size = 0;  // of the whole list

  // Follows edits of the list; returns the edits that do the same to the prefix alone. What does not fit the
  // list is left out.
  std::string follow(std::string_view edits);

 private:
  bool narrow(Edit& edit);
  bool narrow_erasure(Edit& edit, std::uint64_t begin, std::uint64_t count);
};

}  // namespace stave
