# SPDX-License-Identifier: ISC
# What people type. Tasks that need more than the sources install it first (make/packages.sh).

PORT  ?= 8080
MOUNT ?=
T     ?= 60
JOBS  ?= $(shell nproc)

export OSTIARY_BUILD := $(BUILD)

SUBMAKE := $(MAKE) --no-print-directory
# A test that hangs says where; whatever happens, a suite ends.
PYTEST  := timeout --foreground -k 30 25m $(PYTHON) -m pytest -q -p no:cacheprovider --timeout=300

# A plain `make` installs nothing; it only says what is missing.
ifneq (,$(filter all,$(or $(MAKECMDGOALS),all)))
$(shell make/packages.sh --missing build >&2)
endif

# The manual pages hold what the program's own tables hold; tests/ctl compares them.
.PHONY: docs
docs: $(BUILD)/ostiary $(BUILD)/ostiary-pamd
	@$(BUILD)/ostiary reference man > docs/man/ostiary.8
	@$(BUILD)/ostiary reference conf > docs/man/ostiary.conf.5
	@$(BUILD)/ostiary-pamd --manual > docs/man/ostiary-pamd.8
	@$(BUILD)/ostiary-pamd --reference > conf-examples/pamd.conf
	@$(BUILD)/ostiary reference endpoints > docs/endpoints.md
	@$(BUILD)/ostiary reference metadata > docs/metadata.md
	@$(BUILD)/ostiary reference settings > docs/settings.md
	@for server in nginx apache apache-fcgid lighttpd lighttpd-spawn; do \
		for place in "" -path; do \
			$(BUILD)/ostiary reference $$server$$place > \
				conf-examples/$$server$$place.conf || exit 1; \
		done; \
	done
	@$(BUILD)/ostiary reference htaccess > conf-examples/shared-hosting.htaccess

.PHONY: run check packages lint unit sql ctl system asan valgrind fuzz bench tidy coverage clean \
	help

help:
	@echo "make               build everything under $(BUILD)/"
	@echo "make run           run it on loopback with demo data; PORT=8080 MOUNT=/sub/path"
	@echo "make check         install what is missing, build, and pass every test"
	@echo "make lint          layers, banned calls, form"
	@echo "make unit          unit tests; unit-LAYER for one layer"
	@echo "make sql           the storage contract on a private MariaDB"
	@echo "make flow          whole requests in process"
	@echo "make ctl           the command line"
	@echo "make pamd          the broker of the host's logins"
	@echo "make system        nginx, spawn-fcgi, a browser and a foreign client library"
	@echo "make asan          the C tests under the address and undefined behaviour sanitizers"
	@echo "make valgrind      unit and flow tests under valgrind"
	@echo "make fuzz          every fuzz target; T=60 seconds each"
	@echo "make bench         speed and memory; ROUNDS=5 SECONDS=2 ROWS=0 PEER=glewlwyd"
	@echo "make tidy          clang-tidy"
	@echo "make coverage      line coverage of the C tests"
	@echo "make install       PREFIX=$(PREFIX) DESTDIR="
	@echo "make deb           Debian packages under $(BUILD)/deb"
	@echo "make bundle        a tar with the libraries beside the programs"
	@echo "make clean         remove $(BUILD)/"

packages:
	@make/packages.sh build run test deb

# Build in a make of its own: pkg-config must be asked after the packages are there.
run:
	@make/packages.sh build run
	@$(SUBMAKE) -j$(JOBS) all
	@exec $(PYTHON) make/run.py --port "$(PORT)" --mount "$(MOUNT)" --with-parent

CHECKS := lint unit sql flow ctl pamd system
check:
	@begun=$$(date +%s); \
	make/packages.sh build run test deb && $(SUBMAKE) -j$(JOBS) all || exit 1; \
	for task in $(CHECKS); do \
		echo "== $$task, after $$(($$(date +%s) - begun)) s"; \
		$(SUBMAKE) -j$(JOBS) build-$$task && $(SUBMAKE) $$task || exit 1; \
	done
	@echo "make check: all passed"

