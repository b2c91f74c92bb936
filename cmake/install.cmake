# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# Two components: dag_headers (all that find_package(dag) needs) and dag_program.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(DAG_INSTALL_CMAKEDIR ${CMAKE_INSTALL_DATADIR}/cmake/dag CACHE STRING
    "Where dagConfig.cmake goes, below the prefix")

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT dag_headers FILES_MATCHING PATTERN "*.hpp" PATTERN "*.cuh")
install(TARGETS dag EXPORT dagTargets COMPONENT dag_headers)
install(EXPORT dagTargets NAMESPACE dag:: DESTINATION ${DAG_INSTALL_CMAKEDIR} COMPONENT dag_headers)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/dagConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/dagConfig.cmake
                              INSTALL_DESTINATION ${DAG_INSTALL_CMAKEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dagConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/dagConfig.cmake ${PROJECT_BINARY_DIR}/dagConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/dagOptional.cmake ${PROJECT_SOURCE_DIR}/cmake/compiled.cpp
        DESTINATION ${DAG_INSTALL_CMAKEDIR} COMPONENT dag_headers)

# For pkg-config: dag, and dag-eigen with Eigen's own flags. Paths follow the file, so that the prefix may move.
set(DAG_PC_DIR ${CMAKE_INSTALL_DATADIR}/pkgconfig)
if(IS_ABSOLUTE ${CMAKE_INSTALL_DATADIR})
  set(DAG_PC_PREFIX)  # ${pcfiledir}/ of another place: the include folder stands in full
  set(DAG_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
else()
  string(REGEX REPLACE "[^/]+" ".." DAG_PC_PREFIX ${DAG_PC_DIR})
  if(IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
    set(DAG_PC_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
  else()
    set(DAG_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
  endif()
endif()
foreach(name IN ITEMS dag dag-eigen)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/packaging/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${DAG_PC_DIR} COMPONENT dag_headers)
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT dag_headers)

if(TARGET dag_program)
  install(TARGETS dag_program RUNTIME COMPONENT dag_program OPTIONAL)  # `cmake --install` before a build: headers
endif()
foreach(name IN ITEMS dag_train_torch dag_train_mpi)  # dag looks for them in its own folder
  if(TARGET ${name})
    install(TARGETS ${name} RUNTIME COMPONENT dag_program OPTIONAL)
  endif()
endforeach()
