# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# The targets are there and bring include paths and the language level, but no flags.
foreach(name IN ITEMS dag::dag dag::eigen dag::json dag::xtensor)
  if(TARGET ${name})
    message(STATUS "found ${name}")
    foreach(property IN ITEMS INTERFACE_COMPILE_OPTIONS INTERFACE_LINK_OPTIONS
                              INTERFACE_COMPILE_DEFINITIONS)
      get_target_property(value ${name} ${property})
      if(value)
        message(FATAL_ERROR "${name} forces ${property} = ${value} on its consumers")
      endif()
    endforeach()
  endif()
endforeach()
if(NOT TARGET dag::dag)
  message(FATAL_ERROR "dag::dag is missing")
endif()
if(CONSUMER_EXPECTS_EIGEN AND NOT TARGET dag::eigen)
  message(FATAL_ERROR "dag::eigen is missing although Eigen is installed")
endif()
if(CMAKE_DISABLE_FIND_PACKAGE_Eigen3 AND TARGET dag::eigen)
  message(FATAL_ERROR "dag::eigen is there although Eigen is not")
endif()
