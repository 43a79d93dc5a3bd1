// SPDX-License-Identifier: Apache-2.0
// What BY and GET of SORT name: for each element a key of its own, or a field of a hash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/context.h"

namespace stave {

// pattern := "#" (the element itself) | key with a '*', for which the element is put | such a key "->" field
// As Redis looks for all of these in a C string, nothing of them is found behind a NUL.
class SortPattern {
 public:
  explicit SortPattern(std::string_view text);

  bool is_element() const { return is_element_; }
  bool names_keys() const { return names_keys_; }  // there is a '*'
  std::optional<std::string_view> field() const { return field_; }
  // The key of this element. REQUIRES: names_keys().
  void put_name(std::string_view element, std::string& name) const;

 private:
  bool is_element_ = false;
  bool names_keys_ = false;
  std::string_view front_;
  std::string_view back_;
  std::optional<std::string_view> field_;
};

// Looks the values up. One that is cold is wanted and given as absent, so that all of them are read at once:
// status() is kCold then, and the command ends with it before it uses any of what it has got.
class SortPatternReader {
 public:
  explicit SortPatternReader(Context& context) : context_(context) {}

  // A view that is good until the next change.
  std::optional<std::string_view> value(const SortPattern& pattern, std::string_view element);
  Status status() const { return cold_ ? Status(kCold) : Status(); }

 private:
  Context& context_;
  std::string name_;
  bool cold_ = false;
};

}  // namespace stave
