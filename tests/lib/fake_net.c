/* SPDX-License-Identifier: ISC */
/*
 * A list of URLs and answers.
 */
#include "tests/lib/fake_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 32

struct page {
	const char *url;
	enum fetch_verdict verdict;
	struct fetched fetched;
	size_t asked;
};

static struct {
	struct page page[PAGES_MAX];
	size_t count;
} own;

static struct page *
find(const char *url)
{
	for (size_t i = 0; i < own.count; i++) {
		if (strcmp(own.page[i].url, url) == 0)
			return &own.page[i];
	}
	return NULL;
}

static enum fetch_verdict
get(void *context, struct arena *arena, const struct fetch_request *request,
    struct fetched *fetched)
{
	struct page *page = find(request->url);

	(void)context;
	(void)arena;
	if (page == NULL) {
		fetched->why = "nobody is there";
		return FETCH_FAILED;
	}
	page->asked++;
	if (page->verdict == FETCH_OK && page->fetched.size > request->max) {
		fetched->why = "its answer is too long";
		return FETCH_FAILED;
	}
	*fetched = page->fetched;
	return page->verdict;
}

const struct fetcher fake_net = {.get = get};

void
fake_net_clear(void)
{
	own.count = 0;
}

void
fake_net_answer(const char *url, enum fetch_verdict verdict, const struct fetched *fetched)
{
	struct page *page = find(url);
	size_t asked = page != NULL ? page->asked : 0;

	if (page == NULL && own.count == PAGES_MAX) {
		fprintf(stderr, "more than %d URLs in one test\n", PAGES_MAX);
		abort();
	}
	if (page == NULL)
		page = &own.page[own.count++];
	*page = (struct page){url, verdict, *fetched, asked};
}

void
fake_net_page(const char *url, const char *type, const char *body)
{
	const struct fetched fetched = {
		.status = 200,
		.type = type,
		.body = body,
		.size = strlen(body),
		.max_age = FETCH_NO_AGE,
	};

	fake_net_answer(url, FETCH_OK, &fetched);
}

size_t
fake_net_asked(const char *url)
{
	const struct page *page = find(url);

	return page != NULL ? page->asked : 0;
}
