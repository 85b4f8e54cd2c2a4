/* SPDX-License-Identifier: ISC */
/*
 * Drawing a QR code: each run of dark modules in a row is one piece of a single path.
 */
#include "core/http/qr.h"

#include <qrencode.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"

#define QUIET   4 /* modules of white on each side (ISO/IEC 18004 6.3.8) */
#define SVG_MAX ((size_t)1 << 20)

static void
free_code(void *code)
{
	QRcode_free(code);
}

static void
add_row(struct buf *svg, const QRcode *code, int y)
{
	const unsigned char *row = code->data + (ptrdiff_t)y * code->width;

	for (int x = 0; x < code->width; x++) {
		int from = x;

		while (x < code->width && (row[x] & 1))
			x++;
		if (x > from)
			buf_printf(svg, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from,
				   x - from);
	}
}

char *
qr_svg(struct arena *arena, const char *text)
{
	QRcode *code =
		QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_M);
	struct buf svg;
	int size;

	arena_defer(arena, free_code, code);
	if (!code)
		return NULL;
	size = code->width + 2 * QUIET;
	buf_init(&svg, arena, SVG_MAX);
	buf_printf(&svg,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		   "shape-rendering=\"crispEdges\" role=\"img\"><title>",
		   size, size);
	buf_add_html(&svg, text, strlen(text));
	buf_printf(&svg,
		   "</title><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>"
		   "<path fill=\"#000\" d=\"",
		   size, size);
	for (int y = 0; y < code->width; y++)
		add_row(&svg, code, y);
	buf_add_text(&svg, "\"/></svg>\n");
	if (buf_failed(&svg))
		bug("a QR code outgrew its own bound");
	return svg.data;
}
