// SPDX-License-Identifier: Apache-2.0
// What the docs of many commands have in common; only command_docs_*.cc include this.
#pragma once

#include "src/command_docs.h"

namespace stave::docs {

inline constexpr Argument kKey[] = {key()};
inline constexpr Argument kKeys[] = {key().multiple()};
inline constexpr Argument kKeyAndValue[] = {key(), string("value")};

// The one key at position 1, and what the command does with it.
inline constexpr KeySpec kLooks[] = {key_at(1, kKeyReads)};  // at what is known without the value
inline constexpr KeySpec kReads[] = {key_at(1, kKeyReads | kKeyAccess)};
inline constexpr KeySpec kReadsAndUpdates[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyUpdate)};
inline constexpr KeySpec kReadsAndDeletes[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyDelete)};
inline constexpr KeySpec kUpdates[] = {key_at(1, kKeyChanges | kKeyUpdate)};
inline constexpr KeySpec kInserts[] = {key_at(1, kKeyChanges | kKeyInsert)};
inline constexpr KeySpec kOverwrites[] = {key_at(1, kKeyOverwrites | kKeyUpdate)};
inline constexpr KeySpec kCreates[] = {key_at(1, kKeyOverwrites | kKeyInsert)};

// All arguments from position 1 on, or every second one.
inline constexpr KeySpec kLooksAll[] = {keys_from(1, kKeyReads)};
inline constexpr KeySpec kReadsAll[] = {keys_from(1, kKeyReads | kKeyAccess)};
inline constexpr KeySpec kDeletesAll[] = {keys_from(1, kKeyRemoves | kKeyDelete)};
inline constexpr KeySpec kPopsBeforeTimeout[] = {
    keys_up_to(1, -2, kKeyChanges | kKeyAccess | kKeyDelete)};  // and before the last argument
inline constexpr Change kTimeoutHistory[] = {{"6.0.0", "The timeout has a fraction."}};
inline constexpr KeySpec kOverwritesPairs[] = {keys_from(1, kKeyOverwrites | kKeyUpdate, 2)};
inline constexpr KeySpec kCreatesPairs[] = {keys_from(1, kKeyOverwrites | kKeyInsert, 2)};

// The key of a subcommand.
inline constexpr KeySpec kSubcommandLooks[] = {key_at(2, kKeyReads)};

inline constexpr std::string_view kVaries[] = {"nondeterministic_output"};
inline constexpr std::string_view kVariesInOrder[] = {"nondeterministic_output_order"};
inline constexpr std::string_view kManyShards[] = {"request_policy:multi_shard"};
inline constexpr std::string_view kManyShardsAllSucceed[] = {"request_policy:multi_shard",
                                                             "response_policy:all_succeeded"};
inline constexpr std::string_view kManyShardsSum[] = {"request_policy:multi_shard",
                                                      "response_policy:agg_sum"};
inline constexpr std::string_view kAllShardsSucceed[] = {"request_policy:all_shards",
                                                         "response_policy:all_succeeded"};
inline constexpr std::string_view kAllShardsSum[] = {"request_policy:all_shards", "response_policy:agg_sum"};

// Of a row that only holds subcommands together.
inline constexpr std::string_view kThatOfTheSubcommand = "That of the subcommand";
inline constexpr std::string_view kListsSubcommands = "Lists the subcommands with a line on each.";

}  // namespace stave::docs
