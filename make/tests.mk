# SPDX-License-Identifier: ISC
# Tests: tests/core/<layer>/test_<unit>.c is linked with its layer and those below it, no more.

BELOW_base   := base
BELOW_jose   := jose base
BELOW_seal   := seal base
BELOW_conf   := conf base
BELOW_model  := model base
BELOW_port   := port sql model seal jose conf base
BELOW_http   := http seal base
BELOW_oauth  := oauth sql port model conf seal jose base
BELOW_authn  := authn sql port model conf seal jose base
BELOW_manage := manage authn sql port model conf seal jose base

# What the tests of a layer need beside it: these work on a private MariaDB.
SUPPORT_port := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))
SUPPORT_oauth := $(SUPPORT_port)
SUPPORT_authn := $(SUPPORT_port)
SUPPORT_manage := $(SUPPORT_port)

# $(call unit_test,layer)
define unit_tests
$(BUILD)/tests/core/$(1)/test_%: $(BUILD)/tests/core/$(1)/test_%.o \
		$(SUPPORT_$(1)) $(foreach l,$(BELOW_$(1)),$(BUILD)/lib$(l).a)
	@echo "  LD  $$@"
	@$(CC) $(ALL_LDFLAGS) -o $$@ $$< $(SUPPORT_$(1)) -Wl,--start-group \
		$(foreach l,$(BELOW_$(1)),$(BUILD)/lib$(l).a) -Wl,--end-group -lcmocka $(CORE_LIBS)
UNIT_TESTS_$(1) := $$(patsubst %.c,$(BUILD)/%,$$(wildcard tests/core/$(1)/test_*.c))
.PHONY: unit-$(1)
unit-$(1): $$(UNIT_TESTS_$(1))
	@TEST_WRAPPER="$$(TEST_WRAPPER)" make/test.sh $$^
endef
$(foreach l,base jose seal conf model port http oauth authn manage,$(eval $(call unit_tests,$(l))))
UNIT_TESTS := $(foreach l,base jose seal conf model port http oauth authn manage,$(UNIT_TESTS_$(l)))

# Of the helper that goes out: what needs no network.
$(BUILD)/tests/fetch/test_%: $(BUILD)/tests/fetch/test_%.o $(BUILD)/libfetch.a $(BUILD)/libbase.a
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libfetch.a $(BUILD)/libbase.a -lcmocka $(LIBS_base)
UNIT_TESTS_fetch := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fetch/test_*.c))
.PHONY: unit-fetch
unit-fetch: $(UNIT_TESTS_fetch)
	@TEST_WRAPPER="$(TEST_WRAPPER)" make/test.sh $^
UNIT_TESTS += $(UNIT_TESTS_fetch)

# What tests of several folders share, such as a private MariaDB.
OBJECTS_testlib := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))

# Whole requests in process: everything but the worker's main().
OBJECTS_flow := $(filter-out $(BUILD)/fcgi/main.o,$(OBJECTS_worker))
SUPPORT_flow := $(OBJECTS_testlib) \
	$(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/flow/test_%,$(wildcard tests/flow/*.c)))
FLOW_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/flow/test_*.c))
$(BUILD)/tests/flow/test_%: $(BUILD)/tests/flow/test_%.o $(SUPPORT_flow) $(OBJECTS_flow) \
		$(CORE_ARCHIVES)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $< $(SUPPORT_flow) $(OBJECTS_flow) \
		-Wl,--start-group $(CORE_ARCHIVES) -Wl,--end-group -lcmocka -lfcgi $(CORE_LIBS)
.PHONY: flow
flow: $(FLOW_TESTS)
	@TEST_WRAPPER="$(TEST_WRAPPER)" make/test.sh $^

# Fuzz targets; `make fuzz` builds them with clang in a folder of their own.
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libfetch.a \
		$(BUILD)/libpamd.a $(CORE_ARCHIVES)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(BUILD)/libfetch.a \
		$(BUILD)/libpamd.a $(CORE_ARCHIVES) -Wl,--end-group $(CORE_LIBS)
.PHONY: fuzzers
fuzzers: $(FUZZERS)

# What `make bench` measures beside the real thing.
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libbase.a
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libbase.a -lfcgi $(LIBS_sql) $(LIBS_base)
.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS)

# Storage: tests/sql/test_*.c run against a private MariaDB that tests/lib/private_db.c starts.
SQL_BELOW := $(foreach l,sql model base,$(BUILD)/lib$(l).a)
$(BUILD)/tests/sql/test_%: $(BUILD)/tests/sql/test_%.o $(OBJECTS_testlib) $(SQL_BELOW)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $< $(OBJECTS_testlib) \
		-Wl,--start-group $(SQL_BELOW) -Wl,--end-group -lcmocka $(CORE_LIBS)
UNIT_TESTS_sql := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/sql/test_*.c))
.PHONY: unit-sql
unit-sql: $(UNIT_TESTS_sql)
	@TEST_WRAPPER="$(TEST_WRAPPER)" make/test.sh $^

# The broker of the host's logins: modules that do what a test says, and an NSS out of files.
PAMD_MODULES := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/pamd/modules/*.c))
$(BUILD)/tests/pamd/modules/%.so: tests/pamd/modules/%.c
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) -std=c11 -D_GNU_SOURCE -fPIC -shared $(WARNINGS) $(CFLAGS) -o $@ $< -lpam
UNIT_TESTS_pamd := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/pamd/test_*.c))
$(BUILD)/tests/pamd/test_%: $(BUILD)/tests/pamd/test_%.o $(BUILD)/libpamd.a $(BUILD)/libbase.a
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS_pamd) $(LIBS_conf)
.PHONY: unit-pamd
unit-pamd: $(UNIT_TESTS_pamd)
	@TEST_WRAPPER="$(TEST_WRAPPER)" make/test.sh $^
UNIT_TESTS += $(UNIT_TESTS_pamd)

.SECONDARY:
