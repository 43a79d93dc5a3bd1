// SPDX-License-Identifier: Apache-2.0
#include "src/key_spec.h"

#include <charconv>

#include "src/ascii.h"

namespace stave {
namespace {

constexpr int kNone = -1;

int keyword_position(const KeySpec& spec, Args args) {
  const int count = static_cast<int>(args.size());
  const bool backwards = spec.index < 0;
  const int step = backwards ? -1 : 1;
  // The last argument on the way is no keyword, as no key follows it.
  for (int i = backwards ? count + spec.index : spec.index; backwards ? i > 1 : i + 1 < count; i += step) {
    if (ascii::equal(args[static_cast<std::size_t>(i)], spec.keyword)) return i + 1;
  }
  return kNone;
}

// Position of the first argument that the specification speaks of.
int begin_position(const KeySpec& spec, Args args) {
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      return spec.index;
    case KeySpec::Begin::kKeyword:
      return keyword_position(spec, args);
    case KeySpec::Begin::kUnknown:
      break;
  }
  return kNone;
}

int last_of_range(const KeySpec& spec, int first, int count) {
  if (spec.last >= 0) return first + spec.last;
  if (spec.limit <= 1) return count + spec.last;
  return first + (count - first) / spec.limit + spec.last;
}

// The number that stands at `position`; kNone when it is no such number.
int number_at(Args args, int position) {
  if (position < 0 || position >= static_cast<int>(args.size())) return kNone;
  const std::string_view text = args[static_cast<std::size_t>(position)];
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 ? number : kNone;
}

}  // namespace

bool find_keys(const KeySpec& spec, Args args, std::vector<int>& positions) {
  const int count = static_cast<int>(args.size());
  int first = begin_position(spec, args);
  if (first == kNone) return spec.begin == KeySpec::Begin::kKeyword;  // an optional part that is not there

  int last = kNone;
  if (spec.find == KeySpec::Find::kRange) {
    last = last_of_range(spec, first, count);
  } else if (spec.find == KeySpec::Find::kKeyCount) {
    const int keys = number_at(args, first + spec.last);
    if (keys == kNone || keys >= count) return false;
    first += spec.limit;
    last = first + (keys - 1) * spec.step;
  } else {
    return false;
  }
  if (last < first || last >= count) return false;
  for (int i = first; i <= last; i += spec.step) positions.push_back(i);
  return true;
}

}  // namespace stave
