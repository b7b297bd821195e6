# SPDX-License-Identifier: Apache-2.0
"""Spack recipe: put it into packages/crow-mle/package.py of a repository of your own (spack repo create), set `git` to
where you cloned crow from, then: spack install crow-mle"""
from spack.package import *


class CrowMle(CMakePackage):
    """Clone-robust weighted MLE of rewards from pairwise preferences, on clusters."""

    homepage = "https://proceedings.mlr.press/v267/procaccia25a.html"
    git = "file:///path/to/crow"

    license("Apache-2.0")
    version("main", branch="main")

    variant("tests", default=False, description="Build the tests (CUnit)")
    variant("pictures", default=True, description="crow plot and crow report draw with gnuplot")

    depends_on("c", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5+mpi@1.10:")
    depends_on("openblas")
    depends_on("random123")
    depends_on("popt")
    depends_on("jansson")
    depends_on("libcsv")
    depends_on("xxhash")
    depends_on("zlib-api")
    depends_on("gnuplot", type="run", when="+pictures")
    depends_on("cunit", when="+tests")

    def cmake_args(self):
        return [self.define_from_variant("CROW_TESTS", "tests"), self.define("CMAKE_C_COMPILER", self.spec["mpi"].mpicc)]

    def setup_run_environment(self, env):
        env.set("CROW_JOBS", self.prefix.share.crow.jobs)
        env.set("OPENBLAS_NUM_THREADS", "1")
