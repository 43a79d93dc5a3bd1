// SPDX-License-Identifier: Apache-2.0
// ZINTER, ZUNION, ZDIFF and their relatives. Sets take part, too, as sorted sets whose members have the score
// 1. All inputs are read before anything is made of them; members are views of the inputs until they are
// replied or packed.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "shards/set.h"
#include "src/ascii.h"
#include "src/commands/arguments.h"
#include "src/commands/name_table.h"
#include "src/commands/zsets.h"
#include "src/key_spec.h"
#include "src/numbers.h"

namespace stave {
namespace {

class Input {
 public:
  explicit Input(const ZsetView& zset) : zset_(zset) {}
  explicit Input(const SetView& set) : set_(set), is_set_(true) {}

  std::size_t size() const { return is_set_ ? set_.size() : zset_.size(); }
  std::optional<double> score(std::string_view member) const {
    if (!is_set_) return zset_.score(member);
    return set_.contains(member) ? std::optional(kSetScore) : std::nullopt;
  }
  // Until `visit` returns false.
  void for_each_while(const ZsetView::Visit& visit) const {
    if (!is_set_) return zset_.walk(0, false, visit);
    set_.for_each_while([&](std::string_view member) { return visit(member, kSetScore); });
  }

  double weight = 1;

 private:
  static constexpr double kSetScore = 1;

  ZsetView zset_;
  SetView set_;
  bool is_set_ = false;
};

using Inputs = std::vector<Input>;
using Members = std::vector<ScoredMember>;

enum class Operation { kUnion, kIntersection, kDifference };
enum class Aggregate { kSum, kMin, kMax };

// Where nothing is a number (infinity - infinity, 0 * infinity), Redis takes 0.
double number_or_zero(double score) {
  return std::isnan(score) ? 0 : score;
}

double aggregated(double one, double other, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum:
      return number_or_zero(one + other);
    case Aggregate::kMin:
      return other < one ? other : one;
    case Aggregate::kMax:
      break;
  }
  return other > one ? other : one;
}

// One that is absent has no members; one of a type other than set and sorted set is an error.
Result<Inputs> read_inputs(Context& context, Args names) {
  Inputs inputs;
  inputs.reserve(names.size());
  for (const std::string_view name : names) {
    const Found found = context.peek(name);
    if (found.exists && found.type == Type::kSet) {
      auto set = context.set(name);
      if (!set.ok()) return set.take_status();
      inputs.emplace_back(*set);
    } else {
      auto zset = context.zset(name);
      if (!zset.ok()) return zset.take_status();
      inputs.emplace_back(*zset);
    }
  }
  return inputs;
}

// The smallest first. The order decides how sums are rounded, so it is Redis'.
void sort_by_size(Inputs& inputs) {
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const Input& a, const Input& b) { return a.size() < b.size(); });
}

// Looks for the members of the first input in the others; `visit` gets those that are in all.
void find_common(const Inputs& inputs, Aggregate aggregate, const ZsetView::Visit& visit) {
  const auto others = std::span(inputs).subspan(1);
  inputs.front().for_each_while([&](std::string_view member, double own) {
    double score = number_or_zero(inputs.front().weight * own);
    for (const Input& other : others) {
      const auto found = other.score(member);
      if (!found) return true;
      score = aggregated(score, *found * other.weight, aggregate);
    }
    return visit(member, score);
  });
}

Members intersection(const Inputs& inputs, Aggregate aggregate) {
  Members members;
  find_common(inputs, aggregate, [&](std::string_view member, double score) {
    members.push_back({member, score});
    return true;
  });
  return members;
}

Members union_of(const Inputs& inputs, Aggregate aggregate) {
  std::unordered_map<std::string_view, double, NameHash> scores;
  for (const Input& input : inputs) {
    input.for_each_while([&](std::string_view member, double own) {
      const double score = number_or_zero(input.weight * own);
      const auto [found, fresh] = scores.try_emplace(member, score);
      if (!fresh) found->second = aggregated(found->second, score, aggregate);
      return true;
    });
  }
  Members members;
  members.reserve(scores.size());
  for (const auto& [member, score] : scores) members.push_back({member, score});
  return members;
}

Members difference(const Inputs& inputs) {
  const auto others = std::span(inputs).subspan(1);
  Members members;
  inputs.front().for_each_while([&](std::string_view member, double score) {
    const bool elsewhere = std::any_of(others.begin(), others.end(), [member](const Input& other) {
      return other.score(member).has_value();
    });
    if (!elsewhere) members.push_back({member, score});
    return true;
  });
  return members;
}

struct OperationOptions {
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  std::size_t limit = 0;  // 0: none
};

// Which options a command has.
struct OperationSyntax {
  bool weights = false;  // and AGGREGATE
  bool with_scores = false;
  bool limit = false;
};

// One weight for each input.
Status parse_weights(Args words, Inputs& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto weight = parse_double(words[i]);
    if (!weight) return Error{"ERR weight value is not a float"};
    inputs[i].weight = *weight;
  }
  return {};
}

Status parse_aggregate(std::string_view word, OperationOptions& options) {
  if (ascii::equal(word, "sum")) {
    options.aggregate = Aggregate::kSum;
  } else if (ascii::equal(word, "min")) {
    options.aggregate = Aggregate::kMin;
  } else if (ascii::equal(word, "max")) {
    options.aggregate = Aggregate::kMax;
  } else {
    return errors::kSyntax;
  }
  return {};
}

