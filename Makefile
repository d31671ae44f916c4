# The front door. CMake (CMakeLists.txt) does the work, in build/.
#
#   make         the program: ./train
#   make test    builds and runs the tests
#   make figures draws a run; RUN=runs/best
#   make bench   builds and runs the benchmark; BENCH_FLAGS="--filter lnn_step --json bench.json"
#   make bench-peers   the same training step by PyTorch, JAX and ADOL-C, as far as
#                tools/peers/install has brought them; PEER_FLAGS="--cases 16x3/b4"
#   make playground  builds the web page docs/playground and serves it here; PORT=8000
#   make clean   removes build/ and ./train
#
# CMAKE_FLAGS is passed on: make CMAKE_FLAGS="-DLAGRANGE_NATIVE=OFF"

# As many jobs as `make -j4` says, else as there are cores.
JOBS = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(shell getconf _NPROCESSORS_ONLN))
CONFIGURE = cmake -S . -B build -DLAGRANGE_WERROR=ON $(CMAKE_FLAGS)
# The build's own make is nobody's child: it prints no folders it enters and looks for no jobserver.
BUILD = env -u MAKEFLAGS -u MAKELEVEL cmake --build build --parallel $(JOBS) --target

RUN = runs/default
PORT = 8000

.NOTPARALLEL:  # the build is
.PHONY: all configure test figures bench bench-peers playground clean

all: configure
	@$(BUILD) programs

configure:
	@$(CONFIGURE) > build.log 2>&1 && rm build.log || (cat build.log; rm build.log; exit 1)

test: configure
	@$(BUILD) tests
	@cd build && ctest --no-tests=error --output-on-failure --parallel $(JOBS)

figures: all
	@tools/setup figures
	@tools/plot $(RUN)

bench: configure
	@$(BUILD) bench
	@build/bench $(BENCH_FLAGS)

bench-peers: configure
	@$(BUILD) peers
	@python3 tools/peers/compare.py $(PEER_FLAGS)

playground:
	@tools/setup web
	@docs/playground/build
	@echo "the playground: http://localhost:$(PORT)/ (Ctrl-C ends it)"
	@python3 -m http.server $(PORT) --bind localhost --directory build/playground/site

clean:
	rm -rf build train
