# SPDX-License-Identifier: ISC
# Installation, for people and for packages. What names a path of ours is written for PREFIX.

INSTALL    := install
SHARE       = $(DESTDIR)$(PREFIX)/share
EXAMPLES    = $(SHARE)/doc/ostiary/examples
HELPERS     = $(filter-out $(BUILD)/ostiary,$(PROGRAMS))
UNIT_DIR   ?= $(PREFIX)/lib/systemd/system
UNITS      := $(foreach kind,service socket target timer,\
	$(wildcard conf-examples/systemd/*.$(kind)))
FOR_PREFIX  = sed 's|/usr/local/|$(PREFIX)/|g'

# $(call written,FROM,TO): a text with the paths of this PREFIX
written = $(FOR_PREFIX) $(1) > $(2) && chmod 644 $(2)

.PHONY: install install-programs install-data install-manual install-service deb
install: install-programs install-data install-manual install-service

install-programs: $(PROGRAMS)
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/ostiary
	$(INSTALL) -m 755 $(BUILD)/ostiary $(DESTDIR)$(PREFIX)/bin/ostiary
	$(INSTALL) -m 755 $(HELPERS) $(DESTDIR)$(PREFIX)/lib/ostiary

# A configuration that is there stays as it is.
install-data: $(PROGRAMS)
	for folder in $$(find pages -type d); do \
		$(INSTALL) -d $(SHARE)/ostiary/$$folder || exit 1; \
		find $$folder -maxdepth 1 -type f \
			-exec $(INSTALL) -m 644 -t $(SHARE)/ostiary/$$folder {} + || exit 1; \
	done
	$(INSTALL) -d $(SHARE)/ostiary/schema $(SHARE)/bash-completion/completions
	$(INSTALL) -m 644 sql/schema/*.sql $(SHARE)/ostiary/schema
	$(INSTALL) -m 644 conf-examples/database.sql $(SHARE)/ostiary
	$(BUILD)/ostiary completion bash > $(SHARE)/bash-completion/completions/ostiary
	chmod 644 $(SHARE)/bash-completion/completions/ostiary
	test -d $(DESTDIR)$(SYSCONF)/ostiary || $(INSTALL) -d -m 750 $(DESTDIR)$(SYSCONF)/ostiary
	test -d $(DESTDIR)$(SYSCONF)/pam.d || $(INSTALL) -d $(DESTDIR)$(SYSCONF)/pam.d
	test -e $(DESTDIR)$(SYSCONF)/ostiary/ostiary.conf || { \
		$(BUILD)/ostiary config reference > $(DESTDIR)$(SYSCONF)/ostiary/ostiary.conf && \
		chmod 644 $(DESTDIR)$(SYSCONF)/ostiary/ostiary.conf; }
	test -e $(DESTDIR)$(SYSCONF)/ostiary/pamd.conf || \
		$(INSTALL) -m 644 conf-examples/pamd.conf $(DESTDIR)$(SYSCONF)/ostiary
	test -e $(DESTDIR)$(SYSCONF)/pam.d/ostiary || \
		$(INSTALL) -m 644 conf-examples/pam.d/ostiary $(DESTDIR)$(SYSCONF)/pam.d

install-manual: $(PROGRAMS)
	for folder in $$(cd conf-examples && find . -type d); do \
		$(INSTALL) -d $(EXAMPLES)/$$folder || exit 1; \
	done
	for file in $$(cd conf-examples && find . -type f); do \
		$(call written,conf-examples/$$file,$(EXAMPLES)/$$file) || exit 1; \
	done
	$(INSTALL) -m 644 $(wildcard README.md CHANGELOG.md LICENSE docs/*.md) $(SHARE)/doc/ostiary
	for section in 1 5 8; do \
		$(INSTALL) -d $(SHARE)/man/man$$section || exit 1; \
		for page in $$(find docs/man -name "*.$$section"); do \
			to=$(SHARE)/man/man$$section/$${page##*/}; \
			$(call written,$$page,$$to) || exit 1; \
		done; \
	done
	$(BUILD)/ostiary reference conf > $(SHARE)/man/man5/ostiary.conf.5

# systemd, also for hosts without it: the files harm nobody.
install-service:
	$(INSTALL) -d $(DESTDIR)$(UNIT_DIR) $(DESTDIR)$(PREFIX)/lib/sysusers.d \
		$(DESTDIR)$(PREFIX)/lib/tmpfiles.d $(DESTDIR)$(SYSCONF)/logrotate.d
	for unit in $(notdir $(UNITS)); do \
		$(call written,conf-examples/systemd/$$unit,$(DESTDIR)$(UNIT_DIR)/$$unit) || \
			exit 1; \
	done
	for users in ostiary ostiary-pam; do \
		$(INSTALL) -m 644 conf-examples/systemd/$$users.sysusers \
			$(DESTDIR)$(PREFIX)/lib/sysusers.d/$$users.conf || exit 1; \
	done
	$(INSTALL) -m 644 conf-examples/systemd/ostiary.tmpfiles \
		$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/ostiary.conf
	$(INSTALL) -m 644 conf-examples/ostiary.logrotate $(DESTDIR)$(SYSCONF)/logrotate.d/ostiary

# Debian packages under $(BUILD)/deb, built from a copy of the tree and without the network.
VERSION := $(shell sed -n 's/.*OSTIARY_VERSION "\(.*\)"/\1/p' ctl/version.h)
DEB_VERSION ?= $(VERSION)-1
deb:
	@make/packages.sh build deb
	@make/deb.sh $(BUILD)/deb $(DEB_VERSION)
