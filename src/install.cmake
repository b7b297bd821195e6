# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts in place: headers, both libraries, the program, its man page, a pkg-config file and a
# CMake package; batch scripts, examples and the file formats.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/crow)

install(DIRECTORY include/crow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET crow)
  install(TARGETS crow)
endif()
install(DIRECTORY jobs hdf5-schemas DESTINATION ${CMAKE_INSTALL_DATADIR}/crow USE_SOURCE_PERMISSIONS)
install(TARGETS crow_static crow_shared EXPORT crow)
if(TARGET crow_man)
  install(FILES ${PROJECT_BINARY_DIR}/crow.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

# CMake: crow::crow (shared) and crow::crow_static.
set_target_properties(crow_shared PROPERTIES EXPORT_NAME crow)
install(EXPORT crow NAMESPACE crow:: DESTINATION ${package_folder} FILE crowTargets.cmake)
file(WRITE ${PROJECT_BINARY_DIR}/crowConfig.cmake.in [=[
# find_package(crow): crow::crow, and crow::crow_static where the libraries that it stands on are found too.
@PACKAGE_INIT@
include(CMakeFindDependencyMacro)
find_dependency(MPI COMPONENTS C)
set(CROW_PACKAGE TRUE)
include(${CMAKE_CURRENT_LIST_DIR}/crowDependencies.cmake)
unset(CROW_PACKAGE)
include(${CMAKE_CURRENT_LIST_DIR}/crowTargets.cmake)
set(crow_static_FOUND TRUE)
if(crow_missing_packages OR crow_hdf5_serial)
  set(crow_static_FOUND FALSE)
  if(crow_FIND_REQUIRED_static)
    set(crow_FOUND FALSE)
    set(crow_NOT_FOUND_MESSAGE "crow::crow_static needs what is not found here:${crow_missing_text}")
  endif()
endif()
]=])
configure_package_config_file(${PROJECT_BINARY_DIR}/crowConfig.cmake.in ${PROJECT_BINARY_DIR}/crowConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/crowConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/crowConfig.cmake ${PROJECT_BINARY_DIR}/crowConfigVersion.cmake
        DESTINATION ${package_folder})
install(FILES src/dependencies.cmake DESTINATION ${package_folder} RENAME crowDependencies.cmake)

# pkg-config: the public headers include mpi.h, so MPI's flags are everybody's; the rest is for static linking.
set(pc_cflags)
foreach(folder IN LISTS MPI_C_INCLUDE_DIRS)
  string(APPEND pc_cflags " -I${folder}")
endforeach()
list(JOIN MPI_C_LIBRARIES " " pc_libs)
set(hdf5_libraries ${CROW_HDF5_LINK_LIBRARIES})
if(NOT hdf5_libraries)
  set(hdf5_libraries ${HDF5_C_LIBRARIES})
endif()
list(JOIN hdf5_libraries " " pc_private)
foreach(name openblas jansson csv xxhash zlib)
  string(APPEND pc_private " ${CROW_${name}_LIBRARY}")
endforeach()
string(APPEND pc_private " ${OpenMP_C_FLAGS} -lm")
file(RELATIVE_PATH pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /) # the files may be moved together
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/crow.pc @ONLY CONTENT
"prefix=\${pcfiledir}/@pc_up@
includedir=\${prefix}/@CMAKE_INSTALL_INCLUDEDIR@
libdir=\${prefix}/@CMAKE_INSTALL_LIBDIR@

Name: crow
Description: @PROJECT_DESCRIPTION@
Version: @PROJECT_VERSION@
Cflags: -I\${includedir}@pc_cflags@
Libs: -L\${libdir} -lcrow @pc_libs@
Libs.private: @pc_private@
")
install(FILES ${PROJECT_BINARY_DIR}/crow.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
