# The front door. CMake (CMakeLists.txt) does the work, in build/.
#
#   make         the program: ./train
#   make test    builds and runs the tests
#   make bench   builds and runs the benchmark
#   make clean   removes build/ and ./train
#
# CMAKE_FLAGS is passed on: make CMAKE_FLAGS="-DLAGRANGE_NATIVE=OFF"

JOBS := $(shell getconf _NPROCESSORS_ONLN)
CONFIGURE = cmake -S . -B build -DLAGRANGE_WERROR=ON $(CMAKE_FLAGS)
BUILD = cmake --build build --parallel $(JOBS) --target

.PHONY: all configure test bench clean

all: configure
	@$(BUILD) train

configure:
	@$(CONFIGURE) > build.log 2>&1 && rm build.log || (cat build.log; rm build.log; exit 1)

test: configure
	@$(BUILD) train tests
	@cd build && ctest --output-on-failure --parallel $(JOBS)

bench: configure
	@$(BUILD) bench
	@build/bench

clean:
	rm -rf build train
