/* SPDX-License-Identifier: ISC */
/*
 * QR codes (ISO/IEC 18004) as pictures that browsers draw at any size.
 */
#ifndef OSTIARY_HTTP_QR_H
#define OSTIARY_HTTP_QR_H

struct arena;

/* An SVG document that shows text, black on white with the quiet zone; NULL when it is longer than
 * a QR code can be. */
char *qr_svg(struct arena *arena, const char *text);

#endif
