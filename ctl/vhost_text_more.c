/* SPDX-License-Identifier: ISC */
/*
 * lighttpd, and Apache where only .htaccess is ours.
 */
#include "ctl/vhost_text.h"

/* clang-format off */

#define LIGHTTPD_GLOBAL \
	"server.modules += (\"mod_openssl\", \"mod_fastcgi\"@modules@)\n" \
	"\n" \
	"# requests with claims and several languages outgrow 8 KB\n" \
	"server.max-request-field-size = 16384\n"
#define LIGHTTPD_PORT \
	"\n$SERVER[\"socket\"] == \":@port@\" {\n"
#define LIGHTTPD_SECURE \
	"\tssl.engine = \"enable\"\n" \
	"\t# for those who name no host; the blocks below have their own\n" \
	"\tssl.pemfile = \"@tls@/@host@.pem\"\n" \
	"\tssl.privkey = \"@tls@/@host@.key\"\n"
#define LIGHTTPD_HOST \
	"\n\t$HTTP[\"host\"] == \"@host@\" {\n" \
	"\t\tssl.pemfile = \"@tls@/@host@.pem\"\n" \
	"\t\tssl.privkey = \"@tls@/@host@.key\"\n" \
	"\t\t# what a form may weigh, in KB\n" \
	"\t\tserver.max-request-size = 64\n"
#define LIGHTTPD_PLAIN \
	"\n\t$HTTP[\"host\"] == \"@host@\" {\n" \
	"\t\tserver.max-request-size = 64\n"
#define LIGHTTPD_MUTUAL \
	"\t\t# This name asks for client certificates (RFC 8705), so no browser is sent here.\n" \
	"\t\t# lighttpd passes on no certificate whose issuer it does not know: clients of\n" \
	"\t\t# self_signed_tls_client_auth need one that such an authority has signed.\n" \
	"\t\tssl.verifyclient.ca-file = \"@tls@/clients.pem\"\n" \
	"\t\tssl.verifyclient.depth = 3\n" \
	"\t\tssl.verifyclient.activate = \"enable\"\n" \
	"\t\tssl.verifyclient.enforce = \"disable\"\n" \
	"\t\t# SSL_CLIENT_CERT and SSL_CLIENT_VERIFY\n" \
	"\t\tssl.verifyclient.exportcert = \"enable\"\n"
#define LIGHTTPD_MOUNT \
	"\t\t\t# the slash at its end keeps @path@x out\n" \
	"\t\t\t\"@path@/\" => @backend@,\n" \
	"\t\t\t# RFC 8414 puts the well-known part between host and path, outside the mount.\n" \
	"\t\t\t\"/.well-known/oauth-authorization-server@path@\" => @backend@,\n" \
	"\t\t\t\"/.well-known/openid-configuration@path@\" => @backend@,\n"
#define LIGHTTPD_VHOST \
	"\t\tsetenv.add-environment = (\"OSTIARY_VHOST\" => \"@value@\")\n"

const struct vhost_text vhost_lighttpd = {
	.name = "lighttpd",
	.head =
	"# Ostiary under lighttpd, with a pool of workers behind a socket. The pool is started by a\n"
	"# supervisor that restarts it:\n"
	"#\n"
	"#   spawn-fcgi -n -s @socket@ -M 0660 -U www-data -u ostiary -g ostiary -- \\\n"
	"#       /usr/bin/multiwatch -f 8 -r 100000 -t 1000 -- @program@\n"
	"\n" LIGHTTPD_GLOBAL,
	.port_start = LIGHTTPD_PORT,
	.port_secure = LIGHTTPD_SECURE,
	.port_end = "}\n",
	.host_start = LIGHTTPD_HOST,
	.plain_start = LIGHTTPD_PLAIN,
	.host_mutual = LIGHTTPD_MUTUAL,
	.host_end = "\t}\n",
	.list_start = "\t\tfastcgi.server = (\n",
	.list_end = "\t\t)\n",
	.root = "\t\t\t\"/\" => @backend@,\n",
	.mount = LIGHTTPD_MOUNT,
	.backend = {
		"((\"socket\" => \"@socket@\", \"check-local\" => \"disable\"))",
		"((\"socket\" => \"@socket@\", \"check-local\" => \"disable\"))"},
	.mutual = "",
	.vhost = LIGHTTPD_VHOST,
	.vhost_of_host = true,
};

