# SPDX-License-Identifier: Apache-2.0
# One command for each chore; `make help` lists them. The work is done by CMake (CMakePresets.json) and CTest.
PORT ?= 6379
FUZZ_SECONDS ?= 30
JOBS ?= $(shell nproc)
SOURCES = $(shell find resp shards repl src tests -name node_modules -prune -o \( -name '*.h' -o -name '*.cc' \) -print)
UNITS = $(filter-out %_fuzz.cc,$(filter %.cc,$(SOURCES)))
BUILD = cmake --preset $(1) >/dev/null && cmake --build --preset $(1) -j $(JOBS)
CTEST = ctest --preset $(1) -j $(JOBS)

.PHONY: all run test fast asan tsan fuzz soak bench format check-format lint clean help packages client-packages
all: packages  ## build the server: build/release/stave-server
	$(call BUILD,release)

run: all  ## build and start the server on port 6379 with its data in ./data; ARGS="--maxmemory 1gb" adds options
	mkdir -p data
	build/release/stave-server --port $(PORT) --dir ./data $(ARGS)

test: all client-packages  ## build and run every test
	$(call CTEST,release)

fast: all  ## build and run the fast tests only
	.ci/install-packages test
	$(call CTEST,release) -L fast

asan:  ## the fast tests under AddressSanitizer and UndefinedBehaviorSanitizer
	.ci/install-packages build test
	$(call BUILD,asan)
	$(call CTEST,asan) -L fast

tsan:  ## the fast tests under ThreadSanitizer
	.ci/install-packages build test fuzz
	$(call BUILD,tsan)
	$(call CTEST,tsan) -L fast

fuzz:  ## each fuzzer for FUZZ_SECONDS=30
	.ci/install-packages build fuzz
	$(call BUILD,fuzz)
	.ci/fuzz $(FUZZ_SECONDS)

soak: packages  ## the simulation with fresh seeds until stopped or the first violation; SEED=n repeats one
	$(call BUILD,release) --target stave-soak
	build/release/stave-soak $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: all client-packages  ## the benchmarks, beside redis-server; ARGS= goes to tests/bench/run.py
	/usr/bin/python3 tests/bench/run.py --server build/release/stave-server $(ARGS)

format:  ## clang-format over everything
	.ci/install-packages lint
	clang-format -i $(SOURCES)

check-format:  ## fails where `make format` would change something
	.ci/install-packages lint
	clang-format --dry-run -Werror $(SOURCES)

lint: packages check-format  ## check-format and clang-tidy
	cmake --preset release >/dev/null
	printf '%s\n' $(UNITS) | xargs -P $(JOBS) -n 4 clang-tidy --quiet -p build/release

clean:  ## remove what was built (not ./data)
	rm -rf build

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

packages:
	.ci/install-packages build

client-packages:
	.ci/install-packages build test
	if [ -f tests/clients/package.json ]; then \
	  cd tests/clients && npm install --no-package-lock --no-audit --no-fund --silent; fi
