# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# Checks of the project itself, as tests: `ctest -L check` runs them all.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
set(scripts ${PROJECT_SOURCE_DIR}/scripts)

function(dag_add_check name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
           COMMAND_EXPAND_LISTS)
  set_tests_properties(${name} PROPERTIES LABELS check SKIP_RETURN_CODE 77)
endfunction()

# Include layers, and the proof that the check sees a planted bad header.
dag_add_check(layers Python3::Interpreter ${scripts}/check_layers.py)
dag_add_check(layers_self_test Python3::Interpreter ${scripts}/check_layers.py --self-test)

# The page of the house tells the tree as it is.
dag_add_check(architecture Python3::Interpreter ${scripts}/architecture.py --check)
dag_add_check(architecture_self_test Python3::Interpreter ${scripts}/architecture.py --self-test)

# Every public concept has a compile-fail test.
dag_add_check(concepts Python3::Interpreter ${scripts}/check_concepts.py)

# The recipes of CONTRIBUTING, followed in a copy: no more files than they say, and all find the toy.
add_test(NAME recipes
         COMMAND Python3::Interpreter ${scripts}/check_recipes.py ${CMAKE_CXX_COMPILER}
                 "$<JOIN:$<TARGET_PROPERTY:dag_everything,INTERFACE_INCLUDE_DIRECTORIES>,;>"
         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} COMMAND_EXPAND_LISTS)
set_tests_properties(recipes PROPERTIES LABELS check SKIP_RETURN_CODE 77 TIMEOUT 600)

# The same bits from every compiler.
dag_add_check(bits Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/bits.py)

# Umbrellas of rooms include all of their room.
dag_add_check(umbrellas Python3::Interpreter ${scripts}/sync_umbrellas.py --check)

# Layout by clang-format 14; skipped where that is not installed.
dag_add_check(format bash ${scripts}/check_format)

# Code in the documentation is a region of a compiled file; tests that the README names exist.
dag_add_check(docs Python3::Interpreter ${scripts}/sync_docs.py --check)
dag_add_check(docs_self_test Python3::Interpreter ${scripts}/sync_docs.py --self-test)
dag_add_check(readme Python3::Interpreter ${scripts}/check_readme.py ${PROJECT_BINARY_DIR}
              ${CMAKE_CTEST_COMMAND})

# Every public header compiles alone (private ones are read by their room only), and all of them
# together in two files of one program. The list is what can compile here: a header that needs a
# dependency that was not found is left out. The second file comes after the macros of windows.h.
set(optional_found)
foreach(optional IN ITEMS eigen json xtensor utf8proc)
  if(TARGET dag::${optional})
    list(APPEND optional_found ${optional})
  endif()
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${scripts}/check_layers.py)
file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.hpp)
execute_process(COMMAND ${Python3_EXECUTABLE} ${scripts}/check_layers.py --list ${optional_found}
                OUTPUT_VARIABLE header_list OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" header_list "${header_list}")

# Beyond the warnings of dag's own programs: what users have on for theirs.
set(header_warnings -Wsign-conversion -Wold-style-cast)

# Objects are never linked; -fsyntax-only would give ninja nothing to compare dates with.
set(alone_sources)
set(together "")
foreach(header IN LISTS header_list)
  if(NOT header MATCHES "/detail/")
    string(REGEX REPLACE "[/.]" "_" stem ${header})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${stem}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <@header@>\n" @ONLY)
    list(APPEND alone_sources ${source})
  endif()
  string(APPEND together "#include <${header}>\n")
endforeach()
add_library(headers_alone OBJECT EXCLUDE_FROM_ALL ${alone_sources})
target_link_libraries(headers_alone PRIVATE dag_everything dag_warnings)
target_compile_options(headers_alone PRIVATE -O0 -g0 ${header_warnings})

file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/headers/twice_first.cpp
     CONTENT "@together@int second();\nint main() { return second(); }\n" @ONLY)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/headers/twice_second.cpp
     CONTENT "#include <support/windows_names.hpp>\n@together@int second();\nint second() { return 0; }\n" @ONLY)
add_executable(headers_twice EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/headers/twice_first.cpp
                                              ${CMAKE_CURRENT_BINARY_DIR}/headers/twice_second.cpp)
