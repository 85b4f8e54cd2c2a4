/* SPDX-License-Identifier: ISC */
/*
 * Sources as rows: what is written is read, each change moves the generation, and realms get their
 * own in their order, or the one of their accounts.
 */
#include "tests/sql/check.h"

#include "core/model/realm.h"
#include "core/model/source.h"

static int64_t
generation(void)
{
	int64_t value = -1;

	assert_int_equal(generation_read(store, &value), STORE_OK);
	return value;
}

static void
put(uint32_t realm_id, const char *name, int64_t position, const char *options)
{
	const struct source_row row = {realm_id, name, "service", position, options};

	assert_int_equal(source_put(store, &row), STORE_OK);
}

static void
what_is_written_is_read(void **state)
{
	struct source_row row;

	(void)state;
	assert_int_equal(source_row_find(store, arena, SAMPLE_REALM, "staff", &row), STORE_NONE);
	put(SAMPLE_REALM, "staff", -5, "{\"service\":\"a\"}");
	put(SAMPLE_REALM, "staff", 5, "{\"service\":\"b\"}");
	assert_int_equal(source_row_find(store, arena, SAMPLE_REALM, "staff", &row), STORE_OK);
	assert_int_equal(row.realm_id, SAMPLE_REALM);
	assert_string_equal(row.name, "staff");
	assert_string_equal(row.kind, "service");
	assert_int_equal(row.position, 5);
	assert_string_equal(row.options, "{\"service\":\"b\"}");
	assert_int_equal(source_row_find(store, arena, SAMPLE_REALM + 1, "staff", &row),
			 STORE_NONE);
}

static void
changes_move_the_generation(void **state)
{
	int64_t before = generation();

	(void)state;
	put(SAMPLE_REALM, "staff", 1, "{}");
	assert_int_equal(generation(), before + 1);
	put(SAMPLE_REALM, "staff", 1, "{}");
	assert_int_equal(generation(), before + 2);
	assert_int_equal(source_remove(store, SAMPLE_REALM + 1, "staff"), STORE_NONE);
	assert_int_equal(source_remove(store, SAMPLE_REALM, "other"), STORE_NONE);
	assert_int_equal(generation(), before + 2);
	assert_int_equal(source_remove(store, SAMPLE_REALM, "staff"), STORE_OK);
	assert_int_equal(generation(), before + 3);
}

static void
rows_by_position(void **state)
{
	struct source_row *rows;
	size_t count;

	(void)state;
	put(SAMPLE_REALM, "b", 2, "{}");
	put(SAMPLE_REALM, "c", 1, "{}");
	put(SAMPLE_REALM, "a", 2, "{}");
	put(SAMPLE_REALM + 1, "d", 1, "{}");
	assert_int_equal(source_rows(store, arena, SAMPLE_REALM, &rows, &count), STORE_OK);
	assert_int_equal(count, 3);
	assert_string_equal(rows[0].name, "c");
	assert_string_equal(rows[1].name, "a");
	assert_string_equal(rows[2].name, "b");
}

/* Rows of realms that are not there, or cannot be read, are in the way of nobody. */
static void
realms_get_their_own(void **state)
{
	struct realm_list list;

	(void)state;
	for (uint32_t id = 3; id <= 5; id++) {
		struct realm_row row = sample_realm(arena, id);

		assert_int_equal(realm_insert(store, &row, SAMPLE_NOW), STORE_OK);
	}
	put(2, "lost", 1, "{\"service\":\"x\"}");
	put(3, "second", 2, "{\"service\":\"x\"}");
	put(3, "first", 1, "{\"service\":\"x\"}");
	put(3, "broken", 0, "{}");
	put(5, "only", 1, "{\"service\":\"y\"}");
	put(9, "lost", 1, "{\"service\":\"x\"}");
	assert_int_equal(realm_load(store, arena, &list), STORE_OK);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.realm[0].sources_count, 2);
	assert_string_equal(list.realm[0].sources[0].name, "first");
	assert_string_equal(list.realm[0].sources[1].name, "second");
	assert_non_null(strstr(log_line, "broken"));
	assert_int_equal(list.realm[1].sources_count, 1);
	assert_string_equal(list.realm[1].sources[0].name, SOURCE_LOCAL);
	assert_int_equal(list.realm[1].sources[0].kind, SOURCE_OWN);
	assert_int_equal(list.realm[2].sources_count, 1);
	assert_string_equal(list.realm[2].sources[0].service, "y");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(what_is_written_is_read),
		store_test(changes_move_the_generation),
		store_test(rows_by_position),
		store_test(realms_get_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
