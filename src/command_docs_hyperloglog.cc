// SPDX-License-Identifier: Apache-2.0
// HyperLogLogs.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

constexpr Argument kPfaddArguments[] = {key(), string("element").optional().multiple()};
constexpr Argument kPfmergeArguments[] = {key("destkey"), key("sourcekey", 1).optional().multiple()};

constexpr KeySpec kPfcountSpec[] = {[] {
  KeySpec spec = keys_from(1, kKeyChanges | kKeyAccess);
  spec.notes = "The estimate is kept in the value, which is a write.";
  return spec;
}()};
constexpr KeySpec kPfmergeSpec[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyInsert),
                                    keys_from(2, kKeyReads | kKeyAccess)};

constexpr CommandDocs kDocs[] = {
    {.name = "pfadd",
     .since = "2.8.9",
     .summary = "Counts elements in, and replies whether the estimate may have changed.",
     .complexity = "O(N) in the number of elements given",
     .arguments = kPfaddArguments,
     .key_specs = kInserts},
    {.name = "pfcount",
     .since = "2.8.9",
     .summary = "Estimates how many different elements were added to any of the keys.",
     .complexity = "O(1) for one key whose estimate is still right, otherwise O(N) in the number of keys, "
                   "each with all its registers",
     .arguments = kKeys,
     .key_specs = kPfcountSpec},
    {.name = "pfmerge",
     .since = "2.8.9",
     .summary = "Makes the first key count what was added to any of the keys.",
     .complexity = "O(N) in the number of keys, each with all its registers",
     .arguments = kPfmergeArguments,
     .key_specs = kPfmergeSpec},
};

}  // namespace

std::span<const CommandDocs> hyperloglog_docs() {
  return kDocs;
}

}  // namespace stave
