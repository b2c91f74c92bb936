// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The version of the library, read by CMake from this file: `MAJOR.MINOR.PATCH`.
#define DAG_VERSION_MAJOR 0
#define DAG_VERSION_MINOR 2
#define DAG_VERSION_PATCH 0
#define DAG_VERSION_STRING "0.2.0"
