#!/bin/sh
# SPDX-License-Identifier: ISC
# clang-tidy over every C file of the programs, with the compiler flags that are given.
#
# Left out because they are noise here: cert-err33-c (a return value of snprintf into a size that
# was computed), easily-swappable-parameters, DeprecatedOrUnsafeBufferHandling (memcpy without
# Annex K), reserved identifiers (_GNU_SOURCE and the like), assignments in conditions, and
# macro-parentheses (members and types cannot stand in parentheses), implicit widening of products
# (of constants such as 64 * 1024; the compiler refuses those that overflow).
set -eu
checks='-*,bugprone-*,cert-*,clang-analyzer-*,misc-redundant-expression,performance-*'
checks="$checks,readability-misleading-indentation,readability-redundant-declaration"
checks="$checks,-cert-err33-c,-bugprone-easily-swappable-parameters"
checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
checks="$checks,-bugprone-reserved-identifier,-cert-dcl37-c,-cert-dcl51-cpp"
checks="$checks,-bugprone-assignment-in-if-condition,-bugprone-macro-parentheses"
checks="$checks,-bugprone-narrowing-conversions" # -Wconversion of the compiler knows better
checks="$checks,-bugprone-implicit-widening-of-multiplication-result"

for folder in core sql fcgi ctl pamd fetch; do
	[ ! -d "$folder" ] || find "$folder" -name '*.c'
done | sort |
	xargs -P "$(nproc)" -n 1 sh -c '
		checks=$1; shift
		flags=$1; shift
		# shellcheck disable=SC2086
		clang-tidy --quiet --warnings-as-errors="*" --checks="$checks" "$@" -- $flags \
			2> /dev/null
	' tidy "$checks" "$*"
