# SPDX-License-Identifier: ISC
# One makefile for all of it: `make`, `make run`, `make check`. Objects lie under $(BUILD).

CC      ?= gcc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
SYSCONF ?= /etc

# Same path on every machine whatever stands first on the PATH.
PYTHON  := /usr/bin/python3

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla \
	-Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference -Werror
HARDENING ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection
# headers of libraries that lie in a folder of their own are the system's,
# and so their warnings are not ours
system_includes = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1) 2>/dev/null))
PACKAGES := libcrypto json-c libmariadb libargon2 libxcrypt
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -fPIE $(WARNINGS) $(HARDENING) $(CFLAGS) $(MODE_CFLAGS) -I. \
	$(call system_includes,$(PACKAGES))
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) $(MODE_LDFLAGS)

include make/programs.mk
include make/tests.mk
include make/tasks.mk
include make/bundle.mk
include make/install.mk
