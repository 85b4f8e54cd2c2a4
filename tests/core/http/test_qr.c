/* SPDX-License-Identifier: ISC */
/*
 * QR codes: the picture holds what a scanner looks for, is the same for the same text, escapes it,
 * and refuses what is too long.
 */
#include "core/http/qr.h"

#include "core/base/arena.h"
#include "core/base/str.h"
#include "tests/core/base/check.h"

#define LINK "https://id.example/device?user_code=BCDF-GHJK"

static void
picture(void **state)
{
	const char *svg = qr_svg(*state, LINK);

	assert_non_null(svg);
	check(str_starts(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 41 41\""),
	      "33 modules and four of white on each side");
	check(str_ends(svg, "</svg>\n"), "whole");
	check(strstr(svg, "<title>" LINK "</title>") != NULL, "says what it is");
	check(strstr(svg, "fill=\"#fff\"") && strstr(svg, "fill=\"#000\""), "black on white");
	check(strstr(svg, "M4 4h7v1h-7z") != NULL, "the upper left finder's first row");
	check(strstr(svg, "M30 4h7v1h-7z") != NULL, "the upper right finder's");
	check(strstr(svg, "M4 36h7v1h-7z") != NULL, "the lower left finder's last row");
	check(strstr(svg, "script") == NULL && strstr(svg, "style") == NULL, "nothing else");
	check_text(qr_svg(*state, LINK), svg, "the same again");
	check(!str_equal(qr_svg(*state, LINK "L"), svg), "another text");
}

static void
escaped(void **state)
{
	const char *svg = qr_svg(*state, "<a&\"b'>");

	check(strstr(svg, "<title>&lt;a&amp;&quot;b&#39;&gt;</title>") != NULL, svg);
}

static void
limits(void **state)
{
	char *text = arena_alloc(*state, 2400);

	check(qr_svg(*state, "") == NULL, "nothing");
	memset(text, 'x', 2331);
	check(qr_svg(*state, text) != NULL, "the longest");
	memset(text, 'x', 2332);
	check(qr_svg(*state, text) == NULL, "one more");
}

static int
make_arena(void **state)
{
	*state = arena_new((size_t)16 << 20);
	return 0;
}

static int
drop_arena(void **state)
{
	arena_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picture),
		cmocka_unit_test(escaped),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("qr", tests, make_arena, drop_arena);
}
