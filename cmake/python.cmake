# ECHOLAB_PYTHON: a Python that can import what the driver and its tests need. The first python3
# on the PATH may be one without Debian's modules.
set(ECHOLAB_PYTHON_MODULES click hypothesis pexpect psutil pytest rich)
string(REPLACE ";" ", " module_list "${ECHOLAB_PYTHON_MODULES}")

if(NOT ECHOLAB_PYTHON)
  foreach(python python3 /usr/bin/python3)
    execute_process(
      COMMAND ${python} -c "import sys, ${module_list}; print(sys.executable)"
      RESULT_VARIABLE result OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(result EQUAL 0)
      set(ECHOLAB_PYTHON ${found} CACHE FILEPATH "A Python with the modules ${module_list}")
      break()
    endif()
  endforeach()
endif()
if(NOT ECHOLAB_PYTHON)
  message(WARNING "No Python can import ${module_list}: the pytest suites are left out")
endif()

# echolab_pytest(NAME PATH <directory> LABEL <label> [ARGS argument...])
# A CTest entry that runs the pytest suite in a directory against the programs of this build, and
# leaves test-results/NAME.xml, in which `./lab test` counts the cases.
function(echolab_pytest name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PATH;LABEL" "ARGS")
  if(NOT ECHOLAB_PYTHON)
    return()
  endif()
  # The directory first: pytest finds the suite's own options in it, before it reads them.
  add_test(NAME ${name}
    COMMAND ${ECHOLAB_PYTHON} -B -m pytest -q -p no:cacheprovider
      --junit-xml=${PROJECT_BINARY_DIR}/test-results/${name}.xml ${arg_PATH} ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES
    LABELS ${arg_LABEL}
    TIMEOUT 600
    COST 100  # begun first: the unit tests fit into the gaps
    ENVIRONMENT
      "PYTHONPATH=${PROJECT_SOURCE_DIR}/harness;ECHOLAB_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endfunction()

# Adds every test_NAME.py of the directory as PREFIX_NAME, an entry each, so that they run side by
# side. The longest begin first.
function(echolab_pytest_each prefix)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "LONGEST")
  file(GLOB suites CONFIGURE_DEPENDS test_*.py)
  foreach(suite ${suites})
    get_filename_component(stem ${suite} NAME_WE)
    string(REPLACE "test_" "${prefix}_" name ${stem})
    echolab_pytest(${name} PATH ${suite} LABEL ${arg_LABEL})
  endforeach()
  if(ECHOLAB_PYTHON)
    list(TRANSFORM arg_LONGEST PREPEND ${prefix}_)
    set_tests_properties(${arg_LONGEST} PROPERTIES COST 200)
  endif()
endfunction()
