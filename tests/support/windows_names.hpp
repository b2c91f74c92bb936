// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Macros that windows.h leaves behind even with NOMINMAX: no header of dag that comes after may use
// such a name. Other people's headers come first.
#if __has_include(<Eigen/Dense>)
#include <Eigen/Dense>
#include <Eigen/SparseCore>
#endif
#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#endif
#if __has_include(<xtensor/xarray.hpp>)
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#endif
#if __has_include(<utf8proc.h>)
#include <utf8proc.h>
#endif

#define near
#define far
#define small char
#define hyper int
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define CALLBACK
#define ERROR 0
#define NO_ERROR 0
#define DELETE 0x10000
#define DIFFERENCE 11
#define ABSOLUTE 1
#define RELATIVE 2
#define STRICT 1
#define TRUE 1
#define FALSE 0
#define VOID void
#define CONST const
