# Headers that are compiled once for all: half of what compiling a file costs, and more of a test.
# Not in the dev preset, which is to find a file that forgot an #include; but for gtest.h, with which
# each test begins anyway. Nor with a compiler cache such as ccache, which cannot look into them.
option(ECHOLAB_PRECOMPILE "Compile the most common headers once" OFF)

# echolab_precompiled(NAME HEADERS header... [LIBRARIES target...] [OPTIONS option...])
function(echolab_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LIBRARIES;OPTIONS")
  if(CMAKE_CXX_COMPILER_LAUNCHER OR NOT arg_HEADERS)
    return()
  endif()
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
  target_link_libraries(${name} PRIVATE echolab_compile_options ${arg_LIBRARIES})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

# echolab_use_precompiled(TARGET NAME): if there are such, and TARGET is compiled in the same way.
function(echolab_use_precompiled target name)
  if(TARGET ${name})
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

# To optimise what runs once takes longer than to run it.
set(ECHOLAB_RUNS_ONCE -O0)

if(ECHOLAB_PRECOMPILE)
  set(common_headers
    <algorithm> <atomic> <chrono> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <system_error> <utility> <vector> <fmt/format.h>)
endif()
echolab_precompiled(precompiled HEADERS ${common_headers} LIBRARIES fmt::fmt)
echolab_precompiled(precompiled_for_tests
  HEADERS <gtest/gtest.h> ${common_headers}
  LIBRARIES fmt::fmt GTest::gtest
  OPTIONS ${ECHOLAB_RUNS_ONCE})
