// SPDX-License-Identifier: Apache-2.0
// Keyspace events: what happened to which key, for clients that listen to the channels
//
//   __keyspace@<db>__:<key>     the event's name
//   __keyevent@<db>__:<event>   the key
//
// Commands note events through Context::notify, in Redis' order, and shards what expires or is evicted; they
// go out when the command has succeeded (publish.h). notify-keyspace-events says which classes of events
// there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stave {

// Not persistent, but for the letters.
enum EventClass : std::uint32_t {
  kGenericEvents = 1u << 0,   // g: of keys whatever their type
  kStringEvents = 1u << 1,    // $
  kListEvents = 1u << 2,      // l
  kSetEvents = 1u << 3,       // s
  kHashEvents = 1u << 4,      // h
  kZsetEvents = 1u << 5,      // z
  kExpiredEvents = 1u << 6,   // x
  kEvictedEvents = 1u << 7,   // e
  kStreamEvents = 1u << 8,    // t
  kModuleEvents = 1u << 9,    // d
  kNewKeyEvents = 1u << 10,   // n: not among all (A)
  kKeyMissEvents = 1u << 11,  // m: not among all
  // Not classes: on which channels.
  kKeyspaceChannels = 1u << 12,  // K
  kKeyeventChannels = 1u << 13,  // E
};

struct EventClasses {
  std::uint32_t mask = 0;

  bool has(EventClass one) const { return (mask & one) != 0; }
  // Without a kind of channel nothing is sent.
  bool any() const { return has(kKeyspaceChannels) || has(kKeyeventChannels); }
  bool operator==(const EventClasses&) const = default;
};

// None when there is a character that stands for nothing.
std::optional<EventClasses> parse_event_classes(std::string_view text);
// As Redis prints them: it hides n behind A.
std::string format_event_classes(EventClasses classes);
// So that nothing is hidden.
std::string format_event_classes_fully(EventClasses classes);

struct KeyspaceEvent {
  EventClass event_class = kGenericEvents;
  std::string_view event;  // a constant
  int db = 0;
  std::string key;
  bool lasts = false;  // whatever becomes of the command
};

class KeyspaceEvents {
 public:
  void add(EventClass event_class, std::string_view event, int db, std::string_view key) {
    events_.push_back({event_class, event, db, std::string(key), false});
  }
  // What no command has done: keys and fields that have expired, or were evicted.
  void add_lasting(EventClass event_class, std::string_view event, int db, std::string_view key) {
    events_.push_back({event_class, event, db, std::string(key), true});
  }
  bool empty() const { return events_.empty(); }
  std::size_t size() const { return events_.size(); }
  std::vector<KeyspaceEvent> take() { return std::exchange(events_, {}); }
  // Of the events from `begin` on keeps those that a command has not made by changing something: it failed,
  // or is run again and then misses its keys again.
  void drop_changes(std::size_t begin, bool keep_misses);

 private:
  std::vector<KeyspaceEvent> events_;
};

}  // namespace stave
