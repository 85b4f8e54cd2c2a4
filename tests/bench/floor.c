/* SPDX-License-Identifier: ISC */
/*
 * The floor of the measurements: a FastCGI program that answers a constant. What it reaches behind
 * the same web server is what a worker could reach that had nothing to do. It closes after each
 * reply and sends with one write, as the worker does.
 *
 *   floor [SIZE]   bytes of the body; 1024
 */
#include <stdio.h>
#include <string.h>

#include <fcgiapp.h>

#include "core/base/num.h"

#define SIZE_MAX_BODY 65536

static const char head[] = "Status: 200 OK\r\nContent-Type: application/json\r\n"
			   "Cache-Control: no-store\r\n\r\n";

int
main(int argc, char **argv)
{
	static char reply[sizeof head + SIZE_MAX_BODY];
	int64_t size = 1024;
	if (argc > 1 && num_parse_int64(argv[1], 2, SIZE_MAX_BODY, &size) != 0) {
		fputs("floor: the size must be a number from 2 to 65536\n", stderr);
		return 1;
	}
	size_t used = sizeof head - 1;
	memcpy(reply, head, used);
	memset(reply + used, ' ', (size_t)size);
	reply[used] = '{';
	used += (size_t)size;
	reply[used - 1] = '}';

	FCGX_Request request;
	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		char sink[8192];
		while (FCGX_GetStr(sink, sizeof sink, request.in) == sizeof sink)
			;
		request.keepConnection = 0;
		FCGX_PutStr(reply, (int)used, request.out);
	}
	return 0;
}
