# The few shapes that this project's targets have.

# What every target is compiled with.
add_library(echolab_compile_options INTERFACE)
target_include_directories(echolab_compile_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(echolab_compile_options INTERFACE -Wall -Wextra -Wpedantic)
target_compile_definitions(echolab_compile_options INTERFACE ECHOLAB_VERSION="${PROJECT_VERSION}")
if(ECHOLAB_SANITIZE)
  target_compile_options(echolab_compile_options INTERFACE
    -fsanitize=${ECHOLAB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(echolab_compile_options INTERFACE -fsanitize=${ECHOLAB_SANITIZE})
endif()

include(${CMAKE_CURRENT_LIST_DIR}/precompiled.cmake)

# echolab_library(NAME SOURCES file... [LIBRARIES target...])
function(echolab_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC echolab_compile_options ${arg_LIBRARIES})
  echolab_use_precompiled(${name} precompiled)
endfunction()

# echolab_program(NAME SOURCES file... [LIBRARIES target...] [PRECOMPILED target])
function(echolab_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PRECOMPILED" "SOURCES;LIBRARIES")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE echolab_compile_options ${arg_LIBRARIES})
  if(NOT arg_PRECOMPILED)
    set(arg_PRECOMPILED precompiled)
  endif()
  echolab_use_precompiled(${name} ${arg_PRECOMPILED})
endfunction()

# echolab_unit_test(NAME LIBRARIES target...): NAME.cpp holds GoogleTest cases.
function(echolab_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  echolab_program(${name}
    SOURCES ${name}.cpp
    LIBRARIES ${arg_LIBRARIES} GTest::gtest_main
    PRECOMPILED precompiled_for_tests)
  target_compile_options(${name} PRIVATE ${ECHOLAB_RUNS_ONCE})
  gtest_discover_tests(${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()

# echolab_reads_options(file...)
# These include CLI11: optimised they would be the costliest files of a build.
function(echolab_reads_options)
  set_source_files_properties(${ARGN} PROPERTIES
    COMPILE_OPTIONS ${ECHOLAB_RUNS_ONCE}
    SKIP_PRECOMPILE_HEADERS ON)
endfunction()

# echolab_leave_out(REASON program...)
# Says in a line each that these programs cannot be built here, and tells the harness so.
function(echolab_leave_out reason)
  foreach(program ${ARGN})
    message(STATUS "Left out: ${program}: ${reason}")
    set_property(GLOBAL APPEND PROPERTY ECHOLAB_LEFT_OUT "\"${program}\": \"${reason}\"")
  endforeach()
endfunction()
