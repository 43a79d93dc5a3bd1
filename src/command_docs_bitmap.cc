// SPDX-License-Identifier: Apache-2.0
// Bits and bit fields in strings.
#include "src/ascii.h"
#include "src/command_docs_parts.h"

namespace stave {
namespace {

using namespace docs;

// An argument inside another is indented.
// clang-format off
constexpr Argument kSetbitArguments[] = {key(), integer("offset"), integer("value")};
constexpr Argument kGetbitArguments[] = {key(), integer("offset")};
constexpr Argument kBitcountArguments[] = {
    key(),
    block("range", 3).optional(),
      integer("start"),
      integer("end"),
      one_of("unit", 2).since("7.0.0").optional(),
        token("byte", "BYTE"),
        token("bit", "BIT"),
};
constexpr Argument kBitposArguments[] = {
    key(),
    integer("bit"),
    block("range", 2).optional(),
      integer("start"),
      block("end-unit-block", 2).optional(),
        integer("end"),
        one_of("unit", 2).since("7.0.0").optional(),
          token("byte", "BYTE"),
          token("bit", "BIT"),
};
constexpr Argument kBitopArguments[] = {
    one_of("operation", 4),
      token("and", "AND"),
      token("or", "OR"),
      token("xor", "XOR"),
      token("not", "NOT"),
    key("destkey"),
    key("key", 1).multiple(),
};
constexpr Argument kBitfieldArguments[] = {
    key(),
    one_of("operation", 2).optional().multiple(),
      block("get-block", 2, "GET"),
        string("encoding"),
        integer("offset"),
      block("write", 2),
        one_of("overflow-block", 3, "OVERFLOW").optional(),
          token("wrap", "WRAP"),
          token("sat", "SAT"),
          token("fail", "FAIL"),
        one_of("write-operation", 2),
          block("set-block", 3, "SET"),
            string("encoding"),
            integer("offset"),
            integer("value"),
          block("incrby-block", 3, "INCRBY"),
            string("encoding"),
            integer("offset"),
            integer("increment"),
};
constexpr Argument kBitfieldRoArguments[] = {
    key(),
    block("get-block", 2, "GET").optional().multiple_with_token(),
      string("encoding"),
      integer("offset"),
};
// clang-format on

constexpr Change kBitcountHistory[] = {{"7.0.0", "Option BYTE or BIT: the unit of the range."}};
constexpr KeySpec kBitopSpec[] = {key_at(2, kKeyOverwrites | kKeyUpdate),
                                  keys_from(3, kKeyReads | kKeyAccess)};
constexpr KeySpec kBitfieldSpec[] = {key_at(1, kKeyChanges | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
                                            "Reads, changes or both, as its operations say.")};

// Only reads when all operations are GET; OVERFLOW does nothing by itself. Words that are no operation count
// as a write.
KeyFlags bitfield_key_flags(Args args) {
  std::size_t i = 2;
  while (i < args.size()) {
    const std::size_t left = args.size() - i - 1;
    if (ascii::equal(args[i], "get") && left >= 2) {
      i += 3;
    } else if (ascii::equal(args[i], "overflow") && left >= 1) {
      i += 2;
    } else {
      return kKeyChanges | kKeyAccess | kKeyUpdate;
    }
  }
  return kKeyReads | kKeyAccess;
}

constexpr CommandDocs kDocs[] = {
    {.name = "setbit",
     .since = "2.2.0",
     .summary = "Sets or clears one bit of a string and replies what it was.",
     .complexity = "O(N) in the length of the string when it grows, otherwise O(1)",
     .arguments = kSetbitArguments,
     .key_specs = kReadsAndUpdates},
    {.name = "getbit",
     .since = "2.2.0",
     .summary = "Reads one bit of a string.",
     .complexity = "O(1)",
     .arguments = kGetbitArguments,
     .key_specs = kReads},
    {.name = "bitcount",
     .since = "2.6.0",
     .summary = "Counts the bits of a string, or of a range of it, that are set.",
     .complexity = "O(N) in the bytes of the range",
     .arguments = kBitcountArguments,
     .key_specs = kReads,
     .history = kBitcountHistory},
    {.name = "bitpos",
     .since = "2.8.7",
     .summary = "Finds the first bit of a string, or of a range of it, that is set or clear.",
     .complexity = "O(N) in the bytes of the range",
     .arguments = kBitposArguments,
     .key_specs = kReads,
     .history = kBitcountHistory},
    {.name = "bitop",
     .since = "2.6.0",
     .summary = "Combines strings bit by bit and stores the outcome at a key.",
     .complexity = "O(N) in the bytes of all strings",
     .arguments = kBitopArguments,
     .key_specs = kBitopSpec},
    {.name = "bitfield",
     .since = "3.2.0",
     .summary = "Reads, sets and increments integers of any width inside a string.",
     .complexity = "O(1) for each operation",
     .arguments = kBitfieldArguments,
     .key_specs = kBitfieldSpec,
     .key_flags = bitfield_key_flags},
    {.name = "bitfield_ro",
     .since = "6.0.0",
     .summary = "Reads integers of any width inside a string.",
     .complexity = "O(1) for each operation",
     .arguments = kBitfieldRoArguments,
     .key_specs = kReads},
};

}  // namespace

std::span<const CommandDocs> bitmap_docs() {
  return kDocs;
}

}  // namespace stave
