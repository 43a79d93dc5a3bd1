// SPDX-License-Identifier: Apache-2.0
#include "shards/cold_chains.h"

#include <algorithm>

namespace stave {

ColdChain::Edits* ColdChain::find(std::uint64_t gsn) {
  const auto found =
      std::lower_bound(edits.begin(), edits.end(), gsn,
                       [](const Edits& each, std::uint64_t wanted) { return each.gsn < wanted; });
  return found != edits.end() && found->gsn == gsn ? &*found : nullptr;
}

void ColdChain::settle() {
  std::erase_if(edits, [this](const Edits& each) { return each.gsn <= snapshot_gsn; });
  std::sort(edits.begin(), edits.end(), [](const Edits& a, const Edits& b) { return a.gsn < b.gsn; });
  edits.shrink_to_fit();
}

void ColdChains::note_snapshot(std::string_view key, std::uint64_t gsn) {
  ColdChain& chain = by_key_[std::string(key)];
  chain.snapshot_gsn = gsn;
  chain.broken = false;
  std::erase_if(chain.edits, [gsn](const ColdChain::Edits& each) { return each.gsn <= gsn; });
}

void ColdChains::note_edits(std::string_view key, const ColdChain::Edits& edits) {
  by_key_[std::string(key)].edits.push_back(edits);
}

void ColdChains::forget(std::string_view key) {
  if (!by_key_.empty()) by_key_.erase(std::string(key));
}

ColdChain* ColdChains::find(std::string_view key) {
  const auto found = by_key_.find(std::string(key));
  return found == by_key_.end() ? nullptr : &found->second;
}

}  // namespace stave
