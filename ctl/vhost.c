/* SPDX-License-Identifier: ISC */
/*
 * Fills the texts: realms become places (a host, a path), places are grouped by port and host. A
 * realm's mtls_endpoint_base is one more place, on a host that asks for certificates.
 */
#include "ctl/vhost.h"

#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/str.h"
#include "core/base/uri.h"
#include "ctl/vhost_text.h"

#define WORD_MAX     16
#define HTTPS_PORT   443
#define HTTP_PORT    80
#define EXAMPLE_ROOT "https://login.example.org"
#define EXAMPLE_PATH "https://www.example.org/sub/path"

static const struct vhost_text *const texts[] = {
	&vhost_nginx,    &vhost_apache,         &vhost_apache_fcgid,
	&vhost_lighttpd, &vhost_lighttpd_spawn, &vhost_htaccess,
};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))

struct place {
	const char *host, *path;
	int port;
	bool secure, mutual; /* mutual: the host asks for certificates */
	const struct realm *realm;
};

/* One configuration that is being written. */
struct vhost {
	struct buf *out;
	const struct vhost_text *text;
	const struct vhost_places *places;
	struct place *place;
	size_t count;
	const struct place *at; /* what the words are about */
	bool inside;
	bool spawned; /* the workers have been started once */
};

/* ---- words ---- */

static void fill(struct vhost *vhost, const char *text);

static void
add_pattern(struct buf *out, const char *path)
{
	for (; *path; path++) {
		if (strchr(".+*?()[]{}|^$\\", *path))
			buf_add_char(out, '\\');
		buf_add_char(out, *path);
	}
}

static void
add_listen(struct vhost *vhost)
{
	/* the usual ones are listened on already */
	if (vhost->at->port != HTTPS_PORT && vhost->at->port != HTTP_PORT)
		buf_printf(vhost->out, "\nListen %d\n", vhost->at->port);
}

static void
add_modules(struct vhost *vhost)
{
	for (size_t i = 0; i < vhost->count; i++)
		if (vhost->place[i].realm->vhost) {
			buf_add_text(vhost->out, ", \"mod_setenv\"");
			return;
		}
}

static void
add_backend(struct vhost *vhost)
{
	bool again = vhost->spawned;

	vhost->spawned = true;
	fill(vhost, vhost->text->backend[again]);
}

/* Words that are put together. False: it is none of them. */
static bool
add_piece(struct vhost *vhost, const char *word)
{
	const struct place *at = vhost->at;

	if (str_equal(word, "port"))
		buf_add_int(vhost->out, at->port);
	else if (str_equal(word, "pattern"))
		add_pattern(vhost->out, at->path);
	else if (str_equal(word, "rest"))
		add_pattern(vhost->out, at->path + (*at->path == '/'));
	else if (str_equal(word, "listen"))
		add_listen(vhost);
	else if (str_equal(word, "modules"))
		add_modules(vhost);
	else if (str_equal(word, "backend"))
		add_backend(vhost);
	else if (str_equal(word, "mutual"))
		fill(vhost, at->mutual ? vhost->text->mutual : "");
	else if (str_equal(word, "vhost"))
		fill(vhost, at->realm->vhost ? vhost->text->vhost : "");
	else
		return false;
	return true;
}

