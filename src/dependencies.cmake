# SPDX-License-Identifier: Apache-2.0
# The libraries crow stands on, as targets CrowDeps::NAME. All that are missing are named at once, with their Debian
# packages. The file is also installed: find_package(crow) includes it for programs that link the static library, with
# CROW_PACKAGE set; then nothing here stops the configuration, and crow_missing_packages says what is not there.
set(crow_missing_packages)
set(crow_missing_text)

macro(crow_missing what package)
  string(APPEND crow_missing_text "\n  ${what}: Debian package ${package}")
  list(APPEND crow_missing_packages ${package})
endmacro()

macro(crow_library name header library package)
  find_path(CROW_${name}_INCLUDE ${header} PATH_SUFFIXES ${ARGN})
  find_library(CROW_${name}_LIBRARY ${library} PATH_SUFFIXES ${ARGN})
  mark_as_advanced(CROW_${name}_INCLUDE CROW_${name}_LIBRARY)
  if(NOT CROW_${name}_INCLUDE OR NOT CROW_${name}_LIBRARY)
    crow_missing("${library} (${header})" ${package})
  elseif(NOT TARGET CrowDeps::${name})
    add_library(CrowDeps::${name} INTERFACE IMPORTED GLOBAL)
    target_include_directories(CrowDeps::${name} INTERFACE ${CROW_${name}_INCLUDE})
    target_link_libraries(CrowDeps::${name} INTERFACE ${CROW_${name}_LIBRARY})
  endif()
endmacro()

# MPI
find_package(MPI QUIET COMPONENTS C)
if(NOT MPI_C_FOUND)
  crow_missing("an MPI library with its compiler wrapper, e.g. Open MPI" "libopenmpi-dev openmpi-bin")
elseif(NOT TARGET CrowDeps::mpi)
  add_library(CrowDeps::mpi INTERFACE IMPORTED GLOBAL)
  target_link_libraries(CrowDeps::mpi INTERFACE MPI::MPI_C)
endif()

# HDF5: the parallel build. HDF5_ROOT decides where it is given. Debian installs several builds side by side, so there
# the one made for the MPI in use is asked for by name.
find_package(PkgConfig QUIET)
set(crow_hdf5_serial)
if(NOT HDF5_ROOT AND NOT DEFINED ENV{HDF5_ROOT} AND PKG_CONFIG_FOUND)
  if("${MPI_C_INCLUDE_DIRS}" MATCHES "mpich")
    pkg_search_module(CROW_HDF5 QUIET IMPORTED_TARGET GLOBAL hdf5-mpich)
  else()
    pkg_search_module(CROW_HDF5 QUIET IMPORTED_TARGET GLOBAL hdf5-openmpi)
  endif()
endif()
if(CROW_HDF5_FOUND)
  set(crow_hdf5_libraries PkgConfig::CROW_HDF5)
  set(CROW_HDF5_INCLUDE ${CROW_HDF5_INCLUDE_DIRS})
else()
  set(HDF5_PREFER_PARALLEL TRUE)
  find_package(HDF5 QUIET COMPONENTS C)
  if(HDF5_FOUND AND NOT HDF5_IS_PARALLEL)
    set(crow_hdf5_serial "${HDF5_C_INCLUDE_DIRS}")
  elseif(HDF5_FOUND)
    set(crow_hdf5_libraries ${HDF5_C_LIBRARIES})
    set(CROW_HDF5_INCLUDE ${HDF5_C_INCLUDE_DIRS})
  endif()
endif()
if(crow_hdf5_libraries AND NOT TARGET CrowDeps::hdf5)
  add_library(CrowDeps::hdf5 INTERFACE IMPORTED GLOBAL)
  target_include_directories(CrowDeps::hdf5 INTERFACE ${CROW_HDF5_INCLUDE})
  target_link_libraries(CrowDeps::hdf5 INTERFACE ${crow_hdf5_libraries})
elseif(NOT crow_hdf5_libraries AND NOT crow_hdf5_serial)
  crow_missing("parallel HDF5" libhdf5-openmpi-dev)
endif()

crow_library(openblas cblas.h openblas libopenblas-dev openblas openblas-pthread openblas-openmp)
crow_library(jansson jansson.h jansson libjansson-dev)
crow_library(csv csv.h csv libcsv-dev)
crow_library(xxhash xxhash.h xxhash libxxhash-dev)

# What only building crow needs: header-only Random123, the command line's option parser, the tests' framework.
if(NOT CROW_PACKAGE)
  crow_library(popt popt.h popt libpopt-dev)
  # crow plot and crow report run it. -DCROW_PLOTS=OFF builds without looking for it, e.g. for compute nodes alone.
  option(CROW_PLOTS "Stop if gnuplot, which draws the pictures, is missing" ON)
  find_program(CROW_GNUPLOT gnuplot)
  mark_as_advanced(CROW_GNUPLOT)
  if(CROW_PLOTS AND NOT CROW_GNUPLOT)
    crow_missing("gnuplot, for pictures (-DCROW_PLOTS=OFF does without)" gnuplot-nox)
  endif()
  find_path(CROW_random123_INCLUDE Random123/philox.h)
  mark_as_advanced(CROW_random123_INCLUDE)
  if(NOT CROW_random123_INCLUDE)
    crow_missing("Random123 (Random123/philox.h)" librandom123-dev)
  elseif(NOT TARGET CrowDeps::random123)
    add_library(CrowDeps::random123 INTERFACE IMPORTED GLOBAL)
    target_include_directories(CrowDeps::random123 INTERFACE ${CROW_random123_INCLUDE})
  endif()
  if(CROW_TESTS)
    crow_library(cunit CUnit/Basic.h cunit libcunit1-dev)
  endif()
endif()

# Threads within a rank; a compiler without OpenMP gives one thread a rank.
find_package(OpenMP QUIET COMPONENTS C)
if(NOT TARGET CrowDeps::openmp)
  add_library(CrowDeps::openmp INTERFACE IMPORTED GLOBAL)
  if(OpenMP_C_FOUND)
    target_link_libraries(CrowDeps::openmp INTERFACE OpenMP::OpenMP_C)
  endif()
endif()

if(crow_hdf5_serial AND NOT CROW_PACKAGE)
  message(FATAL_ERROR "The HDF5 found (${crow_hdf5_serial}) is a serial build; crow's ranks read and write together and "
          "need the parallel one.\n"
          "  Debian, Ubuntu: apt-get install libhdf5-openmpi-dev\n"
          "  On a cluster: load a module of HDF5 built with MPI (hdf5-parallel, hdf5/...-mpi, phdf5) or set HDF5_ROOT.\n"
          "  From source: configure HDF5 with CC=mpicc and --enable-parallel.")
endif()
if(crow_missing_packages AND NOT CROW_PACKAGE)
  string(REPLACE ";" " " packages "${crow_missing_packages}")
  message(FATAL_ERROR "crow needs what is not found here:${crow_missing_text}\n"
          "  Debian, Ubuntu: apt-get install ${packages}\n"
          "  Elsewhere: install or load modules for these; CMAKE_PREFIX_PATH and PKG_CONFIG_PATH say where to look.")
endif()
