# SPDX-License-Identifier: Apache-2.0
# Everything that Stave takes from Debian. The packages are listed in .ci/packages.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET liburing>=2.3)
pkg_check_modules(libxxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(hiredis IMPORTED_TARGET hiredis)  # tests only

# Header-only: toml++ (the one file that includes it compiles it), readerwriterqueue, doctest.
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
find_path(READERWRITERQUEUE_INCLUDE_DIR readerwriterqueue/readerwriterqueue.h REQUIRED)

# The sanitizers bring their own malloc.
if(NOT STAVE_SANITIZE)
  find_library(MIMALLOC_LIBRARY NAMES libmimalloc.a mimalloc REQUIRED)
endif()
