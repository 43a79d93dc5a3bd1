// SPDX-License-Identifier: Apache-2.0
#include "shards/cold_chains.h"

#include <algorithm>

#include "shards/chain.h"
#include "shards/record.h"

namespace stave {

ColdChain::Link::Link(const Record& record, std::uint32_t value_bytes, Location where)
    : gsn(record.gsn),
      location(where),
      bytes(record_bytes(record.key.size(), value_bytes, record.has(kHasExpiry))),
      expiry_ms(record.expiry_ms),
      type(type_of(record.kind)),
      part(is_part(record.kind)),
      first(part && record.has(kChainHead)),
      last(part && record.has(kLastPart)) {}

ColdChain::Link* ColdChain::find(std::uint64_t gsn) {
  return find_gsn(links, gsn);
}

void ColdChain::settle() {
  std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.gsn < b.gsn; });
  const auto last = std::find_if(links.rbegin(), links.rend(), [](const Link& each) { return each.last; });
  const auto first = std::find_if(last, links.rend(), [](const Link& each) { return each.first; });
  if (first != links.rend() && last->gsn > snapshot_gsn) {
    const std::uint64_t last_gsn = last->gsn;
    in_parts = true;
    replaced_gsn = snapshot_gsn;
    snapshot_gsn = first->gsn;
    std::erase_if(links, [&](const Link& each) {
      return each.gsn < snapshot_gsn || (each.part && each.gsn > last_gsn);
    });
  } else {
    drop_parts();
    std::erase_if(links, [this](const Link& each) { return each.gsn <= snapshot_gsn; });
  }
  links.shrink_to_fit();
}

void ColdChain::keep_type(Type type) {
  std::erase_if(links, [type](const Link& each) { return each.type != type; });
}

void ColdChain::drop_parts() {
  if (in_parts) snapshot_gsn = replaced_gsn;
  in_parts = false;
  std::erase_if(links, [](const Link& each) { return each.part; });
}

std::uint64_t ColdChain::link_bytes() const {
  std::uint64_t bytes = 0;
  for (const Link& link : links) bytes += link.bytes;
  return bytes;
}

void ColdChains::clear() {
  by_key_.clear();
  memory_bytes_ = 0;
}

void ColdChains::put(std::string_view key, ColdChain chain) {
  forget(key);
  memory_bytes_ += memory_bytes(*by_key_.emplace(key, std::move(chain)).first);
}

void ColdChains::note_snapshot(std::string_view key, std::uint64_t gsn) {
  ColdChain& chain = by_key_[std::string(key)];
  chain.snapshot_gsn = gsn;
  std::erase_if(chain.links, [gsn](const ColdChain::Link& each) { return each.gsn <= gsn; });
}

void ColdChains::note_void(std::string_view key, std::uint64_t gsn) {
  std::uint64_t& void_gsn = by_key_[std::string(key)].void_gsn;
  void_gsn = std::max(void_gsn, gsn);
}

void ColdChains::note_link(std::string_view key, const ColdChain::Link& link) {
  by_key_[std::string(key)].links.push_back(link);
}

void ColdChains::forget(std::string_view key) {
  const auto found = by_key_.empty() ? by_key_.end() : by_key_.find(std::string(key));
  if (found == by_key_.end()) return;
  memory_bytes_ -= std::min(memory_bytes_, memory_bytes(*found));  // not all is counted before settle()
  by_key_.erase(found);
}

ColdChain* ColdChains::find(std::string_view key) {
  const auto found = by_key_.find(std::string(key));
  return found == by_key_.end() ? nullptr : &found->second;
}

}  // namespace stave