static void
add_word(struct vhost *vhost, const char *word)
{
	const struct vhost_places *places = vhost->places;
	const struct {
		const char *word, *value;
	} plain[] = {
		{"host", vhost->at->host},
		{"path", vhost->at->path},
		{"realm", vhost->at->realm->name},
		{"value", vhost->at->realm->vhost},
		{"socket", places->socket},
		{"program", places->program},
		{"conf", places->conf},
		{"tls", places->tls},
		{"spawned", "/run/lighttpd/ostiary.sock"},
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (str_equal(plain[i].word, word)) {
			buf_add_text(vhost->out, plain[i].value);
			return;
		}
	if (!add_piece(vhost, word))
		bug("a word that no configuration has");
}

static void
fill(struct vhost *vhost, const char *text)
{
	char word[WORD_MAX];

	while (*text) {
		size_t size = strcspn(text, "@");

		buf_add(vhost->out, text, size);
		text += size;
		if (*text == '\0')
			return;
		size = strcspn(++text, "@");
		if (size >= sizeof(word) || text[size] == '\0')
			bug("a word of a configuration has no end");
		memcpy(word, text, size);
		word[size] = '\0';
		add_word(vhost, word);
		text += size + 1;
	}
}

/* ---- places ---- */

static int
add_place(struct vhost *vhost, const struct realm *realm, const char *url, bool mutual)
{
	struct place place = {.realm = realm, .mutual = mutual};
	bool known = false;
	struct uri uri;

	if (uri_parse(vhost->out->arena, url, &uri) != 0 || !uri.host)
		return -1;
	place.secure = str_equal(uri.scheme, "https");
	place.host =
		uri.host_is_ipv6 ? arena_printf(vhost->out->arena, "[%s]", uri.host) : uri.host;
	place.path = uri.path;
	place.port = uri.port;
	if (place.port < 0)
		place.port = place.secure ? HTTPS_PORT : HTTP_PORT;
	for (size_t i = 0; i < vhost->count; i++) {
		struct place *other = &vhost->place[i];

		if (other->port != place.port || !str_equal(other->host, place.host))
			continue;
		/* one name for both: the whole of it asks for certificates */
		other->mutual = place.mutual = other->mutual || place.mutual;
		known = known || str_equal(other->path, place.path);
	}
	if (!known)
		vhost->place[vhost->count++] = place;
	return 0;
}

static const char *
path_of(struct arena *arena, const char *url)
{
	struct uri uri;

	return uri_parse(arena, url, &uri) == 0 ? uri.path : NULL;
}

static int
add_realm(struct vhost *vhost, const struct realm *realm, const char **why)
{
	struct arena *arena = vhost->out->arena;
	const char *base = realm->settings.mtls_endpoint_base;

	*why = arena_printf(arena, "realm %s: its issuer %s cannot be read", realm->name,
			    realm->issuer);
	if (add_place(vhost, realm, realm->issuer, false) != 0)
		return -1;
	*why = arena_printf(arena, "realm %s: its vhost has a quote, a backslash or a $",
			    realm->name);
	if (realm->vhost && strpbrk(realm->vhost, "\"\\$@\n"))
		return -1;
	if (str_empty(base) || vhost->inside)
		return 0;
	*why = arena_printf(arena,
			    "realm %s: mtls_endpoint_base %s needs the path of the issuer, %s",
			    realm->name, base, realm->issuer);
	if (!str_equal(path_of(arena, base), path_of(arena, realm->issuer)))
		return -1;
	return add_place(vhost, realm, base, true);
}

/* ---- the whole ---- */

/* Where there are no hosts, one rule is enough for realms of several hosts at the same path. */
static bool
is_written(const struct vhost *vhost, size_t index)
{
	if (!vhost->text->only_inside)
		return false;
	for (size_t i = 0; i < index; i++)
		if (str_equal(vhost->place[i].path, vhost->place[index].path))
			return true;
	return false;
}

/* What goes into a host: its realms. */
static void
write_locations(struct vhost *vhost, const struct place *host)
{
	const struct vhost_text *text = vhost->text;

	vhost->at = host;
	if (text->vhost_of_host && host->realm->vhost)
		fill(vhost, text->vhost);
	fill(vhost, text->list_start);
	for (size_t i = 0; i < vhost->count; i++) {
		const struct place *place = &vhost->place[i];

		if (place->port != host->port || !str_equal(place->host, host->host) ||
		    is_written(vhost, i))
			continue;
		vhost->at = place;
		fill(vhost, *place->path ? text->mount : text->root);
	}
	vhost->at = host;
	fill(vhost, text->list_end);
}

static void
write_host(struct vhost *vhost, const struct place *host)
{
	const struct vhost_text *text = vhost->text;

	vhost->at = host;
	if (!vhost->inside) {
		fill(vhost, host->secure ? text->host_start : text->plain_start);
		if (host->mutual)
			fill(vhost, text->host_mutual);
	}
	write_locations(vhost, host);
	if (!vhost->inside)
		fill(vhost, text->host_end);
}

/* Whether no place before this one has its port (and its host). */
static bool
is_first(const struct vhost *vhost, size_t index, bool with_host)
{
	const struct place *place = vhost->place;

	for (size_t i = 0; i < index; i++)
		if (place[i].port == place[index].port &&
		    (!with_host || str_equal(place[i].host, place[index].host)))
			return false;
	return true;
}

static void
write_port(struct vhost *vhost, size_t first)
{
	const struct vhost_text *text = vhost->text;

	vhost->at = &vhost->place[first];
	if (!vhost->inside) {
		fill(vhost, text->port_start);
		if (vhost->at->secure)
			fill(vhost, text->port_secure);
	}
	for (size_t i = first; i < vhost->count; i++)
		if (vhost->place[i].port == vhost->place[first].port && is_first(vhost, i, true))
			write_host(vhost, &vhost->place[i]);
	vhost->at = &vhost->place[first];
	if (!vhost->inside)
		fill(vhost, text->port_end);
}

static const struct vhost_text *
find_text(const char *server)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (str_equal(texts[i]->name, server))
			return texts[i];
	return NULL;
}

