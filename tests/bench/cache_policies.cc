// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/cache_policies.h"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <queue>
#include <set>
#include <utility>

namespace stave::bench {
namespace {

constexpr std::uint32_t kNever = UINT32_MAX;

// Calls access(key, i), which says whether it was a hit, for all of the trace.
template <typename Access>
double hit_ratio(const Trace& trace, Access access) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < trace.accesses.size(); ++i) {
    if (access(trace.accesses[i], i) && i >= trace.begin) ++hits;
  }
  return static_cast<double>(hits) / static_cast<double>(trace.accesses.size() - trace.begin);
}

// Some lists that each key is in at most one of, newest first. List 0 holds nothing: not known.
template <std::size_t kLists>
class Lists {
 public:
  explicit Lists(std::uint32_t keys)
      : keys_(keys), next_(keys + kLists), previous_(keys + kLists), in_(keys) {
    for (std::uint32_t head = keys; head < keys + kLists; ++head) next_[head] = previous_[head] = head;
  }
  unsigned list_of(std::uint32_t key) const { return in_[key]; }
  std::size_t size(unsigned list) const { return sizes_[list]; }
  std::uint32_t oldest(unsigned list) const { return previous_[keys_ + list]; }
  void move(std::uint32_t key, unsigned list) {
    if (in_[key] != 0) {
      next_[previous_[key]] = next_[key];
      previous_[next_[key]] = previous_[key];
      --sizes_[in_[key]];
    }
    in_[key] = static_cast<std::uint8_t>(list);
    if (list == 0) return;
    const std::uint32_t head = keys_ + list;
    next_[key] = next_[head];
    previous_[key] = head;
    previous_[next_[head]] = key;
    next_[head] = key;
    ++sizes_[list];
  }

 private:
  std::uint32_t keys_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
  std::vector<std::uint8_t> in_;
  std::array<std::size_t, kLists> sizes_{};
};

}  // namespace

double replay_lru(const Trace& trace, std::uint32_t capacity) {
  Lists<2> lists(trace.keys);
  return hit_ratio(trace, [&](std::uint32_t key, std::size_t) {
    const bool hit = lists.list_of(key) == 1;
    if (!hit && lists.size(1) == capacity) lists.move(lists.oldest(1), 0);
    lists.move(key, 1);
    return hit;
  });
}

double replay_lfu(const Trace& trace, std::uint32_t capacity) {
  struct Use {
    std::uint32_t count = 0;
    std::size_t last = 0;
    bool cached = false;
  };
  std::vector<Use> uses(trace.keys);
  std::set<std::pair<std::pair<std::uint32_t, std::size_t>, std::uint32_t>> cached;  // least used first
  return hit_ratio(trace, [&](std::uint32_t key, std::size_t now) {
    Use& use = uses[key];
    const bool hit = use.cached;
    if (hit) cached.erase({{use.count, use.last}, key});
    if (!hit && cached.size() == capacity) {
      uses[cached.begin()->second].cached = false;
      cached.erase(cached.begin());
    }
    use = {use.count + 1, now, true};
    cached.insert({{use.count, use.last}, key});
    return hit;
  });
}

double replay_clock(const Trace& trace, std::uint32_t capacity) {
  struct State {
    bool cached = false;
    bool used = false;
  };
  std::vector<State> states(trace.keys);
  std::deque<std::uint32_t> round;
  return hit_ratio(trace, [&](std::uint32_t key, std::size_t) {
    const bool hit = states[key].cached;
    while (!hit && round.size() == capacity) {
      const std::uint32_t met = round.front();
      round.pop_front();
      if (std::exchange(states[met].used, false)) {
        round.push_back(met);
      } else {
        states[met].cached = false;
      }
    }
    states[key] = {true, hit};
    if (!hit) round.push_back(key);
    return hit;
  });
}

