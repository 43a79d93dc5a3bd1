// SPDX-License-Identifier: Apache-2.0
// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]
#include <limits>
#include <string>

#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/common_subsequence.h"
#include "src/commands/strings.h"

namespace stave {
namespace {

using Match = CommonSubsequence::Match;

struct Options {
  bool length = false;
  bool matches = false;
  bool match_lengths = false;
  std::int64_t match_bytes_min = 0;
};

Result<Options> parse_options(Args words) {
  Options options;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (ascii::equal(words[at], "idx")) {
      options.matches = true;
    } else if (ascii::equal(words[at], "len")) {
      options.length = true;
    } else if (ascii::equal(words[at], "withmatchlen")) {
      options.match_lengths = true;
    } else if (ascii::equal(words[at], "minmatchlen") && at + 1 < words.size()) {
      auto bytes = integer_argument(words[++at]);
      if (!bytes.ok()) return bytes.take_status();
      options.match_bytes_min = *bytes;
    } else {
      return errors::kSyntax;
    }
  }
  if (options.matches && options.length) return errors::kLcsLenWithIdx;
  return options;
}

// LCS has an error of its own for other types.
Result<std::string_view> read(Context& context, std::string_view name) {
  const Found found = context.find(name);
  if (!found.exists) return std::string_view();
  if (found.type != Type::kString) return errors::kLcsNotStrings;
  if (found.resident) return found.value;
  context.keys.want(context.key(name));
  return kCold;
}

// Redis' bounds, which come from its table of 4 bytes for each pair of positions.
Status check_size(std::string_view a, std::string_view b, std::size_t table_bytes_max) {
  constexpr std::size_t kBytesMax = std::numeric_limits<std::uint32_t>::max() - 1;
  if (a.size() >= kBytesMax || b.size() >= kBytesMax) return errors::kLcsTooLong;
  if ((a.size() + 1) * (b.size() + 1) > table_bytes_max / sizeof(std::uint32_t)) return errors::kLcsMemory;
  return {};
}

void reply_range(resp::ReplyWriter& reply, std::size_t begin, std::size_t bytes) {
  reply.array(2);
  reply.integer(static_cast<std::int64_t>(begin));
  reply.integer(static_cast<std::int64_t>(begin + bytes - 1));
}

void reply_matches(resp::ReplyWriter& reply, const CommonSubsequence& common, const Options& options) {
  auto matches = common.matches();
  std::erase_if(matches, [&](const Match& match) {
    return static_cast<std::int64_t>(match.bytes) < options.match_bytes_min;
  });
  reply.map(2);
  reply.bulk("matches");
  reply.array(matches.size());
  for (const Match& match : matches) {
    reply.array(options.match_lengths ? 3 : 2);
    reply_range(reply, match.a_begin, match.bytes);
    reply_range(reply, match.b_begin, match.bytes);
    if (options.match_lengths) reply.integer(static_cast<std::int64_t>(match.bytes));
  }
  reply.bulk("len");
  reply.integer(static_cast<std::int64_t>(common.length()));
}

void reply_bytes(resp::ReplyWriter& reply, const CommonSubsequence& common, std::string_view a) {
  const auto matches = common.matches();
  std::string bytes;
  bytes.reserve(common.length());
  for (auto match = matches.rbegin(); match != matches.rend(); ++match) {
    bytes.append(a.substr(match->a_begin, match->bytes));
  }
  reply.bulk(bytes);
}

}  // namespace

Status lcs(Context& context, Args args) {
  // Both are looked up, whatever the first is.
  auto a = read(context, args[1]);
  auto b = read(context, args[2]);
  if (!a.ok()) return a.take_status();
  if (!b.ok()) return b.take_status();
  auto options = parse_options(args.subspan(3));
  if (!options.ok()) return options.take_status();
  if (Status status = check_size(*a, *b, context.limits.string_bytes_max); !status.ok()) return status;

  const CommonSubsequence common(*a, *b, options->length);
  if (options->matches) {
    reply_matches(context.reply, common, *options);
  } else if (options->length) {
    context.reply.integer(static_cast<std::int64_t>(common.length()));
  } else {
    reply_bytes(context.reply, common, *a);
  }
  return {};
}

}  // namespace stave
