// SPDX-License-Identifier: Apache-2.0
// The options of SET and GETEX, parsed before either touches a key.
#pragma once

#include <cstdint>
#include <string_view>

#include "src/context.h"

namespace stave {

// What becomes of the key's expiry. Numbers are checked only by expiry_time(): GETEX never looks at the
// number when there is no key.
struct ExpiryOption {
  enum class Kind { kNone, kEx, kPx, kExat, kPxat, kKeepTtl, kPersist };
  Kind kind = Kind::kNone;
  std::string_view number;  // of kEx to kPxat

  bool sets_time() const { return kind >= Kind::kEx && kind <= Kind::kPxat; }
};

struct SetOptions {
  bool only_if_absent = false;   // NX
  bool only_if_present = false;  // XX
  bool get = false;
  ExpiryOption expiry;
};

// [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL], in any order. Repeating one is allowed, the
// last counts.
Result<SetOptions> parse_set_options(Args options);
// [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
Result<ExpiryOption> parse_getex_options(Args options);

// The Unix time in ms that `option` means; may lie in the past. `command` is for the error's text.
// REQUIRES: option.sets_time().
Result<std::int64_t> expiry_time(const ExpiryOption& option, std::int64_t now_ms, std::string_view command);

}  // namespace stave
