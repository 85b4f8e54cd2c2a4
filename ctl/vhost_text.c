/* SPDX-License-Identifier: ISC */
/*
 * nginx and Apache. Every limit has its reason beside it; together they fit the largest requests
 * and answers that Ostiary has: bodies of 64 KiB, targets and headers of 16 KiB.
 */
#include "ctl/vhost_text.h"

/* clang-format off */

#define NGINX_PASS \
	"\t\tinclude fastcgi_params;\n" \
	"\t\t# a request header \"Proxy:\" must not look like a setting of the host\n" \
	"\t\tfastcgi_param HTTP_PROXY \"\";\n" \
	"@vhost@@mutual@" \
	"\t\tfastcgi_pass unix:@socket@;\n" \
	"\t\t# headers with cookies and a long redirect outgrow the 4k of the default\n" \
	"\t\tfastcgi_buffer_size 16k;\n" \
	"\t\tfastcgi_buffers 8 16k;\n" \
	"\t\t# what a form may weigh\n" \
	"\t\tclient_max_body_size 64k;\n" \
	"\t\t# no fastcgi_keep_conn: a kept connection would hold a worker that is idle\n"

const struct vhost_text vhost_nginx = {
	.name = "nginx",
	.head =
	"# Ostiary under nginx, with a pool of workers behind a socket. The pool is started by a\n"
	"# supervisor that restarts it:\n"
	"#\n"
	"#   spawn-fcgi -n -s @socket@ -M 0660 -U www-data -u ostiary -g ostiary -- \\\n"
	"#       /usr/bin/multiwatch -f 8 -r 100000 -t 1000 -- @program@\n",
	.port_start = "", .port_secure = "", .port_end = "",
	.host_start =
	"\nserver {\n"
	"\tlisten @port@ ssl;\n"
	"\tlisten [::]:@port@ ssl;\n"
	"\tserver_name @host@;\n"
	"\tssl_certificate @tls@/@host@.pem;\n"
	"\tssl_certificate_key @tls@/@host@.key;\n"
	"\t# requests with claims and several languages outgrow 8k\n"
	"\tlarge_client_header_buffers 4 16k;\n",
	.plain_start =
	"\nserver {\n"
	"\tlisten @port@;\n"
	"\tlisten [::]:@port@;\n"
	"\tserver_name @host@;\n"
	"\tlarge_client_header_buffers 4 16k;\n",
	.host_mutual =
	"\t# This name asks for client certificates (RFC 8705), so no browser is sent here.\n"
	"\t# tls_client_auth: who issues the certificates of clients; nobody else's are good\n"
	"\tssl_client_certificate @tls@/clients.pem;\n"
	"\tssl_verify_depth 3;\n"
	"\t# self_signed_tls_client_auth needs optional_no_ca: certificates of nobody's are passed\n"
	"\t# on with the word FAILED. Without such clients write \"optional\".\n"
	"\tssl_verify_client optional_no_ca;\n",
	.host_end = "}\n",
	.list_start = "", .list_end = "",
	.root =
	"\n\tlocation / {\n" NGINX_PASS "\t}\n",
	.mount =
	"\n\tlocation @path@/ {\n" NGINX_PASS "\t}\n"
	"\n\t# RFC 8414 puts the well-known part between host and path, outside the mount.\n"
	"\tlocation = /.well-known/oauth-authorization-server@path@ {\n"
	"\t\tinclude fastcgi_params;\n"
	"\t\tfastcgi_param HTTP_PROXY \"\";\n"
	"@vhost@"
	"\t\tfastcgi_pass unix:@socket@;\n"
	"\t}\n"
	"\n\tlocation = /.well-known/openid-configuration@path@ {\n"
	"\t\tinclude fastcgi_params;\n"
	"\t\tfastcgi_param HTTP_PROXY \"\";\n"
	"@vhost@"
	"\t\tfastcgi_pass unix:@socket@;\n"
	"\t}\n",
	.backend = {"", ""},
	.mutual =
	"\t\tfastcgi_param SSL_CLIENT_CERT $ssl_client_escaped_cert;\n"
	"\t\tfastcgi_param SSL_CLIENT_VERIFY $ssl_client_verify;\n",
	.vhost = "\t\tfastcgi_param OSTIARY_VHOST \"@value@\";\n",
};

#define APACHE_LIMITS \
	"\t# requests with claims and several languages outgrow 8 KB\n" \
	"\tLimitRequestLine 16384\n" \
	"\tLimitRequestFieldSize 16384\n"
#define APACHE_TLS \
	"\n<VirtualHost *:@port@>\n" \
	"\tServerName @host@\n" \
	"\tSSLEngine on\n" \
	"\tSSLCertificateFile \"@tls@/@host@.pem\"\n" \
	"\tSSLCertificateKeyFile \"@tls@/@host@.key\"\n" \
	APACHE_LIMITS
#define APACHE_PLAIN \
	"\n<VirtualHost *:@port@>\n" \
	"\tServerName @host@\n" \
	APACHE_LIMITS
#define APACHE_MUTUAL \
	"\t# This name asks for client certificates (RFC 8705), so no browser is sent here; for the\n" \
	"\t# whole server, as clients do not send a certificate later in a connection.\n" \
	"\t# tls_client_auth: who issues the certificates of clients; nobody else's are good\n" \
	"\tSSLCACertificateFile \"@tls@/clients.pem\"\n" \
	"\tSSLVerifyDepth 3\n" \
	"\t# self_signed_tls_client_auth needs optional_no_ca: certificates of nobody's are passed\n" \
	"\t# on with the word GENEROUS. Without such clients write \"optional\".\n" \
	"\tSSLVerifyClient optional_no_ca\n"
