#!/bin/sh
# SPDX-License-Identifier: ISC
# clang-tidy over every C file of the programs, with the compiler flags that are given.
#
# Left out because they are noise here: cert-err33-c (a return value of snprintf into a size that
# was computed), easily-swappable-parameters, DeprecatedOrUnsafeBufferHandling (memcpy without
# Annex K), reserved identifiers (_GNU_SOURCE and the like), assignments in conditions.
set -eu
checks='-*,bugprone-*,cert-*,clang-analyzer-*,misc-redundant-expression,performance-*'
checks="$checks,readability-misleading-indentation,readability-redundant-declaration"
checks="$checks,-cert-err33-c,-bugprone-easily-swappable-parameters"
checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
checks="$checks,-bugprone-reserved-identifier,-cert-dcl37-c,-cert-dcl51-cpp"
checks="$checks,-bugprone-assignment-in-if-condition"

for folder in core sql fcgi ctl; do
	[ ! -d "$folder" ] || find "$folder" -name '*.c'
done | sort |
	xargs -P "$(nproc)" -n 4 sh -c '
		checks=$1; shift
		flags=$1; shift
		# shellcheck disable=SC2086
		clang-tidy --quiet --warnings-as-errors="*" --checks="$checks" "$@" -- $flags \
			2> /dev/null
	' tidy "$checks" "$*"
