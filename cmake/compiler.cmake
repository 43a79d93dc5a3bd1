# SPDX-License-Identifier: Apache-2.0
# How everything is compiled: the standard, warnings, processor level, sanitizers, ccache.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# No -DNDEBUG: assertions are part of the release. -g1 gives backtraces their function names and lines.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports libstdc++'s own std::string code with these once it is inlined.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized)
endif()
include_directories(${CMAKE_SOURCE_DIR})

# CRC32C instructions, and nothing that a machine of the last fifteen years lacks: a binary built here runs there.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-msse4.2 -mpopcnt)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  add_compile_options(-march=armv8-a+crc)
endif()

if(STAVE_SANITIZE)
  add_compile_options(-fsanitize=${STAVE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STAVE_SANITIZE})
endif()
if(STAVE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# A library of all the .cc files given; with none yet, one of an empty file, so that a folder may start out empty.
function(stave_library name)
  set(sources ${ARGN})
  if(NOT sources)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/empty.cc "")
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/empty.cc)
  endif()
  add_library(${name} STATIC ${sources})
endfunction()
