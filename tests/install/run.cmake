# Uses the library in all three ways, by the project here: after an install, and as a part of the
# project by add_subdirectory and by FetchContent.
#   cmake -DBUILD=<build folder> -DSOURCE=<source folder> -DWORK=<folder to work in>
#         -DCOMPILER=<C++ compiler> -DGENERATOR=<generator> -DEIGEN=<its CMake folder> -P run.cmake
function(step)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
function(configure way build)
  step(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${build} -G ${GENERATOR}
       -DCMAKE_CXX_COMPILER=${COMPILER} -DEigen3_DIR=${EIGEN}
       -DLAGRANGE=${way} -DLAGRANGE_SOURCE=${SOURCE} ${ARGN})
endfunction()
function(build_and_run build)
  step(${CMAKE_COMMAND} --build ${build} --target uses_lagrange)
  step(${CMAKE_COMMAND} -E chdir ${build} ${build}/uses_lagrange)
endfunction()
file(REMOVE_RECURSE ${WORK})

# A user's flags are not the library's: no -march=native, no optimisation.
step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
configure(package ${WORK}/package -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_BUILD_TYPE=Debug)
build_and_run(${WORK}/package)

configure(subdirectory ${WORK}/part -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1
          -DLAGRANGE_NATIVE=ON)
build_and_run(${WORK}/part)
step(${CMAKE_COMMAND} --install ${WORK}/part --prefix ${WORK}/of_the_user)
file(GLOB_RECURSE installed RELATIVE ${WORK}/of_the_user ${WORK}/of_the_user/*)
if(NOT installed STREQUAL "bin/uses_lagrange")
  message(FATAL_ERROR "a user's install holds more than what is the user's: ${installed}")
endif()

# The same build folder: what add_subdirectory has built serves here, too.
configure(fetch ${WORK}/part)
build_and_run(${WORK}/part)
step(${CMAKE_COMMAND} --build ${WORK}/part --target my_program)
step(${CMAKE_COMMAND} -DPROGRAM=${WORK}/part/fetch_content/my_program -DNAME=fetch_content/main
     -DPAGE=${SOURCE}/docs/examples/README.md -P ${SOURCE}/tests/docs/example.cmake)
