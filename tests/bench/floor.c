/* SPDX-License-Identifier: ISC */
/*
 * The floor of the measurements: a FastCGI program that answers a constant. What it reaches behind
 * the same web server is what a worker could reach that had nothing to do. It closes after each
 * reply and sends with one write, as the worker does. /floor/SIZE is answered with so many bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <fcgiapp.h>

#include "core/base/num.h"

#define HEAD_MAX 256
#define BODY_MAX 7000

int
main(void)
{
	static char body[BODY_MAX + 1], reply[HEAD_MAX + BODY_MAX];
	FCGX_Request request;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	memset(body, 'x', BODY_MAX);
	while (FCGX_Accept_r(&request) == 0) {
		const char *uri = FCGX_GetParam("REQUEST_URI", request.envp);
		const char *slash = uri ? strrchr(uri, '/') : NULL;
		int64_t size = 0;
		char sink[8192];

		if (num_parse_int64(slash ? slash + 1 : "", 0, BODY_MAX, &size) != 0)
			size = 0;
		while (FCGX_GetStr(sink, sizeof(sink), request.in) == sizeof(sink))
			;
		int used = snprintf(reply, sizeof(reply),
				    "Status: 200 OK\r\nContent-Type: application/json\r\n"
				    "Content-Length: %d\r\nCache-Control: no-store\r\n\r\n%.*s",
				    (int)size, (int)size, body);
		request.keepConnection = 0;
		FCGX_PutStr(reply, used, request.out);
	}
	return 0;
}
