# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Conan 2: `conan create cmake/packaging/conan`, in a checkout of dag.

Option eigen (default True): the target dag::eigen, with Eigen as a requirement. With `-o dag/*:eigen=False`
nothing is required, and a consumer who has Eigen anyway adds its folder.
"""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load

ROOT = os.path.join("..", "..", "..")


class DagConan(ConanFile):
    name = "dag"
    license = "Apache-2.0"
    description = "Distributional Alignment Games: game-theory optimisation for C++20"
    topics = ("game-theory", "optimisation", "equilibrium", "alignment", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"eigen": [True, False]}
    default_options = {"eigen": True}
    implements = ["auto_header_only"]
    no_copy_source = True

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, ROOT, "include", "dag", "version.hpp"))
        self.version = re.search(r'DAG_VERSION_STRING "([0-9.]+)"', text).group(1)

    def export_sources(self):
        root = os.path.join(self.recipe_folder, ROOT)
        copy(self, "include/*", root, self.export_sources_folder)
        copy(self, "LICENSE", root, self.export_sources_folder)

    def requirements(self):
        if self.options.eigen:
            self.requires("eigen/[>=3.4 <6]")

    def validate(self):
        if self.settings.get_safe("compiler.cppstd"):
            check_min_cppstd(self, 20)

    def package(self):
        for pattern in ("*.hpp", "*.cuh"):
            copy(self, pattern, os.path.join(self.source_folder, "include"),
                 os.path.join(self.package_folder, "include"))
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "dag")
        headers = self.cpp_info.components["headers"]
        headers.set_property("cmake_target_name", "dag::dag")
        headers.set_property("pkg_config_name", "dag")
        headers.bindirs = headers.libdirs = []
        if self.options.eigen:
            eigen = self.cpp_info.components["eigen"]
            eigen.set_property("cmake_target_name", "dag::eigen")
            eigen.set_property("pkg_config_name", "dag-eigen")
            eigen.requires = ["headers", "eigen::eigen"]
            eigen.bindirs = eigen.libdirs = []
