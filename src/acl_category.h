// SPDX-License-Identifier: Apache-2.0
// ACL categories: the "@string", "@slow", ... that COMMAND INFO and COMMAND LIST FILTERBY ACLCAT speak of.
// What a command belongs to follows, as in Redis, from its flags and its group; the few exceptions stand in
// its docs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace stave {

struct Command;

// In the order in which COMMAND INFO lists them.
enum AclCategory : std::uint32_t {
  kAclKeyspace = 1u << 0,
  kAclRead = 1u << 1,
  kAclWrite = 1u << 2,
  kAclSet = 1u << 3,
  kAclSortedSet = 1u << 4,
  kAclList = 1u << 5,
  kAclHash = 1u << 6,
  kAclString = 1u << 7,
  kAclBitmap = 1u << 8,
  kAclHyperLogLog = 1u << 9,
  kAclGeo = 1u << 10,
  kAclStream = 1u << 11,
  kAclPubsub = 1u << 12,
  kAclAdmin = 1u << 13,
  kAclFast = 1u << 14,
  kAclSlow = 1u << 15,
  kAclBlocking = 1u << 16,
  kAclDangerous = 1u << 17,
  kAclConnection = 1u << 18,
  kAclTransaction = 1u << 19,
  kAclScripting = 1u << 20,
};
using AclCategories = std::uint32_t;

// Their names, without "@": the category of bit i at position i.
std::span<const std::string_view> acl_category_names();

// 0 when there is none of that name, in any case.
AclCategories acl_category_of(std::string_view name);

// All categories of a row of the command table.
AclCategories acl_categories(const Command& command);

}  // namespace stave
