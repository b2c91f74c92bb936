# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# Target docs: the reference from the headers' comments, in build/<preset>/docs/html/index.html. It fails on
# a warning of Doxygen and on a link that leads nowhere.
find_package(Doxygen QUIET)
find_package(Python3 QUIET COMPONENTS Interpreter)
if(DOXYGEN_FOUND AND Python3_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/docs/Doxyfile)
  configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
  set(reference ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/reference.py)
  add_custom_target(docs
                    COMMAND ${CMAKE_COMMAND} -E rm -rf ${PROJECT_BINARY_DIR}/docs
                    COMMAND ${reference} prepare ${PROJECT_BINARY_DIR}/docs/sources
                    COMMAND Doxygen::doxygen ${PROJECT_BINARY_DIR}/Doxyfile
                    COMMAND ${reference} finish ${PROJECT_BINARY_DIR}/docs/html
                    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM
                    COMMENT "Reference in ${PROJECT_BINARY_DIR}/docs/html/index.html")
  if(DAG_TESTS)
    add_test(NAME reference COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target docs)
    set_tests_properties(reference PROPERTIES LABELS check RUN_SERIAL ON)
  endif()
endif()