const char *
vhost_server(size_t index)
{
	return index < TEXTS ? texts[index]->name : NULL;
}

bool
vhost_has_word(const char *server, const char *word)
{
	const struct vhost_text *text = find_text(server);
	char marked[WORD_MAX + 2];

	if (!text)
		return false;
	const char *const pieces[] = {
		text->head,       text->port_start,  text->port_secure, text->port_end,
		text->host_start, text->plain_start, text->host_mutual, text->host_end,
		text->list_start, text->list_end,    text->root,        text->mount,
		text->backend[0], text->backend[1],  text->mutual,      text->vhost,
	};

	(void)snprintf(marked, sizeof(marked), "@%s@", word);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		if (strstr(pieces[i], marked))
			return true;
	return false;
}

int
vhost_write(struct buf *out, const char *server, const struct vhost_places *places,
	    const struct realm_list *realms, const char **why)
{
	struct vhost vhost = {.out = out, .text = find_text(server), .places = places};

	*why = "there is no such web server";
	if (!vhost.text)
		return -1;
	vhost.inside = places->inside || vhost.text->only_inside;
	vhost.place = arena_array(out->arena, realms->count * 2 + 1, sizeof(*vhost.place));
	for (size_t i = 0; i < realms->count; i++)
		if (add_realm(&vhost, &realms->realm[i], why) != 0)
			return -1;
	*why = "there is no realm";
	if (vhost.count == 0)
		return -1;
	vhost.at = vhost.place;
	fill(&vhost, vhost.text->head);
	for (size_t i = 0; i < vhost.count; i++)
		if (is_first(&vhost, i, false))
			write_port(&vhost, i);
	return 0;
}

int
vhost_example(struct buf *out, const char *name)
{
	static const struct vhost_places places = {
		.socket = "/run/ostiary/fcgi.sock",
		.program = "/usr/local/lib/ostiary/ostiary.fcgi",
		.conf = "/etc/ostiary/ostiary.conf",
		.tls = "/etc/ostiary/tls",
	};
	struct realm realm = {.name = "main", .issuer = EXAMPLE_ROOT};
	const struct realm_list realms = {.realm = &realm, .count = 1};
	const char *why;

	realm.settings.mtls_endpoint_base = "https://mtls.login.example.org";
	if (str_ends(name, "-path")) {
		realm.issuer = EXAMPLE_PATH;
		realm.settings.mtls_endpoint_base = "https://mtls.example.org/sub/path";
		name = arena_printf(out->arena, "%.*s", (int)(strlen(name) - strlen("-path")),
				    name);
	}
	return vhost_write(out, name, &places, &realms, &why);
}
