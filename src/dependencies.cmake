# SPDX-License-Identifier: Apache-2.0
# The libraries crow stands on. A missing one stops the configuration with the name of its Debian package.
find_package(PkgConfig REQUIRED)

function(crow_missing what package)
  message(FATAL_ERROR "crow needs ${what}.\n"
          "  Debian, Ubuntu: apt-get install ${package}\n"
          "  Elsewhere: install or load a module for ${what}; CMAKE_PREFIX_PATH and PKG_CONFIG_PATH say where to look.")
endfunction()

function(crow_library name header library package)
  find_path(CROW_${name}_INCLUDE ${header} PATH_SUFFIXES ${ARGN})
  find_library(CROW_${name}_LIBRARY ${library})
  if(NOT CROW_${name}_INCLUDE OR NOT CROW_${name}_LIBRARY)
    crow_missing("${library} (${header})" ${package})
  endif()
  add_library(CrowDeps::${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(CrowDeps::${name} INTERFACE ${CROW_${name}_INCLUDE})
  target_link_libraries(CrowDeps::${name} INTERFACE ${CROW_${name}_LIBRARY})
endfunction()

# MPI
find_package(MPI QUIET COMPONENTS C)
if(NOT MPI_C_FOUND)
  crow_missing("an MPI library with its compiler wrapper (Open MPI)" "libopenmpi-dev openmpi-bin")
endif()
add_library(CrowDeps::mpi INTERFACE IMPORTED GLOBAL)
target_link_libraries(CrowDeps::mpi INTERFACE MPI::MPI_C)

# HDF5: the parallel build. Debian installs several side by side, so the one made for MPI is asked for by name first.
pkg_search_module(HDF5P QUIET IMPORTED_TARGET hdf5-openmpi hdf5-mpich)
add_library(CrowDeps::hdf5 INTERFACE IMPORTED GLOBAL)
if(HDF5P_FOUND)
  target_link_libraries(CrowDeps::hdf5 INTERFACE PkgConfig::HDF5P)
else()
  set(HDF5_PREFER_PARALLEL TRUE)
  find_package(HDF5 QUIET COMPONENTS C)
  if(NOT HDF5_FOUND)
    crow_missing("parallel HDF5" "libhdf5-openmpi-dev")
  endif()
  if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "The HDF5 found (${HDF5_C_INCLUDE_DIRS}) is a serial build; crow reads and writes with all ranks.\n"
            "  Debian, Ubuntu: apt-get install libhdf5-openmpi-dev\n"
            "  On a cluster: module load an HDF5 built with MPI (often hdf5-parallel or hdf5/...-mpi), or set HDF5_ROOT.")
  endif()
  target_include_directories(CrowDeps::hdf5 INTERFACE ${HDF5_C_INCLUDE_DIRS})
  target_link_libraries(CrowDeps::hdf5 INTERFACE ${HDF5_C_LIBRARIES})
endif()

crow_library(openblas cblas.h openblas libopenblas-dev openblas openblas-pthread openblas-openmp)
crow_library(jansson jansson.h jansson libjansson-dev)
crow_library(csv csv.h csv libcsv-dev)
crow_library(xxhash xxhash.h xxhash libxxhash-dev)
crow_library(popt popt.h popt libpopt-dev)
find_path(CROW_RANDOM123_INCLUDE Random123/philox.h)
if(NOT CROW_RANDOM123_INCLUDE)
  crow_missing("Random123 (Random123/philox.h)" librandom123-dev)
endif()

# Threads within a rank; a compiler without OpenMP gives one thread a rank.
find_package(OpenMP QUIET COMPONENTS C)
add_library(CrowDeps::openmp INTERFACE IMPORTED GLOBAL)
if(OpenMP_C_FOUND)
  target_link_libraries(CrowDeps::openmp INTERFACE OpenMP::OpenMP_C)
endif()

if(CROW_TESTS)
  crow_library(cunit CUnit/Basic.h cunit libcunit1-dev)
endif()
