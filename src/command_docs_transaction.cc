// SPDX-License-Identifier: Apache-2.0
// Transactions.
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

constexpr CommandDocs kDocs[] = {
    {.name = "discard",
     .since = "2.0.0",
     .summary = "Forgets the commands queued since MULTI, and what is watched.",
     .complexity = "O(N) in the number of queued commands"},
    {.name = "exec",
     .since = "1.2.0",
     .summary = "Runs the commands queued since MULTI, all together.",
     .complexity = "That of the queued commands"},
    {.name = "multi",
     .since = "1.2.0",
     .summary = "Queues the commands that follow, until EXEC or DISCARD.",
     .complexity = "O(1)"},
    {.name = "unwatch",
     .since = "2.2.0",
     .summary = "Forgets what the connection watches.",
     .complexity = "O(1)"},
    {.name = "watch",
     .since = "2.2.0",
     .summary = "Makes the next EXEC do nothing if one of the keys has changed until then.",
     .complexity = "O(1) for each key",
     .arguments = kKeys,
     .key_specs = kLooksAll},
};

}  // namespace

std::span<const CommandDocs> transaction_docs() {
  return kDocs;
}

}  // namespace stave
