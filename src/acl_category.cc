// SPDX-License-Identifier: Apache-2.0
#include "src/acl_category.h"

#include <iterator>

#include "src/ascii.h"
#include "src/command.h"
#include "src/command_docs.h"

namespace stave {
namespace {

constexpr std::string_view kNames[] = {
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting"};

struct Implied {
  std::uint32_t flag;
  AclCategories categories;
};
constexpr Implied kByFlag[] = {
    {kWrite, kAclWrite},   {kReadOnly, kAclRead}, {kAdmin, kAclAdmin | kAclDangerous},
    {kPubsub, kAclPubsub}, {kFast, kAclFast},     {kBlocking, kAclBlocking},
};

struct GroupCategory {
  std::string_view group;
  AclCategories categories;
};
constexpr GroupCategory kByGroup[] = {
    {"string", kAclString},
    {"bitmap", kAclBitmap},
    {"generic", kAclKeyspace},
    {"list", kAclList},
    {"set", kAclSet},
    {"sorted-set", kAclSortedSet},
    {"hash", kAclHash},
    {"stream", kAclStream},
    {"hyperloglog", kAclHyperLogLog},
    {"geo", kAclGeo},
    {"scripting", kAclScripting},
    {"transactions", kAclTransaction},
    {"pubsub", kAclPubsub},
    {"connection", kAclConnection},
};

AclCategories group_category(std::string_view group) {
  for (const auto& entry : kByGroup) {
    if (entry.group == group) return entry.categories;
  }
  return 0;
}

}  // namespace

std::span<const std::string_view> acl_category_names() {
  return kNames;
}

AclCategories acl_category_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (ascii::equal(kNames[i], name)) return AclCategories{1} << i;
  }
  return 0;
}

AclCategories acl_categories(const Command& command) {
  AclCategories categories = find_docs(command.name).more_categories;
  for (const auto& [flag, implied] : kByFlag) {
    if ((command.flags & flag) != 0) categories |= implied;
  }
  if ((categories & kAclFast) == 0) categories |= kAclSlow;
  // A container does nothing itself, so Redis puts it in no group's category.
  const bool is_container = command.data == nullptr && command.session == nullptr && command.call == nullptr;
  if (!is_container && !find_docs(command.name).outside_group) categories |= group_category(command.group);
  return categories;
}

}  // namespace stave
