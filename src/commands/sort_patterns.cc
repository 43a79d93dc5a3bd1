// SPDX-License-Identifier: Apache-2.0
#include "src/commands/sort_patterns.h"

#include "shards/hash.h"

namespace stave {

SortPattern::SortPattern(std::string_view text) {
  constexpr std::string_view kArrow = "->";
  const std::string_view searched = text.substr(0, text.find('\0'));
  is_element_ = searched == "#";
  const std::size_t star = searched.find('*');
  if (star == std::string_view::npos) return;
  names_keys_ = true;
  front_ = text.substr(0, star);
  back_ = text.substr(star + 1);
  const std::size_t arrow = searched.find(kArrow, star + 1);
  // An arrow with nothing behind it is part of the key.
  if (arrow == std::string_view::npos || arrow + kArrow.size() == searched.size()) return;
  back_ = text.substr(star + 1, arrow - star - 1);
  field_ = text.substr(arrow + kArrow.size());
}

void SortPattern::put_name(std::string_view element, std::string& name) const {
  name.assign(front_).append(element).append(back_);
}

std::optional<std::string_view> SortPatternReader::value(const SortPattern& pattern,
                                                         std::string_view element) {
  if (pattern.is_element()) return element;
  if (!pattern.names_keys()) return std::nullopt;
  pattern.put_name(element, name_);
  const Found found = context_.find(name_);
  if (!found.exists) return std::nullopt;
  // Of what is cold not even the type may be known.
  if (!found.resident) {
    context_.keys.want(context_.key(name_));
    cold_ = true;
    return std::nullopt;
  }
  if (found.type != (pattern.field() ? Type::kHash : Type::kString)) return std::nullopt;
  return pattern.field() ? HashView(found, context_.now_ms).find(*pattern.field())
                         : std::optional(found.value);
}

}  // namespace stave
