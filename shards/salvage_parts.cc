// SPDX-License-Identifier: Apache-2.0
#include "shards/salvage_parts.h"

#include <algorithm>

namespace stave {

void SalvageParts::add(const Record& record, bool is_there) {
  Part part;
  part.gsn = record.gsn;
  part.type = type_of(record.kind);
  part.first = record.has(kChainHead);
  part.last = record.has(kLastPart);
  PartRecord decoded;
  part.is_there = is_there && PartRecord::decode(type_of(record.kind), record.value, decoded);
  part.number = decoded.number;
  parts_[digest_key(record.key)].push_back(part);
}

void SalvageParts::choose(const KeyDigest& key, std::uint64_t gsn,
                          const std::vector<std::uint64_t>& lost_gsns) {
  Parts& parts = parts_.at(key);
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.gsn != b.gsn ? a.gsn < b.gsn : a.is_there > b.is_there;
  });
  const auto same = [](const Part& a, const Part& b) { return a.gsn == b.gsn; };
  parts.erase(std::unique(parts.begin(), parts.end(), same), parts.end());
  for (auto last = parts.cend(); last != parts.cbegin();) {
    --last;
    if (!last->last || last->gsn <= gsn) continue;
    auto first = last;
    while (first != parts.cbegin() && !first->first) --first;
    const bool lost = std::any_of(lost_gsns.begin(), lost_gsns.end(), [&](std::uint64_t each) {
      return each >= first->gsn && each <= last->gsn;
    });
    if (lost || !is_whole(first, last)) continue;
    chosen_[key] = {first->gsn, last->gsn, last->type};
    return;
  }
}

bool SalvageParts::is_whole(Parts::const_iterator first, Parts::const_iterator last) {
  std::uint32_t number = 0;
  for (auto part = first; part <= last; ++part) {
    if (!part->is_there || part->number != number++ || part->first != (part == first)) return false;
  }
  return true;
}

const SalvageParts::Series* SalvageParts::chosen(const KeyDigest& key) const {
  const auto found = chosen_.find(key);
  return found == chosen_.end() ? nullptr : &found->second;
}

std::uint64_t SalvageParts::newest_gsn(const KeyDigest& key) const {
  std::uint64_t gsn = 0;
  if (const auto found = parts_.find(key); found != parts_.end()) {
    for (const Part& part : found->second) gsn = part.last ? std::max(gsn, part.gsn) : gsn;
  }
  return gsn;
}

bool SalvageParts::was_live(const Record& record) const {
  const auto found = parts_.find(digest_key(record.key));
  if (found == parts_.end()) return false;
  const Parts& parts = found->second;
  const auto last = std::find_if(parts.rbegin(), parts.rend(), [](const Part& each) { return each.last; });
  const auto first = std::find_if(last, parts.rend(), [](const Part& each) { return each.first; });
  return last != parts.rend() && record.gsn <= last->gsn &&
         (first == parts.rend() || record.gsn >= first->gsn);
}

}  // namespace stave
