# bin/build_info.json tells the harness how the programs beside it were compiled: a figure without
# its flags is no figure. It also says which programs are left out here, and why.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
string(STRIP "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}" build_flags)
get_property(left_out GLOBAL PROPERTY ECHOLAB_LEFT_OUT)
list(JOIN left_out ",\n    " left_out)
file(CONFIGURE OUTPUT ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/build_info.json CONTENT [[
{
  "version": "@PROJECT_VERSION@",
  "compiler": "@CMAKE_CXX_COMPILER_ID@ @CMAKE_CXX_COMPILER_VERSION@",
  "build_type": "@CMAKE_BUILD_TYPE@",
  "flags": "@build_flags@",
  "sanitizers": "@ECHOLAB_SANITIZE@",
  "left_out": {
    @left_out@
  }
}
]] @ONLY)