#define SPAWNED(number) \
	"\t\t\t\t(\"socket\" => \"@spawned@-" number "\", \"check-local\" => \"disable\"),\n"

const struct vhost_text vhost_lighttpd_spawn = {
	.name = "lighttpd-spawn",
	.head =
	"# Ostiary under lighttpd, which starts the workers itself (bin-path). They then run as the\n"
	"# web server's user, so whatever else runs on this web server can read the master key and\n"
	"# the database password. Where that matters use a pool of its own user.\n"
	"\n" LIGHTTPD_GLOBAL,
	.port_start = LIGHTTPD_PORT,
	.port_secure = LIGHTTPD_SECURE,
	.port_end = "}\n",
	.host_start = LIGHTTPD_HOST,
	.plain_start = LIGHTTPD_PLAIN,
	.host_mutual = LIGHTTPD_MUTUAL,
	.host_end = "\t}\n",
	.list_start = "\t\tfastcgi.server = (\n",
	.list_end = "\t\t)\n",
	.root = "\t\t\t\"/\" => @backend@,\n",
	.mount = LIGHTTPD_MOUNT,
	.backend = {
		"((\n"
		"\t\t\t\t\"socket\" => \"@spawned@\",\n"
		"\t\t\t\t\"bin-path\" => \"@program@\",\n"
		"\t\t\t\t\"bin-environment\" => (\"OSTIARY_CONFIG\" => \"@conf@\"),\n"
		"\t\t\t\t\"bin-copy-environment\" => (\"PATH\"),\n"
		"\t\t\t\t# each holds a connection to the database and has a queue of its own\n"
		"\t\t\t\t\"max-procs\" => 4,\n"
		"\t\t\t\t\"check-local\" => \"disable\"\n"
		"\t\t\t))",
		"(\n"
		"\t\t\t\t# the workers that were started above\n"
		SPAWNED("0") SPAWNED("1") SPAWNED("2") SPAWNED("3")
		"\t\t\t)"},
	.mutual = "",
	.vhost = LIGHTTPD_VHOST,
	.vhost_of_host = true,
};

const struct vhost_text vhost_htaccess = {
	.name = "htaccess",
	.only_inside = true,
	.head =
	"# Ostiary on shared hosting: this is .htaccess in the document root, beside it lies\n"
	"# ostiary.fcgi, a script that starts the worker (conf-examples/shared-hosting.fcgi). The\n"
	"# web server runs it with mod_fcgid, under suexec as you. The provider must allow\n"
	"# AllowOverride AuthConfig FileInfo Options.\n"
	"\n"
	"Options +ExecCGI\n"
	"AddHandler fcgid-script .fcgi\n"
	"# without this the header Authorization is kept from FastCGI\n"
	"CGIPassAuth On\n"
	"# what a form may weigh; LimitRequestBody would leave mod_fcgid with an empty one\n"
	"<If \"%{HTTP:Content-Length} -gt 65536\">\n"
	"\tRedirect 413 \"/\"\n"
	"</If>\n"
	"RewriteEngine On\n",
	.port_start = "", .port_secure = "", .port_end = "",
	.host_start = "", .plain_start = "", .host_mutual = "", .host_end = "",
	.list_start = "", .list_end = "",
	.root = "RewriteRule ^ ostiary.fcgi [END]\n",
	.mount =
	"# RFC 8414 puts the well-known part between host and path, outside the mount.\n"
	"RewriteRule ^@rest@(/|$) ostiary.fcgi [END]\n"
	"RewriteRule ^\\.well-known/(oauth-authorization-server|openid-configuration)/@rest@$ "
	"ostiary.fcgi [END]\n",
	.backend = {"", ""},
	.mutual = "",
	.vhost = "SetEnv OSTIARY_VHOST \"@value@\"\n",
};