#define APACHE_VARIABLES \
	"\t\t# SSL_CLIENT_CERT and SSL_CLIENT_VERIFY\n" \
	"\t\tSSLOptions +ExportCertData +StdEnvVars\n"

#define PROXY_LOCATION(path) \
	"\n\t<Location \"" path "\">\n" \
	"@vhost@@mutual@" \
	"\t\t# without this the header Authorization is kept from FastCGI\n" \
	"\t\tCGIPassAuth On\n" \
	"\t\t# the name behind fcgi: is the pool's alone; no enablereuse, which would hold workers\n" \
	"\t\tProxyPass \"unix:@socket@|fcgi://ostiary-@realm@/\"\n" \
	"\t</Location>\n"

const struct vhost_text vhost_apache = {
	.name = "apache",
	.head =
	"# Ostiary under Apache with mod_proxy_fcgi and a pool of workers behind a socket:\n"
	"#\n"
	"#   a2enmod ssl proxy proxy_fcgi\n"
	"#   spawn-fcgi -n -s @socket@ -M 0660 -U www-data -u ostiary -g ostiary -- \\\n"
	"#       /usr/bin/multiwatch -f 8 -r 100000 -t 1000 -- @program@\n"
	"#\n"
	"# The pool is started by a supervisor that restarts it.\n",
	.port_start = "@listen@", .port_secure = "", .port_end = "",
	.host_start = APACHE_TLS,
	.plain_start = APACHE_PLAIN,
	.host_mutual = APACHE_MUTUAL,
	.host_end = "</VirtualHost>\n",
	.list_start = "", .list_end = "",
	.root = PROXY_LOCATION("/"),
	.mount =
	PROXY_LOCATION("@path@")
	"\n\t# RFC 8414 puts the well-known part between host and path, outside the mount.\n"
	PROXY_LOCATION("/.well-known/oauth-authorization-server@path@")
	PROXY_LOCATION("/.well-known/openid-configuration@path@"),
	.backend = {"", ""},
	.mutual = APACHE_VARIABLES,
	.vhost = "\t\tSetEnv OSTIARY_VHOST \"@value@\"\n",
};

#define FCGID_LIMITS \
	"\tFcgidInitialEnv OSTIARY_CONFIG \"@conf@\"\n" \
	"\t# processes of this virtual host alone: each holds a connection to the database\n" \
	"\tFcgidMinProcessesPerClass 2\n" \
	"\tFcgidMaxProcessesPerClass 8\n" \
	"\t# what has no length is refused with 500 above this\n" \
	"\tFcgidMaxRequestLen 131072\n"
#define FCGID_LOCATION(path) \
	"\n\t<Location \"" path "\">\n" \
	"@vhost@@mutual@" \
	"\t\tSetHandler fcgid-script\n" \
	"\t\tOptions +ExecCGI\n" \
	"\t\t# without this the header Authorization is kept from FastCGI\n" \
	"\t\tCGIPassAuth On\n" \
	"\t\t# what a form may weigh; LimitRequestBody would leave mod_fcgid with an empty one\n" \
	"\t\t<If \"%{HTTP:Content-Length} -gt 65536\">\n" \
	"\t\t\tRedirect 413 \"/\"\n" \
	"\t\t</If>\n" \
	"\t\tRequire all granted\n" \
	"\t</Location>\n"

const struct vhost_text vhost_apache_fcgid = {
	.name = "apache-fcgid",
	.head =
	"# Ostiary under Apache with mod_fcgid, which starts the workers itself:\n"
	"#\n"
	"#   a2enmod ssl fcgid\n"
	"#\n"
	"# The workers then run as the web server's user, so whatever else runs on this web server\n"
	"# can read the master key and the database password. Where that matters use a pool of its\n"
	"# own user with mod_proxy_fcgi, or SuexecUserGroup.\n",
	.port_start = "@listen@", .port_secure = "", .port_end = "",
	.host_start = APACHE_TLS FCGID_LIMITS,
	.plain_start = APACHE_PLAIN FCGID_LIMITS,
	.host_mutual = APACHE_MUTUAL,
	.host_end = "</VirtualHost>\n",
	.list_start = "", .list_end = "",
	.root =
	"\n\tScriptAliasMatch \"^/\" \"@program@\"\n" FCGID_LOCATION("/"),
	.mount =
	"\n\t# RFC 8414 puts the well-known part between host and path, outside the mount.\n"
	"\tScriptAliasMatch \"^@pattern@(/|$)\" \"@program@\"\n"
	"\tScriptAliasMatch \"^/\\.well-known/(oauth-authorization-server|openid-configuration)"
	"@pattern@$\" \"@program@\"\n"
	FCGID_LOCATION("@path@")
	FCGID_LOCATION("/.well-known/oauth-authorization-server@path@")
	FCGID_LOCATION("/.well-known/openid-configuration@path@"),
	.backend = {"", ""},
	.mutual = APACHE_VARIABLES,
	.vhost = "\t\tSetEnv OSTIARY_VHOST \"@value@\"\n",
};
