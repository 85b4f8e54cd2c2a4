/* SPDX-License-Identifier: ISC */
/*
 * Building responses and writing them as CGI text.
 */
#include "core/http/response.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json_print.h"

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{201, "Created"},
	{204, "No Content"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{429, "Too Many Requests"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
};

const char *
http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	bug("a status without a reason");
}

void
response_init(struct http_response *response, struct arena *arena)
{
	*response = (struct http_response){.arena = arena, .status = 200};
	buf_init(&response->body, arena, HTTP_RESPONSE_MAX);
}

void
response_reset(struct http_response *response)
{
	bool head = response->head;

	response_init(response, response->arena);
	response->head = head;
}

static void
check_value(const char *value)
{
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			bug("a control character in a header");
}

void
response_header(struct http_response *response, const char *name, const char *value)
{
	check_value(value);
	if (response->headers == HTTP_HEADERS_MAX)
		bug("too many headers");
	response->header[response->headers++] = (struct http_header){name, value};
}

void
response_header_set(struct http_response *response, const char *name, const char *value)
{
	check_value(value);
	for (size_t i = 0; i < response->headers; i++) {
		if (strcmp(response->header[i].name, name) == 0) {
			response->header[i].value = value;
			return;
		}
	}
	response_header(response, name, value);
}

void
response_json(struct http_response *response, int status, struct json_object *value)
{
	response->status = status;
	response_header_set(response, "Content-Type", "application/json");
	json_print(&response->body, value);
}

void
response_redirect(struct http_response *response, int status, const char *location)
{
	response->status = status;
	response_header_set(response, "Location", location);
}

void
response_cookie(struct http_response *response, const struct http_cookie *cookie)
{
	const char *age = "";

	if (cookie->value[0] == '\0')
		age = "; Max-Age=0";
	else if (cookie->max_age)
		age = arena_printf(response->arena, "; Max-Age=%lld", (long long)cookie->max_age);
	response_header(response, "Set-Cookie",
			arena_printf(response->arena, "%s=%s; Path=%s%s; HttpOnly; SameSite=Lax%s",
				     cookie->name, cookie->value, cookie->path,
				     cookie->secure ? "; Secure" : "", age));
}

int
response_write(const struct http_response *response, struct buf *out)
{
	if (buf_failed(&response->body))
		return -1;
	buf_add_text(out, "Status: ");
	buf_add_int(out, response->status);
	buf_add_char(out, ' ');
	buf_add_text(out, http_reason(response->status));
	buf_add_text(out, "\r\n");
	for (size_t i = 0; i < response->headers; i++) {
		buf_add_text(out, response->header[i].name);
		buf_add(out, ": ", 2);
		buf_add_text(out, response->header[i].value);
		buf_add(out, "\r\n", 2);
	}
	if (response->status != 204 && response->status != 304) {
		buf_add_text(out, "Content-Length: ");
		buf_add_int(out, (int64_t)response->body.size);
		buf_add_text(out, "\r\n");
	}
	buf_add_text(out, "\r\n");
	if (!response->head)
		buf_add(out, response->body.data, response->body.size);
	return buf_failed(out) ? -1 : 0;
}