target_include_directories(headers_twice PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(headers_twice PRIVATE dag_everything dag_warnings)
target_compile_options(headers_twice PRIVATE -O0 -g0 ${header_warnings})

foreach(target IN ITEMS headers_alone headers_twice)
  dag_add_check(${target} ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target ${target} -j2)
  set_tests_properties(${target} PROPERTIES RESOURCE_LOCK build_tree PROCESSORS 2)
endforeach()

# clang-tidy on the headers; skipped where that is not installed.
dag_add_check(tidy bash ${scripts}/check_tidy ${PROJECT_BINARY_DIR})

# Concepts refuse what they should, with a text that names the fault.
function(dag_add_compile_fail name source)
  add_test(NAME ${name}
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/run.py ${source}
                   ${CMAKE_CXX_COMPILER}
                   "-I$<JOIN:$<TARGET_PROPERTY:dag_everything,INTERFACE_INCLUDE_DIRECTORIES>,;-I>"
           COMMAND_EXPAND_LISTS)
  set_tests_properties(${name} PROPERTIES LABELS "check;compile_fail")
endfunction()

file(GLOB compile_fail_sources CONFIGURE_DEPENDS compile_fail/*_fail.cpp)
foreach(source IN LISTS compile_fail_sources)
  cmake_path(GET source STEM name)
  dag_add_compile_fail(${name} ${source})
endforeach()
# The harness itself: each of its verdicts, seen once.
foreach(case IN ITEMS "compiles:compiles, but must not"
                      "fails_otherwise:output does not match"
                      "never_compiles:must compile with -DDAG_EXPECT_SUCCESS")
  string(REGEX MATCH "^([a-z_]+):(.*)$" _ "${case}")
  dag_add_compile_fail(compile_fail_harness_${CMAKE_MATCH_1}
                       ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/harness/${CMAKE_MATCH_1}.cpp)
  set_tests_properties(compile_fail_harness_${CMAKE_MATCH_1} PROPERTIES
                       PASS_REGULAR_EXPRESSION "${CMAKE_MATCH_2}")
endforeach()

# What the library says under -std=c++17, -ffast-math, -fno-exceptions, two instruction sets.
if(TARGET dag::eigen)
  add_test(NAME flags
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/flags.py
                   ${CMAKE_CXX_COMPILER} ${CMAKE_CURRENT_BINARY_DIR}/flags
                   "-I$<JOIN:$<TARGET_PROPERTY:dag_everything,INTERFACE_INCLUDE_DIRECTORIES>,;-I>"
           COMMAND_EXPAND_LISTS)
  set_tests_properties(flags PROPERTIES LABELS check)
endif()

# The package as users meet it: a fresh prefix, then a project each for find_package (with and
# without Eigen), add_subdirectory, FetchContent, and versions that must be refused.
set(consumers ${CMAKE_CURRENT_BINARY_DIR}/consumer)
dag_add_check(install_prefix ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR}
              -DPREFIX=${consumers}/prefix -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/install.cmake)
set_tests_properties(install_prefix PROPERTIES FIXTURES_SETUP dag_prefix)

function(dag_add_consumer name folder)
  set(build ${consumers}/${name})
  dag_add_check(consumer_${name}
                ${CMAKE_CTEST_COMMAND} --build-and-test
                ${CMAKE_CURRENT_SOURCE_DIR}/consumer/${folder} ${build}
                --build-generator ${CMAKE_GENERATOR} --build-noclean
                --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                -DCMAKE_PREFIX_PATH=${consumers}/prefix -DDAG_SOURCE=${PROJECT_SOURCE_DIR}
                -DDAG_VERSION_HERE=${PROJECT_VERSION} ${ARGN})
  set_tests_properties(consumer_${name} PROPERTIES FIXTURES_REQUIRED dag_prefix)
endfunction()

set(version_wanted ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(eigen_here -DCONSUMER_EXPECTS_EIGEN=$<TARGET_EXISTS:dag::eigen>)
dag_add_consumer(find_package find_package -DDAG_VERSION_WANTED=${version_wanted} ${eigen_here}
                 --test-command with_eigen)
dag_add_consumer(without_eigen find_package -DDAG_VERSION_WANTED=${version_wanted}
                 -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON --test-command headers_only)
dag_add_consumer(add_subdirectory add_subdirectory ${eigen_here} --test-command with_eigen)
dag_add_consumer(fetch_content add_subdirectory -DCONSUMER_FETCHES=ON
                 -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON --test-command headers_only)
if(TARGET dag::eigen)
  dag_add_consumer(compiled compiled -DDAG_VERSION_WANTED=${version_wanted} --test-command compiled)
endif()
if(TARGET dag::eigen)  # without CMake: pkg-config, one header
  add_test(NAME consumer_plain
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/consumer/plain.py ${CMAKE_CXX_COMPILER}
                   ${consumers}/prefix ${consumers}/plain
                   "-I$<JOIN:$<TARGET_PROPERTY:dag_everything,INTERFACE_INCLUDE_DIRECTORIES>,;-I>"
           COMMAND_EXPAND_LISTS)
  set_tests_properties(consumer_plain PROPERTIES LABELS check FIXTURES_REQUIRED dag_prefix)
endif()
dag_add_consumer(version_refused version_refused)
