# rankmill. `make help` lists the targets; lib/README.md walks the source.

.DEFAULT_GOAL := all
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
OPT ?= -O2 -g
SAN ?=
WARN := -Wall -Wextra -Wconversion -Wshadow -Wvla
STD := -std=c11 -D_GNU_SOURCE
# Never let the compiler fuse a×b+c: data must not depend on the CPU.
FLOAT := -ffp-contract=off -fno-fast-math
MPI_CFLAGS := $(shell pkg-config --cflags ompi-c 2>/dev/null || mpicc --showme:compile 2>/dev/null)
MPI_LIBS := $(shell pkg-config --libs ompi-c 2>/dev/null || mpicc --showme:link 2>/dev/null)
HDF5_DIR ?= $(shell pkg-config --variable=libdir hdf5 2>/dev/null || echo /usr/lib/x86_64-linux-gnu/hdf5/serial)
HDF5_CFLAGS := $(shell pkg-config --cflags hdf5 2>/dev/null || echo -I/usr/include/hdf5/serial)
# HDF5 is linked statically: its shared library alone costs 10 ms of start-up.
HDF5_LIBS := $(firstword $(wildcard $(HDF5_DIR)/libhdf5.a /usr/lib/x86_64-linux-gnu/hdf5/serial/libhdf5.a) -lhdf5) -lsz
LIBS := $(HDF5_LIBS) -lpg_query -lcjson -lxxhash -lsleef -lpcre2-8 -lutf8proc -lisal -ldeflate -lzstd -lz $(MPI_LIBS) -ldl -lpthread -lm

CFLAGS_ALL := $(STD) $(OPT) $(SAN) $(FLOAT) $(WARN) $(EXTRA_CFLAGS) -Ilib
SYSTEM_INCLUDES := $(subst -I,-isystem ,$(MPI_CFLAGS) $(HDF5_CFLAGS))

# Objects live in a folder named by compiler and flags: changing flags never mixes builds.
KEY := $(shell printf '%s' '$(CC) $(shell $(CC) -dumpfullversion -dumpversion 2>/dev/null) $(CFLAGS_ALL)' | sha256sum | cut -c1-12)
BUILD := build/$(KEY)

