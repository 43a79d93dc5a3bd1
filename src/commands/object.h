// SPDX-License-Identifier: Apache-2.0
// What Redis calls a value: its type, and its inner form, for OBJECT and DEBUG OBJECT. Of a string that
// follows from the value and one flag; a collection keeps its form's name. Nothing in Stave is stored that
// way.
#pragma once

#include <string_view>

#include "shards/keyspace.h"

namespace stave {

// "string", "list", ..., as TYPE and SCAN's TYPE option have it.
std::string_view type_name(Type type);
// Whether encoding_name() has to see the value, not only its size.
bool encoding_needs_value(const Found& found);
// "int", "embstr", "raw", "listpack", "hashtable", ... REQUIRES: found.exists, and that it is resident if
// encoding_needs_value().
std::string_view encoding_name(const Found& found);

}  // namespace stave
