// SPDX-License-Identifier: Apache-2.0
// The table of settings: one row says all that the file, the command line and CONFIG need to know about one
// of them. Internal to config*.cc. Constant, so any thread may read it. Its order is that of --help and of
// CONFIG GET *.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/config.h"

namespace stave {

using SettingField =
    std::variant<int64_t Settings::*, bool Settings::*, std::string Settings::*,
                 std::vector<std::string> Settings::*, OutputBufferLimits Settings::*,
                 EventClasses Settings::*, AppendFsync Settings::*, IoBackend Settings::*,
                 LogLevel Settings::*, DebugCommand Settings::*, MaxmemoryPolicy Settings::*>;

// How a number is written.
enum class NumberForm { kPlain, kBytes, kOctal };

// Whether CONFIG SET may change it, and if not, in which of Redis' two words it says so.
enum class Change { kFree, kImmutable, kProtected };

struct Setting {
  std::string_view name;
  SettingField field;
  std::string_view help;
  Change change = Change::kFree;
  NumberForm form = NumberForm::kPlain;
  int64_t min = 0;  // of a number, inclusive
  int64_t max = 0;
  // What else must hold for the new value, or is adjusted in it. The error is a reason ("argument must be
  // ...").
  Status (*check)(Settings&) = nullptr;
  std::string_view old_name = {};  // that Redis takes, too
};

std::span<const Setting> setting_table();

// By its exact name, or the old one, in any case; null if there is none.
const Setting* find_setting(std::string_view name);

// As the file and the command line write it: `_` and `-` are alike.
const Setting* find_setting_loosely(std::string_view name);

}  // namespace stave
