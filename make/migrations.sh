#!/bin/sh
# SPDX-License-Identifier: ISC
# Writes the migrations given as arguments as a C table: bytes, so nothing needs escaping and no
# literal is longer than ISO C allows.
set -eu

echo '/* made from sql/schema by make/migrations.sh */'
echo '#include "sql/db.h"'
for file in "$@"; do
	name=$(basename "$file" .sql)
	echo "static const char text_$name[] = {"
	od -An -v -td1 "$file" | sed 's/\(-\{0,1\}[0-9][0-9]*\)/\1,/g'
	echo '0};'
done
echo 'static const struct migration migrations[] = {'
for file in "$@"; do
	name=$(basename "$file" .sql)
	number=$(expr "${name%%_*}" + 0)
	echo "{$number, \"$name\", text_$name},"
done
cat <<'END'
};

const struct migration *
migrations_table(size_t *count)
{
	*count = sizeof(migrations) / sizeof(migrations[0]);
	return migrations;
}
END
