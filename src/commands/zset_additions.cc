// SPDX-License-Identifier: Apache-2.0
// ZADD and ZINCRBY.
#include <cmath>
#include <optional>
#include <unordered_map>

#include "src/ascii.h"
#include "src/commands/name_table.h"
#include "src/commands/zsets.h"
#include "src/numbers.h"

namespace stave {
namespace {

bool parse_option(std::string_view word, AddOptions& options) {
  if (ascii::equal(word, "nx")) return options.only_if_absent = true;
  if (ascii::equal(word, "xx")) return options.only_if_present = true;
  if (ascii::equal(word, "gt")) return options.only_if_greater = true;
  if (ascii::equal(word, "lt")) return options.only_if_less = true;
  if (ascii::equal(word, "ch")) return options.count_updates = true;
  if (ascii::equal(word, "incr")) return options.increment = true;
  return false;
}

Status check(const AddOptions& options, std::size_t words) {
  if (words == 0 || words % 2 != 0) return errors::kSyntax;
  if (options.only_if_absent && options.only_if_present)
    return Error{"ERR XX and NX options at the same time are not compatible"};
  if (options.only_if_absent + options.only_if_greater + options.only_if_less > 1)
    return Error{"ERR GT, LT, and/or NX options at the same time are not compatible"};
  if (options.increment && words > 2)
    return Error{"ERR INCR option supports a single increment-element pair"};
  return {};
}

Result<Pairs> parse_pairs(Args words) {
  Pairs pairs;
  pairs.reserve(words.size() / 2);
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto score = parse_double(words[i]);
    if (!score) return errors::kNotAFloat;
    pairs.push_back({words[i + 1], *score});
  }
  return pairs;
}

// Decides, pair by pair, which scores members get.
class Addition {
 public:
  Addition(const ZsetView& zset, const AddOptions& options, bool several)
      : zset_(zset), options_(options), remembers_(several) {}

  // The new score of the member, not always another one; none when the options leave it alone. NaN: the
  // increment has no result.
  std::optional<double> new_score(std::string_view member, double score) {
    if (!options_.look()) return score;
    const auto old = old_score(member);
    if (old ? options_.only_if_absent : options_.only_if_present) return std::nullopt;
    if (old && options_.increment) score += *old;
    if (old && options_.only_if_greater && score <= *old) return std::nullopt;
    if (old && options_.only_if_less && score >= *old) return std::nullopt;
    if (remembers_) given_[member] = score;
    return score;
  }

 private:
  // A member may be there twice.
  std::optional<double> old_score(std::string_view member) const {
    if (const auto found = given_.find(member); found != given_.end()) return found->second;
    return zset_.score(member);
  }

  const ZsetView& zset_;
  const AddOptions& options_;
  const bool remembers_;
  std::unordered_map<std::string_view, double, NameHash> given_;
};

}  // namespace

Status add_members(Context& context, std::string_view name, const AddOptions& options, const Pairs& pairs) {
  auto zset = context.zset_to_change(name);
  if (!zset.ok()) return zset.take_status();
  Addition addition(*zset, options, pairs.size() > 1);
  Edits edits;
  std::optional<double> score;  // of the last pair
  for (const ScoredMember& pair : pairs) {
    score = addition.new_score(pair.member, pair.score);
    if (!score) continue;
    if (std::isnan(*score)) return Error{"ERR resulting score is not a number (NaN)"};
    edits.put(pair.member, *score);
  }
  EditResult result;
  if (!edits.empty()) {
    if (Status status = context.edit(name, Type::kZset, edits, result); !status.ok()) return status;
    const std::string_view event = options.increment ? "zincr" : "zadd";
    if (result.added + result.updated > 0) context.notify(kZsetEvents, event, name);
  }
  if (!options.increment) {
    context.reply.integer(
        static_cast<std::int64_t>(result.added + (options.count_updates ? result.updated : 0)));
  } else {
    score ? context.reply.double_number(*score) : context.reply.null();
  }
  return {};
}

namespace {

Status parse_and_add(Context& context, Args args, AddOptions options) {
  Args words = args.subspan(2);
  while (!words.empty() && parse_option(words[0], options)) words = words.subspan(1);
  if (Status status = check(options, words.size()); !status.ok()) return status;
  auto pairs = parse_pairs(words);
  if (!pairs.ok()) return pairs.take_status();
  return add_members(context, args[1], options, *pairs);
}

}  // namespace

// ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
Status zadd(Context& context, Args args) {
  return parse_and_add(context, args, {});
}

// ZINCRBY key increment member. An increment that is a word of ZADD is taken for it, as in Redis.
Status zincrby(Context& context, Args args) {
  return parse_and_add(context, args, {.increment = true});
}

}  // namespace stave
