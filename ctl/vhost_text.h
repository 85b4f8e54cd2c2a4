/* SPDX-License-Identifier: ISC */
/*
 * The texts that configurations are made of. @words@ are filled in by vhost.c:
 * @host@ @port@ @path@ @realm@, @pattern@ and @rest@ (the path as a regular expression, with and
 * without its first slash), @value@ (of the realm's vhost), @socket@ @spawned@ @program@ @conf@
 * @tls@ of the host, and whole pieces: @listen@ @modules@ @vhost@ @mutual@ @backend@.
 */
#ifndef OSTIARY_CTL_VHOST_TEXT_H
#define OSTIARY_CTL_VHOST_TEXT_H

#include <stdbool.h>

struct vhost_text {
	const char *name;
	const char *head;        /* once, at the top */
	const char *port_start;  /* around all hosts of a port; "" where there is no such thing */
	const char *port_secure; /* behind port_start where there is TLS */
	const char *port_end;
	const char *host_start, *plain_start; /* a host with TLS, and one without */
	const char *host_mutual;              /* behind host_start: asks for client certificates */
	const char *host_end;
	const char *list_start, *list_end; /* around the locations of a host */
	const char *root;                  /* a realm at the root of its host */
	const char *mount;                 /* a realm below a path */
	const char *backend[2];            /* fills @backend@: the first time and later */
	const char *mutual;                /* fills @mutual@ where certificates are asked for */
	const char *vhost;                 /* fills @vhost@ for a realm with a vhost value */
	bool only_inside;                  /* there is no host in it */
	bool vhost_of_host;                /* it stands before list_start instead */
};

extern const struct vhost_text vhost_nginx, vhost_apache, vhost_apache_fcgid, vhost_lighttpd,
	vhost_lighttpd_spawn, vhost_htaccess;

#endif
