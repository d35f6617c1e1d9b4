# bin/build_info.json tells the harness how the programs beside it were compiled: a figure without
# its flags is no figure.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
string(STRIP "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}" build_flags)
file(CONFIGURE OUTPUT ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/build_info.json CONTENT [[
{
  "version": "@PROJECT_VERSION@",
  "compiler": "@CMAKE_CXX_COMPILER_ID@ @CMAKE_CXX_COMPILER_VERSION@",
  "build_type": "@CMAKE_BUILD_TYPE@",
  "flags": "@build_flags@",
  "sanitizers": "@ECHOLAB_SANITIZE@"
}
]] @ONLY)
