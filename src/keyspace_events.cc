// SPDX-License-Identifier: Apache-2.0
#include "src/keyspace_events.h"

#include <algorithm>

namespace stave {
namespace {

struct Letter {
  char letter;
  EventClass event_class;
};

// In the order in which Redis prints them, those that A stands for first.
constexpr Letter kOfAll[] = {{'g', kGenericEvents}, {'$', kStringEvents},  {'l', kListEvents},
                             {'s', kSetEvents},     {'h', kHashEvents},    {'z', kZsetEvents},
                             {'x', kExpiredEvents}, {'e', kEvictedEvents}, {'t', kStreamEvents},
                             {'d', kModuleEvents}};
constexpr Letter kOthers[] = {
    {'n', kNewKeyEvents}, {'K', kKeyspaceChannels}, {'E', kKeyeventChannels}, {'m', kKeyMissEvents}};

constexpr std::uint32_t mask_of_all() {
  std::uint32_t mask = 0;
  for (const Letter& entry : kOfAll) mask |= entry.event_class;
  return mask;
}
constexpr std::uint32_t kAll = mask_of_all();

std::uint32_t mask_of(char letter) {
  if (letter == 'A') return kAll;
  for (const Letter& entry : kOfAll) {
    if (entry.letter == letter) return entry.event_class;
  }
  for (const Letter& entry : kOthers) {
    if (entry.letter == letter) return entry.event_class;
  }
  return 0;
}

std::string format(EventClasses classes) {
  std::string text;
  const bool all = (classes.mask & kAll) == kAll;
  if (all) text += 'A';
  for (const Letter& entry : kOfAll) {
    if (!all && classes.has(entry.event_class)) text += entry.letter;
  }
  for (const Letter& entry : kOthers) {
    if (classes.has(entry.event_class)) text += entry.letter;
  }
  return text;
}

}  // namespace

std::optional<EventClasses> parse_event_classes(std::string_view text) {
  EventClasses classes;
  for (const char letter : text) {
    const std::uint32_t mask = mask_of(letter);
    if (mask == 0) return std::nullopt;
    classes.mask |= mask;
  }
  return classes;
}

std::string format_event_classes(EventClasses classes) {
  const bool all = (classes.mask & kAll) == kAll;
  return format({all ? classes.mask & ~std::uint32_t{kNewKeyEvents} : classes.mask});
}

std::string format_event_classes_fully(EventClasses classes) {
  return format(classes);
}

void KeyspaceEvents::drop_changes(std::size_t begin, bool keep_misses) {
  const auto is_change = [keep_misses](const KeyspaceEvent& event) {
    return event.event_class == kKeyMissEvents ? !keep_misses : !event.lasts;
  };
  events_.erase(
      std::remove_if(events_.begin() + static_cast<std::ptrdiff_t>(begin), events_.end(), is_change),
      events_.end());
}

}  // namespace stave
