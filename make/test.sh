#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs C test programs: one line for each that passes, and what was left out; all that one says when
# it fails. Every program runs; the exit code is 1 when any failed. TEST_WRAPPER stands before each,
# and none may take longer than TEST_SECONDS (600).
#
#   make/test.sh PROGRAM ...
failed=0 total=0
for test in "$@"; do
	# shellcheck disable=SC2086
	if said=$(timeout -k 10 "${TEST_SECONDS:-600}" ${TEST_WRAPPER:-} "$test" 2>&1); then
		count=$(printf '%s\n' "$said" |
			sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' |
			awk '{ sum += $1 } END { print sum + 0 }')
		total=$((total + count))
		echo "  ok  ${test#"${OSTIARY_BUILD:-build}"/}: $count"
		printf '%s\n' "$said" | grep -i 'left out' | sort -u
	else
		code=$?
		printf '%s\n' "$said" | grep -vE '^\[ (RUN     |      OK) \]'
		echo "FAILED with $code: $test" >&2
		failed=$((failed + 1))
	fi
done
echo "$# programs, $total tests passed, $failed programs failed"
[ "$failed" = 0 ]
