# The front door. CMake (CMakeLists.txt) does the work, in build/.
#
#   make         the program: ./train
#   make test    builds and runs the tests
#   make docs    builds the course and all other pages as a site: build/site/index.html
#   make pictures   draws the course's pictures anew, in docs/walkthrough/pictures
#   make figures draws a run; RUN=runs/best
#   make bench   builds and runs the benchmark; BENCH_FLAGS="--filter lnn_step --json bench.json"
#   make bench-peers   the same training step by PyTorch, JAX and ADOL-C, as far as
#                tools/peers/install has brought them; PEER_FLAGS="--cases 16x3/b4"
#   make learn   the lessons, docs/lessons/README.md; LESSON=05, HINT=1, RESET=05
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
.PHONY: all configure test docs pictures learn lessons-ready playground figures bench bench-peers clean

all: configure
	@$(BUILD) programs

configure:
	@$(CONFIGURE) > build.log 2>&1 && rm build.log || (cat build.log; rm build.log; exit 1)

test: configure
	@$(BUILD) tests
	@cd build && ctest --no-tests=error --output-on-failure --parallel $(JOBS)

docs: configure
	@tools/setup docs
	@$(BUILD) pictures
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict --config-file tools/site/mkdocs.yml
	@docs/walkthrough/pictures/draw build/pictures build/site/walkthrough/pictures
	@echo "the site: build/site/index.html"

pictures: configure
	@tools/setup docs
	@$(BUILD) pictures
	@docs/walkthrough/pictures/draw build/pictures docs/walkthrough/pictures

figures: all
	@tools/setup figures
	@tools/plot $(RUN)

bench: configure
	@$(BUILD) bench
	@build/bench $(BENCH_FLAGS)

bench-peers: configure
	@$(BUILD) peers
	@python3 tools/peers/compare.py $(PEER_FLAGS)

learn:
	@tools/learn $(if $(LESSON),--lesson $(LESSON)) $(if $(HINT),--hint $(HINT)) $(if $(RESET),--reset $(RESET))

lessons-ready: configure
	@$(BUILD) lessons_ready

playground:
	@tools/setup web
	@docs/playground/serve "$(PORT)"

clean:
	rm -rf build train