Status parse_limit(std::string_view word, OperationOptions& options) {
  const auto limit = parse_integer(word);
  if (!limit || *limit < 0) return Error{"ERR LIMIT can't be negative"};
  options.limit = static_cast<std::size_t>(*limit);
  return {};
}

// [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES], or [LIMIT limit]
Result<OperationOptions> parse_operation_options(Args words, const OperationSyntax& syntax, Inputs& inputs) {
  OperationOptions options;
  while (!words.empty()) {
    const auto follows = [&](std::string_view name, std::size_t arguments) {
      return words.size() > arguments && ascii::equal(words[0], name);
    };
    Status status;
    std::size_t taken = 2;
    if (syntax.weights && follows("weights", inputs.size())) {
      status = parse_weights(words.subspan(1), inputs);
      taken = 1 + inputs.size();
    } else if (syntax.weights && follows("aggregate", 1)) {
      status = parse_aggregate(words[1], options);
    } else if (syntax.with_scores && follows("withscores", 0)) {
      options.with_scores = true;
      taken = 1;
    } else if (syntax.limit && follows("limit", 1)) {
      status = parse_limit(words[1], options);
    } else {
      status = errors::kSyntax;
    }
    if (!status.ok()) return status;
    words = words.subspan(taken);
  }
  return options;
}

struct ParsedCall {
  Inputs inputs;
  OperationOptions options;
};

// numkeys key [key ...] [option ...]. The keys are looked at before the options are.
Result<ParsedCall> parse_call(Context& context, std::string_view command, Args words,
                              const OperationSyntax& syntax) {
  auto number = integer_argument(words[0]);
  if (!number.ok()) return number.take_status();
  if (*number < 1) {
    return Status::error("ERR at least 1 input key is needed for '" + std::string(command) + "' command");
  }
  words = words.subspan(1);
  if (static_cast<std::uint64_t>(*number) > words.size()) return errors::kSyntax;
  const auto keys = static_cast<std::size_t>(*number);
  auto inputs = read_inputs(context, words.first(keys));
  if (!inputs.ok()) return inputs.take_status();
  auto options = parse_operation_options(words.subspan(keys), syntax, *inputs);
  if (!options.ok()) return options.take_status();
  return ParsedCall{std::move(*inputs), *options};
}

Members combine(ParsedCall& call, Operation operation) {
  if (operation == Operation::kDifference) return difference(call.inputs);
  sort_by_size(call.inputs);
  return operation == Operation::kUnion ? union_of(call.inputs, call.options.aggregate)
                                        : intersection(call.inputs, call.options.aggregate);
}

Status reply_operation(Context& context, Args args, std::string_view command, Operation operation) {
  const OperationSyntax syntax{.weights = operation != Operation::kDifference, .with_scores = true};
  auto call = parse_call(context, command, args.subspan(1), syntax);
  if (!call.ok()) return call.take_status();
  Members members = combine(*call, operation);
  std::sort(members.begin(), members.end(), [](const ScoredMember& a, const ScoredMember& b) {
    return a.score != b.score ? a.score < b.score : a.member < b.member;
  });
  const auto form =
      call->options.with_scores ? MembersReply::scored(context.reply) : MembersReply::Form::kNames;
  MembersReply reply(context.reply, members.size(), form);
  for (const ScoredMember& element : members) reply.add(element.member, element.score);
  return {};
}

Status store_operation(Context& context, Args args, std::string_view command, Operation operation) {
  const OperationSyntax syntax{.weights = operation != Operation::kDifference};
  auto call = parse_call(context, command, args.subspan(2), syntax);
  if (!call.ok()) return call.take_status();
  return store_members(context, args[1], combine(*call, operation), command);
}

}  // namespace

Status zunion(Context& context, Args args) {
  return reply_operation(context, args, "zunion", Operation::kUnion);
}
Status zinter(Context& context, Args args) {
  return reply_operation(context, args, "zinter", Operation::kIntersection);
}
Status zdiff(Context& context, Args args) {
  return reply_operation(context, args, "zdiff", Operation::kDifference);
}

Status zunionstore(Context& context, Args args) {
  return store_operation(context, args, "zunionstore", Operation::kUnion);
}
Status zinterstore(Context& context, Args args) {
  return store_operation(context, args, "zinterstore", Operation::kIntersection);
}
Status zdiffstore(Context& context, Args args) {
  return store_operation(context, args, "zdiffstore", Operation::kDifference);
}

// ZINTERCARD numkeys key [key ...] [LIMIT limit]
Status zintercard(Context& context, Args args) {
  auto call = parse_call(context, "zintercard", args.subspan(1), {.limit = true});
  if (!call.ok()) return call.take_status();
  sort_by_size(call->inputs);
  std::size_t count = 0;
  find_common(call->inputs, Aggregate::kSum,
              [&](std::string_view, double) { return ++count != call->options.limit; });
  context.reply.integer(static_cast<std::int64_t>(count));
  return {};
}

void find_stored_keys(Args args, std::vector<int>& positions) {
  // As find_counted_keys(): arguments that do not fit have no keys.
  const bool fit = find_keys(key_at(1, 0), args, positions) && find_keys(counted_keys(2, 0), args, positions);
  if (!fit) positions.clear();
}

}  // namespace stave
