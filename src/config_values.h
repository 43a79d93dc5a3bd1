// SPDX-License-Identifier: Apache-2.0
// The values of settings as text, for a row of the table: the one place that knows how each type is written.
// Internal to config*.cc.
#pragma once

#include <string>
#include <string_view>

#include "src/config_table.h"

namespace stave {

// Sets the field from the text as CONFIG SET takes it. The error is Redis' reason alone ("argument must be
// 'yes' or 'no'"), and then `settings` may be changed in that field.
Status parse_setting(const Setting& setting, std::string_view text, Settings& settings);

// As CONFIG GET prints it; parse_setting reads it back.
std::string format_setting(const Setting& setting, const Settings& settings);

// As a TOML file says it: 6379, "256mb", true, ["127.0.0.1", "::1"].
std::string format_setting_toml(const Setting& setting, const Settings& settings);

// The reason of parse_setting for people who read it after a setting's name: "must be 'yes' or 'no'".
std::string_view without_subject(std::string_view reason);

// What a server started with neither file nor options has: Settings{} with an absolute dir.
Settings default_settings();

}  // namespace stave
