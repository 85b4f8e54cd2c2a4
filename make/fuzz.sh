#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs every fuzz target of a build folder for so many seconds, two at a time. What is found in a
# run stays under the build folder and is used by the next; the seeds lie in
# tests/fuzz/corpus/NAME.
#
#   make/fuzz.sh BUILD SECONDS
set -eu
build=$1 seconds=$2
signs='ERROR|SUMMARY|Test unit written|runtime error|panic|bug'

if [ "${3:-}" = one ]; then
	target=$4
	name=${target##*/fuzz_}
	mkdir -p "$build/found/$name" "$build/crashes"
	set -- "$build/found/$name"
	[ ! -d "tests/fuzz/corpus/$name" ] || set -- "$@" "tests/fuzz/corpus/$name"
	options="-max_total_time=$seconds -timeout=5 -rss_limit_mb=1024 -print_final_stats=1"
	dictionary=tests/fuzz/$name.dict
	[ ! -f "$dictionary" ] || options="$options -dict=$dictionary"
	# shellcheck disable=SC2086
	if "$target" $options -artifact_prefix="$build/crashes/$name-" "$@" \
		> "$build/$name.log" 2>&1
	then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")
		edges=$(sed -n 's/.*DONE *cov: \([0-9]*\).*/\1/p' "$build/$name.log" | tail -n 1)
		echo "fuzz $name: clean, $runs runs, $edges edges in $seconds s"
	else
		echo "fuzz $name: FAILED, see $build/$name.log" >&2
		grep -aE "$signs" "$build/$name.log" >&2 ||
			tail -n 20 "$build/$name.log" >&2
		exit 1
	fi
	exit 0
fi

set -- "$build"/tests/fuzz/fuzz_*
programs=
for target in "$@"; do
	case $target in *.o | *.d) ;; *) [ ! -x "$target" ] || programs="$programs $target" ;; esac
done
[ -n "$programs" ] || { echo "fuzz: no targets were built" >&2; exit 1; }
# shellcheck disable=SC2086
printf '%s\n' $programs | xargs -P 2 -n 1 "$0" "$build" "$seconds" one
