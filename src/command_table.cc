// SPDX-License-Identifier: Apache-2.0
// Gathers the rows of src/commands/ and finds the one that a request calls, once for each request.
//
// A name of at most 24 bytes is folded to lower case, eight bytes at a time, into three words. They are the
// key of an open-addressing table at most half full, so that a look-up is a few loads, one multiplication and
// no allocation. The table is complete before main() and never changes, so every worker reads it without a
// guard.
#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <iterator>

#include "src/command.h"

namespace stave {
namespace {

constexpr std::size_t kNameBytesMax = 24;

struct FoldedName {
  std::uint64_t first = 0;
  std::uint64_t middle = 0;
  std::uint64_t last = 0;  // may overlap the others; with the length, the three say every byte
  std::size_t bytes = 0;

  bool operator==(const FoldedName&) const = default;
};

// Sets bit 5 of the bytes 'A' to 'Z'; a byte's sum below never carries into the next one.
std::uint64_t lower_case(std::uint64_t word) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = 0x80 * kEach;
  const std::uint64_t low_bits = word & ~kHighBits;
  const std::uint64_t from_a = low_bits + (0x80 - 'A') * kEach;
  const std::uint64_t above_z = low_bits + (0x80 - ('Z' + 1)) * kEach;
  const std::uint64_t upper = from_a & ~above_z & ~word & kHighBits;
  return word | (upper >> 2);
}

template <typename Word>
std::uint64_t load(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

std::uint64_t load_short(const char* name, std::size_t bytes) {
  if (bytes >= 4) return load<std::uint32_t>(name) | load<std::uint32_t>(name + bytes - 4) << 32;
  if (bytes == 0) return 0;
  return load<std::uint8_t>(name) | load<std::uint8_t>(name + bytes / 2) << 8 |
         load<std::uint8_t>(name + bytes - 1) << 16;
}

// REQUIRES: at most kNameBytesMax bytes.
FoldedName fold(std::string_view name) {
  const char* const bytes = name.data();
  const std::size_t size = name.size();
  if (size < 8) return {.first = lower_case(load_short(bytes, size)), .bytes = size};
  return {.first = lower_case(load<std::uint64_t>(bytes)),
          .middle = size > 16 ? lower_case(load<std::uint64_t>(bytes + 8)) : 0,
          .last = lower_case(load<std::uint64_t>(bytes + size - 8)),
          .bytes = size};
}

struct Slot {
  FoldedName name;
  const Command* parent = nullptr;   // of a subcommand
  const Command* command = nullptr;  // null: the slot is free
  bool has_subcommands = false;
};
constexpr Slot kNoSlot;

std::uint64_t hash(const FoldedName& name, const Command* parent) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t words = name.first ^ std::rotl(name.middle, 29) ^ std::rotl(name.last, 13) ^ name.bytes;
  return ((words ^ reinterpret_cast<std::uintptr_t>(parent)) * kOdd) >> 40;
}

std::string_view parent_of(std::string_view name) {
  const std::size_t bar = name.find('|');
  return bar == std::string_view::npos ? std::string_view() : name.substr(0, bar);
}

// Every command, followed by its subcommands.
std::vector<const Command*> gather_rows() {
  std::vector<const Command*> rows;
  for (const auto& group : {string_commands(), bitmap_commands(), hash_commands(), list_commands(),
                            set_commands(), zset_commands(), hyperloglog_commands(), geo_commands(),
                            key_commands(), transaction_commands(), pubsub_commands(), connection_commands(),
                            client_commands(), server_commands(), introspection_commands()}) {
    for (const Command& command : group) rows.push_back(&command);
  }
  std::vector<const Command*> ordered;
  for (const Command* command : rows) {
    if (!parent_of(command->name).empty()) continue;
    ordered.push_back(command);
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(ordered),
                 [command](const Command* other) { return parent_of(other->name) == command->name; });
  }
  return ordered;
}

class CommandTable {
 public:
  CommandTable() : rows_(gather_rows()), slots_(std::bit_ceil(2 * rows_.size() + 1)) {
    for (const Command* command : rows_) insert(*command);
  }

  std::span<const Command* const> rows() const { return rows_; }

  // The slot of the name below `parent` (null: at the top); one without a command when there is none.
  const Slot& find(std::string_view name, const Command* parent) const {
    if (name.size() > kNameBytesMax) return kNoSlot;
    const FoldedName folded = fold(name);
    return slots_[position(folded, parent)];
  }

 private:
  // Of the name's slot, or of the free one where it would be.
  std::size_t position(const FoldedName& name, const Command* parent) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash(name, parent) & mask;
    while (slots_[i].command != nullptr && (slots_[i].parent != parent || slots_[i].name != name))
      i = (i + 1) & mask;
    return i;
  }

  void insert(const Command& command) {
    const std::string_view parent_name = parent_of(command.name);
    const Command* parent = nullptr;
    std::string_view name = command.name;
    if (!parent_name.empty()) {
      Slot& container = slots_[position(fold(parent_name), nullptr)];
      container.has_subcommands = true;
      parent = container.command;
      name.remove_prefix(parent_name.size() + 1);
    }
    assert(name.size() <= kNameBytesMax);
    const FoldedName folded = fold(name);
    Slot& slot = slots_[position(folded, parent)];
    assert(slot.command == nullptr && "two rows of one name");
    slot = {.name = folded, .parent = parent, .command = &command};
  }

  std::vector<const Command*> rows_;
  std::vector<Slot> slots_;  // their number is a power of two
};

// Built before main() from constant tables, so its place among other globals does not matter as long as none
// of them looks up a command.
const CommandTable kTable;

}  // namespace

const Command* find_command(Args args) {
  if (args.empty()) return nullptr;
  const Slot& slot = kTable.find(args[0], nullptr);
  if (!slot.has_subcommands || args.size() == 1) return slot.command;
  const Command* subcommand = kTable.find(args[1], slot.command).command;
  return subcommand != nullptr ? subcommand : slot.command;
}

const Command* find_command_by_name(std::string_view name) {
  const std::string_view parent = parent_of(name);
  if (parent.empty()) return kTable.find(name, nullptr).command;
  const Slot& container = kTable.find(parent, nullptr);
  return container.has_subcommands ? kTable.find(name.substr(parent.size() + 1), container.command).command
                                   : nullptr;
}

std::span<const Command* const> all_commands() {
  return kTable.rows();
}

std::span<const Command* const> subcommands_of(std::string_view parent) {
  const auto is_child = [parent](const Command* command) {
    return !parent.empty() && parent_of(command->name) == parent;
  };
  const auto rows = kTable.rows();
  const auto first = std::find_if(rows.begin(), rows.end(), is_child);
  return {first, std::find_if_not(first, rows.end(), is_child)};
}

void find_keys(const Command& command, Args args, std::vector<int>& positions) {
  positions.clear();
  if (command.find_keys != nullptr) return command.find_keys(args, positions);
  const KeyRange& keys = command.keys;
  if (keys.first == 0) return;
  const int count = static_cast<int>(args.size());
  const int last = std::min(keys.last < 0 ? count + keys.last : keys.last, count - 1);
  for (int i = keys.first; i <= last; i += keys.step) positions.push_back(i);
}

}  // namespace stave
