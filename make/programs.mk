# SPDX-License-Identifier: ISC
# What is built: one archive a layer, the programs and the installation.

LAYERS := base jose seal conf model port http oauth authn manage endpoint

LIBS_base := -lcrypto -ljson-c
LIBS_conf := -linih
LIBS_http := -lqrencode
LIBS_authn := -lcrypt -largon2
LIBS_sql  := -lmariadb
LIBS_fetch := -lcurl
LIBS_pamd := -lpam -lldap -llber
LIBS_port := -lseccomp

# $(call archive,name,folder)
define archive
OBJECTS_$(1) := $$(patsubst %.c,$(BUILD)/%.o,$$(wildcard $(2)/*.c $(2)/*/*.c))
$(BUILD)/lib$(1).a: $$(OBJECTS_$(1))
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call archive,$(l),core/$(l))))
$(eval $(call archive,sql,sql))

# The schema's migrations are compiled in.
MIGRATIONS := $(sort $(wildcard sql/schema/*.sql))
$(BUILD)/sql/migrations_table.c: $(MIGRATIONS) make/migrations.sh
	@mkdir -p $(@D)
	@sh make/migrations.sh $(MIGRATIONS) > $@
$(BUILD)/sql/migrations_table.o: $(BUILD)/sql/migrations_table.c
	@$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(BUILD)/libsql.a: $(BUILD)/sql/migrations_table.o

# Archives in the order in which a linker needs them, and the libraries behind them.
CORE_ARCHIVES := $(foreach l,endpoint manage authn oauth http,$(BUILD)/lib$(l).a) \
	$(BUILD)/libsql.a $(foreach l,port model conf seal jose base,$(BUILD)/lib$(l).a)
CORE_LIBS := $(LIBS_authn) $(LIBS_port) $(LIBS_conf) $(LIBS_http) $(LIBS_sql) $(LIBS_base)

PROGRAMS := $(BUILD)/ostiary.fcgi $(BUILD)/ostiary $(BUILD)/ostiary-fetch $(BUILD)/ostiary-pamd

.DEFAULT_GOAL := all
.PHONY: all
all: $(PROGRAMS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Where the pages are installed is compiled in; another PREFIX compiles that one file again.
$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' > $@
.PHONY: FORCE
$(BUILD)/core/conf/conf.o: $(BUILD)/prefix
$(BUILD)/core/conf/conf.o: ALL_CFLAGS += -DOSTIARY_PAGES_DIR='"$(PREFIX)/share/ostiary/pages"' \
	-DOSTIARY_LIB_DIR='"$(PREFIX)/lib/ostiary"'

OBJECTS_worker := $(patsubst %.c,$(BUILD)/%.o,$(wildcard fcgi/*.c))
OBJECTS_ctl := $(patsubst %.c,$(BUILD)/%.o,$(wildcard ctl/*.c)) $(BUILD)/fcgi/boot.o

# The boot code is shared: both programs construct the same provider.
$(BUILD)/ostiary.fcgi: $(OBJECTS_worker) $(CORE_ARCHIVES)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $(OBJECTS_worker) \
		-Wl,--start-group $(CORE_ARCHIVES) -Wl,--end-group -lfcgi $(CORE_LIBS)

$(BUILD)/ostiary: $(OBJECTS_ctl) $(CORE_ARCHIVES)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $(OBJECTS_ctl) \
		-Wl,--start-group $(CORE_ARCHIVES) -Wl,--end-group $(CORE_LIBS)

# The helper that goes out. Of the ports it has the wire format alone.
OBJECTS_fetch := $(patsubst %.c,$(BUILD)/%.o,$(filter-out fetch/main.c,$(wildcard fetch/*.c)))
$(BUILD)/libfetch.a: $(OBJECTS_fetch)
	@rm -f $@
	@$(AR) rcs $@ $^
FETCH_ARCHIVES := $(foreach l,fetch port conf base,$(BUILD)/lib$(l).a)
$(BUILD)/ostiary-fetch: $(BUILD)/fetch/main.o $(FETCH_ARCHIVES)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $< $(FETCH_ARCHIVES) $(LIBS_fetch) $(LIBS_port) $(LIBS_conf) \
		$(LIBS_base)

# The helper that asks the host's logins: of the ports it has the wire format alone, of the base
# what needs no other library.
OBJECTS_pamd := $(patsubst %.c,$(BUILD)/%.o,$(filter-out pamd/main.c,$(wildcard pamd/*.c)))
$(BUILD)/libpamd.a: $(OBJECTS_pamd) $(BUILD)/core/port/broker_wire.o
	@rm -f $@
	@$(AR) rcs $@ $^
$(BUILD)/ostiary-pamd: $(BUILD)/pamd/main.o $(BUILD)/libpamd.a $(BUILD)/libbase.a
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_pamd) $(LIBS_conf)

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)
