# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# Target docs: the reference from the headers' comments, in build/<preset>/docs/html/index.html.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/docs/Doxyfile)
  configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
  add_custom_target(docs COMMAND Doxygen::doxygen ${PROJECT_BINARY_DIR}/Doxyfile
                    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM
                    COMMENT "Reference in ${PROJECT_BINARY_DIR}/docs/html/index.html")
endif()