double replay_s3_fifo(const Trace& trace, std::uint32_t capacity) {
  enum : unsigned { kOut, kSmall, kMain, kGhost, kLists };
  Lists<kLists> lists(trace.keys);
  std::vector<std::uint8_t> uses(trace.keys);
  const std::size_t small_max = std::max(capacity / 10, 1u);
  const auto leave_main = [&] {
    while (uses[lists.oldest(kMain)] > 0) {
      --uses[lists.oldest(kMain)];
      lists.move(lists.oldest(kMain), kMain);
    }
    lists.move(lists.oldest(kMain), kOut);
  };
  const auto leave_small = [&] {
    const std::uint32_t key = lists.oldest(kSmall);
    const bool stays = uses[key] > 1;
    uses[key] = 0;
    lists.move(key, stays ? kMain : kGhost);
    if (lists.size(kGhost) > capacity - small_max) lists.move(lists.oldest(kGhost), kOut);
  };
  return hit_ratio(trace, [&](std::uint32_t key, std::size_t) {
    const unsigned list = lists.list_of(key);
    if (list == kSmall || list == kMain) {
      uses[key] = static_cast<std::uint8_t>(std::min(uses[key] + 1, 3));
      return true;
    }
    while (lists.size(kSmall) + lists.size(kMain) >= capacity) {
      if (lists.size(kSmall) >= small_max) {
        leave_small();
      } else {
        leave_main();
      }
    }
    uses[key] = 0;
    lists.move(key, list == kGhost ? kMain : kSmall);
    return false;
  });
}

double replay_arc(const Trace& trace, std::uint32_t capacity) {
  enum : unsigned { kOut, kOnce, kOften, kOnceGhost, kOftenGhost, kLists };
  Lists<kLists> lists(trace.keys);
  double target = 0;  // of kOnce
  const auto ratio = [&](unsigned a, unsigned b) {
    return std::max(1.0, static_cast<double>(lists.size(a)) / static_cast<double>(lists.size(b)));
  };
  const auto replace = [&](bool was_often) {
    const auto once = static_cast<double>(lists.size(kOnce));
    if (once > 0 && (once > target || (was_often && once == target))) {
      lists.move(lists.oldest(kOnce), kOnceGhost);
    } else {
      lists.move(lists.oldest(kOften), kOftenGhost);
    }
  };
  return hit_ratio(trace, [&](std::uint32_t key, std::size_t) {
    const unsigned list = lists.list_of(key);
    if (list == kOnceGhost) target = std::min<double>(capacity, target + ratio(kOftenGhost, kOnceGhost));
    if (list == kOftenGhost) target = std::max(0.0, target - ratio(kOnceGhost, kOftenGhost));
    if (list == kOnceGhost || list == kOftenGhost) replace(list == kOftenGhost);
    if (list == kOut) {
      const std::size_t once = lists.size(kOnce) + lists.size(kOnceGhost);
      const std::size_t all = once + lists.size(kOften) + lists.size(kOftenGhost);
      if (once == capacity && lists.size(kOnceGhost) == 0) {
        lists.move(lists.oldest(kOnce), kOut);
      } else if (once == capacity) {
        lists.move(lists.oldest(kOnceGhost), kOut);
        replace(false);
      } else if (all >= capacity) {
        if (all == 2 * std::size_t{capacity}) lists.move(lists.oldest(kOftenGhost), kOut);
        replace(false);
      }
    }
    lists.move(key, list == kOut ? kOnce : kOften);
    return list == kOnce || list == kOften;
  });
}

double replay_static(const Trace& trace, std::uint32_t capacity) {
  std::vector<std::size_t> uses(trace.keys);
  for (std::size_t i = trace.begin; i < trace.accesses.size(); ++i) ++uses[trace.accesses[i]];
  std::sort(uses.begin(), uses.end(), std::greater<>());
  std::size_t hits = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(capacity, uses.size()); ++i) hits += uses[i];
  return static_cast<double>(hits) / static_cast<double>(trace.accesses.size() - trace.begin);
}

double replay_belady(const Trace& trace, std::uint32_t capacity) {
  std::vector<std::uint32_t> next_use(trace.accesses.size());
  std::vector<std::uint32_t> next_of(trace.keys, kNever);
  for (std::size_t i = trace.accesses.size(); i-- > 0;) {
    next_use[i] = std::exchange(next_of[trace.accesses[i]], static_cast<std::uint32_t>(i));
  }
  std::vector<char> cached(trace.keys);
  std::size_t size = 0;
  std::priority_queue<std::pair<std::uint32_t, std::uint32_t>> latest;  // with elements that are outdated
  return hit_ratio(trace, [&](std::uint32_t key, std::size_t now) {
    const bool hit = cached[key] != 0;
    while (!hit && size == capacity) {
      const auto [use, victim] = latest.top();
      latest.pop();
      if (cached[victim] == 0 || next_of[victim] != use) continue;
      cached[victim] = 0;
      --size;
    }
    size += hit ? 0 : 1;
    cached[key] = 1;
    next_of[key] = next_use[now];
    latest.push({next_use[now], key});
    return hit;
  });
}

}  // namespace stave::bench
