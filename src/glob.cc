// SPDX-License-Identifier: Apache-2.0
#include "src/glob.h"

#include <utility>

#include "src/ascii.h"

namespace stave {

namespace {

bool less(char a, char b) {
  return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
}

// Walks a pattern element by element.
class Pattern {
 public:
  Pattern(std::string_view text, bool ignore_case) : text_(text), ignore_case_(ignore_case) {}

  bool at_end() const { return at_ == text_.size(); }
  bool at_star() const { return !at_end() && text_[at_] == '*'; }
  std::size_t position() const { return at_; }
  void go_to(std::size_t position) { at_ = position; }
  void skip_stars() {
    while (at_star()) ++at_;
  }

  // Whether the element here, which is not a star, matches the byte. Moves past the element.
  // REQUIRES: !at_end().
  bool matches(char c) {
    char element = text_[at_++];
    if (element == '?') return true;
    if (element == '[') return class_matches(c);
    if (element == '\\' && !at_end()) element = text_[at_++];
    return same(element, c);
  }

 private:
  std::size_t left() const { return text_.size() - at_; }
  char folded(char c) const { return ignore_case_ ? ascii::lower(c) : c; }
  bool same(char a, char b) const { return folded(a) == folded(b); }

  // REQUIRES: at_ is just after the '['.
  bool class_matches(char c) {
    bool negated = left() > 0 && text_[at_] == '^';
    if (negated) ++at_;
    bool found = false;
    while (!at_end() && text_[at_] != ']') found |= member_matches(c);
    if (!at_end()) ++at_;  // the ']'
    return found != negated;
  }

  bool member_matches(char c) {
    char member = text_[at_];
    if (member == '\\' && left() >= 2) {
      at_ += 2;
      return text_[at_ - 1] == c;  // in Redis, case counts for an escaped member
    }
    if (left() >= 3 && text_[at_ + 1] == '-') {
      char last = text_[at_ + 2];
      at_ += 3;
      if (less(last, member))
        std::swap(member, last);  // before folding: [U-k] in any case is empty, as in Redis
      return !less(folded(c), folded(member)) && !less(folded(last), folded(c));
    }
    ++at_;
    return same(member, c);
  }

  std::string_view text_;
  bool ignore_case_;
  std::size_t at_ = 0;
};

}  // namespace

// Only the last star seen ever takes more: whatever an earlier one could take instead, the last one can as
// well.
bool glob_match(std::string_view pattern_text, std::string_view text, bool ignore_case) {
  // Redis has "*" alone match everything before it looks closer; no other pattern, "**" included, matches the
  // empty text.
  if (text.empty()) return pattern_text.empty() || pattern_text == "*";
  Pattern pattern(pattern_text, ignore_case);
  bool star_seen = false;
  std::size_t after_star = 0;  // position in the pattern
  std::size_t star_end = 0;    // what the star takes ends here in the text
  std::size_t at = 0;
  while (at < text.size()) {
    if (pattern.at_star()) {
      pattern.skip_stars();
      if (pattern.at_end()) return true;
      star_seen = true;
      after_star = pattern.position();
      star_end = at;
    } else if (!pattern.at_end() && pattern.matches(text[at])) {
      ++at;
    } else if (star_seen) {
      pattern.go_to(after_star);
      at = ++star_end;
    } else {
      return false;
    }
  }
  pattern.skip_stars();
  return pattern.at_end();
}

}  // namespace stave