LIB_SOURCES := $(sort $(wildcard lib/*/*.c lib/*/*/*.c))
APP_SOURCES := $(sort $(wildcard apps/rankmill/*.c))
UNIT_SOURCES := $(sort $(wildcard tests/unit/*.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TOOL_SOURCES := $(sort $(wildcard tests/tools/*.c))
BENCH_SOURCES := $(sort $(wildcard tests/bench/*.c))
object = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJECTS := $(call object,$(LIB_SOURCES))
LIB_ARCHIVE := $(BUILD)/librankmill.a
BINARY := $(BUILD)/rankmill

.PHONY: all
## all: build build/rankmill, and compile_commands.json for editors
all: build/rankmill compile_commands.json

build/rankmill: $(BINARY)
	@mkdir -p build && ln -sfn $(KEY)/rankmill build/rankmill

# Loops over arrays: gcc 12 vectorises them fully only from -O3 on.
HOT := lib/expr/kernels/% lib/expr/functions/%
compile = $(CC) $(CFLAGS_ALL) $(if $(filter $(HOT),$(1)),-O3) $(SYSTEM_INCLUDES) -c $(1)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "CC $<"
	@$(call compile,$<) -MMD -MP -o $@

$(LIB_ARCHIVE): $(LIB_OBJECTS)
	@rm -f $@ && ar rcs $@ $^

$(BINARY): $(call object,$(APP_SOURCES)) $(LIB_ARCHIVE)
	@echo "LD $@"
	@$(CC) $(CFLAGS_ALL) $(call object,$(APP_SOURCES)) $(LIB_ARCHIVE) $(LIBS) -o $@

# One test program per file of tests/unit: it has a main and links the library.
UNIT_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(UNIT_SOURCES))
TOOL_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(TOOL_SOURCES))
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(BENCH_SOURCES))
$(UNIT_PROGRAMS) $(TOOL_PROGRAMS) $(BENCH_PROGRAMS): $(BUILD)/%: $(BUILD)/%.o $(LIB_ARCHIVE)
	@$(CC) $(CFLAGS_ALL) $(filter %.o,$^) $(LIB_ARCHIVE) $(LIBS) -lcunit -o $@
# The binary with one more kind of storage, which behaves as an object store does (tests/backend/test_backend.h).
TEST_BACKEND := $(BUILD)/tests/backend/test_backend.o
TEST_BINARY := $(BUILD)/tests/tools/rankmill_test
$(BUILD)/tests/unit/test_storage_seam: $(TEST_BACKEND)
$(TEST_BINARY): $(filter-out %/backends.o,$(call object,$(APP_SOURCES))) $(BUILD)/tests/backend/backends.o $(TEST_BACKEND) $(LIB_ARCHIVE)
	@mkdir -p $(@D)
	@echo "LD $@"
	@$(CC) $(CFLAGS_ALL) $(filter %.o,$^) $(LIB_ARCHIVE) $(LIBS) -o $@
# Fuzz targets replay files without a fuzzer; `make fuzz` links them to libFuzzer.
FUZZ_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(FUZZ_SOURCES))
$(FUZZ_PROGRAMS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/fuzz/replay.o $(LIB_ARCHIVE)
	@$(CC) $(CFLAGS_ALL) $< $(BUILD)/tests/fuzz/replay.o $(LIB_ARCHIVE) $(LIBS) -o $@

# clangd and other editors read from compile_commands.json how each file is compiled. It is written again only when the
# Makefile, the flags or the list of files changed since.
C_FILES := $(LIB_SOURCES) $(APP_SOURCES) $(UNIT_SOURCES) $(FUZZ_SOURCES) tests/fuzz/replay.c $(sort $(wildcard tests/backend/*.c)) \
           $(TOOL_SOURCES) $(BENCH_SOURCES)
COMMANDS_OF := $(CURDIR) $(CC) $(CFLAGS_ALL) $(SYSTEM_INCLUDES) $(C_FILES)
ifneq ($(strip $(COMMANDS_OF)),$(strip $(file <build/compile_commands.of)))
compile_commands.json: changed
endif
.PHONY: changed
define NEWLINE


endef
COMMA := ,
json_text = $(subst ",\",$(subst \,\\,$(1)))
command = {"directory": "$(CURDIR)", "file": "$(1)", "command": "$(call json_text,$(call compile,$(1)))"}
compile_commands.json: Makefile
	$(shell mkdir -p build)
	$(file >$@,[$(call command,$(firstword $(C_FILES)))$(foreach f,$(wordlist 2,$(words $(C_FILES)),$(C_FILES)),$(COMMA)$(NEWLINE)$(call command,$(f)))])
	$(file >build/compile_commands.of,$(COMMANDS_OF))

.PHONY: units
units: $(UNIT_PROGRAMS)

.PHONY: programs
programs: build/rankmill units $(FUZZ_PROGRAMS) $(TOOL_PROGRAMS) $(TEST_BINARY)
	@ln -sfn $(KEY) build/current

.PHONY: help
## help: this list
help:
	@grep -hE '^## [a-z-]+:' $(MAKEFILE_LIST) | sed 's/^## /  make /' | sort

.PHONY: list
## list: targets with what they do, and the build folder
list: help
	@echo "build folder: $(BUILD)"

.PHONY: deps
## deps: install the Debian packages that rankmill builds with (no-op when present)
deps:
	@bash tests/tools/deps.sh build

.PHONY: test
## test: set everything up and run the fast tests (units, SQL, command line, ranks); minutes
test:
	@bash tests/run.sh fast

.PHONY: test-slow
## test-slow: clang, valgrind, kills, the whole matrix on 200 MB; hours (MATRIX_SAMPLE=10 takes a tenth of the matrix)
test-slow:
	@bash tests/run.sh slow

.PHONY: asan
## asan: unit tests and fuzz corpora under AddressSanitizer and UBSan
asan:
	@bash tests/run.sh asan

.PHONY: lint
## lint: format, warnings, layering, third-party headers, banned calls, sizes, state, comments
lint:
	@bash tests/tools/lint.sh

.PHONY: hooks
## hooks: git checks format, lint and subject of every commit, and offers .gitmessage (make hooks-off takes it back)
hooks:
	@bash tests/tools/hooks.sh on

.PHONY: hooks-off
hooks-off:
	@bash tests/tools/hooks.sh off

# What lint.sh compiles with.
.PHONY: libs
libs:
	@echo "$(LIBS)"

.PHONY: lint-flags
lint-flags:
	@echo '$(CFLAGS_ALL) $(SYSTEM_INCLUDES)'

.PHONY: fuzz
## fuzz: 30 minutes of libFuzzer on the parsers (FUZZ_SECONDS=1800)
fuzz:
	@bash tests/fuzz/fuzz.sh

.PHONY: bench
## bench: the taxi job and a CSV scan beside DuckDB
bench: build/rankmill $(BENCH_PROGRAMS)
	@bash tests/bench/bench.sh

.PHONY: demo
## demo: generate NYC-taxi data, run configs/nyctaxi.json on all cores, verify the store
demo:
	@bash tests/tools/deps.sh build
	@$(MAKE) --no-print-directory -j2 build/rankmill
	@bash jobs/mpirun/demo.sh

.PHONY: demo-train
## demo-train: train a small fare regressor in PyTorch on the demo store
demo-train:
	@bash tests/tools/deps.sh train
	@bash jobs/mpirun/demo-train.sh

.PHONY: format
## format: run clang-format over the sources
format:
	@clang-format -i $(shell git ls-files '*.c' '*.h')

.PHONY: clean
## clean: remove build/
clean:
	rm -rf build

-include $(shell find build/$(KEY) -name '*.d' 2>/dev/null)
