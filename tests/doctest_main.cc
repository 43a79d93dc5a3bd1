// SPDX-License-Identifier: Apache-2.0
// main() of stave-tests: doctest's own. `stave-tests -tc='*name*'` runs the test cases whose name matches.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
