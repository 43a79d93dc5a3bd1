// SPDX-License-Identifier: Apache-2.0
#include "src/command_docs.h"

#include <algorithm>

#include "src/command.h"

namespace stave {

const CommandDocs& find_docs(std::string_view name) {
  static constexpr CommandDocs kNone;
  for (const auto& group : {string_docs(), bitmap_docs(), hash_docs(), list_docs(), set_docs(), zset_docs(),
                            hyperloglog_docs(), geo_docs(), generic_docs(), transaction_docs(), pubsub_docs(),
                            connection_docs(), client_docs(), server_docs(), introspection_docs()}) {
    for (const CommandDocs& docs : group) {
      if (docs.name == name) return docs;
    }
  }
  return kNone;
}

bool names_keys(const CommandDocs& docs) {
  return std::any_of(docs.key_specs.begin(), docs.key_specs.end(),
                     [](const KeySpec& spec) { return (spec.flags & kKeyNotKey) == 0; });
}

bool is_reported(const Command& command) {
  return !find_docs(command.name).name.empty();
}

}  // namespace stave