# Building may run in parallel, the tests themselves do not.
.PHONY: build-lint build-unit build-sql build-flow build-ctl build-pamd build-system pamd
build-lint: $(CORE_ARCHIVES)
build-unit: $(UNIT_TESTS)
build-sql: $(UNIT_TESTS_sql)
build-flow: $(FLOW_TESTS)
build-ctl build-system: all
build-pamd: $(BUILD)/ostiary-pamd $(PAMD_MODULES)

lint: build-lint
	@$(PYTHON) make/lint.py
	@$(PYTEST) tests/lint

unit: build-unit
	@TEST_WRAPPER="$(TEST_WRAPPER)" make/test.sh \
		$(filter-out $(UNIT_SKIP),$(UNIT_TESTS))

sql: unit-sql

ctl: build-ctl
	@$(PYTEST) tests/ctl

pamd: build-pamd
	@$(PYTEST) tests/pamd

system: build-system
	@$(PYTEST) tests/system

# Every C test once more; the command line's tests drive programs that are built the same way.
SANITIZE := -fsanitize=address,undefined -fno-omit-frame-pointer
asan:
	@make/packages.sh build run test
	@ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
	$(SUBMAKE) -j$(JOBS) BUILD=$(BUILD)/asan HARDENING= MODE_CFLAGS="$(SANITIZE) \
		-fno-sanitize-recover=all -O1 -DARENA_MALLOC" MODE_LDFLAGS="$(SANITIZE)" \
		build-unit build-sql build-flow build-ctl build-pamd
	@ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
	$(SUBMAKE) BUILD=$(BUILD)/asan HARDENING= MODE_CFLAGS="$(SANITIZE) \
		-fno-sanitize-recover=all -O1 -DARENA_MALLOC" MODE_LDFLAGS="$(SANITIZE)" \
		unit sql flow ctl pamd

# The public vectors are thousands of signatures: hours under valgrind, and asan has run them.
valgrind:
	@make/packages.sh build run test tools
	@$(SUBMAKE) -j$(JOBS) BUILD=$(BUILD)/valgrind MODE_CFLAGS="-DARENA_MALLOC -DCONFINE_OFF" \
		build-unit build-flow
	@$(SUBMAKE) BUILD=$(BUILD)/valgrind MODE_CFLAGS="-DARENA_MALLOC -DCONFINE_OFF" \
		TEST_WRAPPER="valgrind -q --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite --trace-children=no" \
		UNIT_SKIP=%/test_vectors TEST_SECONDS=3600 unit flow

fuzz:
	@make/packages.sh build test tools
	@$(SUBMAKE) -j$(JOBS) CC=clang BUILD=$(BUILD)/fuzz HARDENING= MODE_CFLAGS="$(SANITIZE) \
		-fsanitize=fuzzer-no-link -fno-sanitize-recover=all -O1 -DARENA_MALLOC" \
		MODE_LDFLAGS="$(SANITIZE)" fuzzers
	@make/fuzz.sh $(BUILD)/fuzz $(T)

bench:
	@make/packages.sh build run bench
	@$(SUBMAKE) -j$(JOBS) all bench-programs
	@$(PYTHON) tests/bench/bench.py

tidy:
	@make/packages.sh build tools
	@make/tidy.sh -std=c11 -D_GNU_SOURCE -I. $(call system_includes,$(PACKAGES))

coverage:
	@make/packages.sh build run test tools
	@$(SUBMAKE) -j$(JOBS) BUILD=$(BUILD)/coverage HARDENING= \
		MODE_CFLAGS="--coverage -O0 -DCONFINE_OFF" MODE_LDFLAGS=--coverage \
		build-unit build-sql build-flow build-ctl
	@$(SUBMAKE) BUILD=$(BUILD)/coverage HARDENING= MODE_CFLAGS="--coverage -O0 -DCONFINE_OFF" \
		MODE_LDFLAGS=--coverage unit sql flow ctl
	@gcovr --root . --object-directory $(BUILD)/coverage --exclude tests/ --print-summary \
		--gcov-ignore-parse-errors --html-details $(BUILD)/coverage/report.html > \
		$(BUILD)/coverage/summary.txt
	@cat $(BUILD)/coverage/summary.txt
	@echo "details: $(BUILD)/coverage/report.html"

clean:
	rm -rf $(BUILD)
