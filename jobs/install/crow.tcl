#%Module1.0
## SPDX-License-Identifier: Apache-2.0
## Environment Modules and Lmod: copy this file to MODULEPATH/crow/VERSION and set prefix to where crow was installed
## (cmake --install build --prefix PREFIX).
set prefix /opt/crow

module-whatis "crow: clone-robust rewards from pairwise preferences (MPI, HDF5, OpenBLAS)"
proc ModulesHelp { } {
  puts stderr "crow fits rewards to pairwise preferences so that near-duplicates do not distort them. crow --help; man crow"
}
conflict crow
## What crow was built with must be loaded too; name your site's modules:
# prereq openmpi hdf5

prepend-path PATH $prefix/bin
prepend-path MANPATH $prefix/share/man
foreach lib {lib lib64} {
  foreach folder [glob -nocomplain -type d $prefix/$lib $prefix/$lib/*-linux-gnu] {
    if {[file exists $folder/libcrow.so]} {
      prepend-path LD_LIBRARY_PATH $folder
      prepend-path PKG_CONFIG_PATH $folder/pkgconfig
    }
  }
}
prepend-path CMAKE_PREFIX_PATH $prefix
## The batch scripts of share/crow/jobs find each other by this.
setenv CROW_JOBS $prefix/share/crow/jobs
## One BLAS thread a rank: ranks are what crow spreads over the cores.
setenv OPENBLAS_NUM_THREADS 1
