#!/bin/sh
# SPDX-License-Identifier: ISC
# The Debian packages that Ostiary needs, in groups, in one place.
#
#   make/packages.sh GROUP ...           installs what is missing: as root, or through sudo; else
#                                        prints the line to type and exits 1
#   make/packages.sh --missing GROUP ... only names what is missing, and always exits 0
#   make/packages.sh --list GROUP ...    prints the groups' packages, for scripts
#
# The -core packages of MariaDB hold the programs without a service. The web server has none such,
# so services are kept from starting while packages are unpacked: only what was asked for shall run.
set -eu

group()
{
	case $1 in
	build) echo "gcc libc6-dev binutils make pkg-config libfcgi-dev libssl-dev libjson-c-dev
		libmariadb-dev libinih-dev libcrypt-dev libargon2-dev
		libcurl4-openssl-dev libqrencode-dev libpam0g-dev libldap-dev libseccomp-dev" ;;
	run)   echo "python3 mariadb-server-core mariadb-client-core nginx spawn-fcgi multiwatch
		curl ca-certificates" ;;
	test)  echo "clang-format libcmocka-dev python3-pytest python3-pytest-timeout
		python3-requests python3-authlib python3-jwcrypto python3-selenium
		chromium chromium-driver python3-flask apache2-bin
		lighttpd lighttpd-mod-openssl
		libpam-wrapper libpam-oath oathtool
		slapd ldap-utils libpam-ldapd libnss-ldapd nslcd
		libapache2-mod-auth-openidc libapache2-mod-php openssl
		libapache2-mod-fcgid apache2-suexec-pristine zsh fish patchelf" ;;
	deb)   echo "build-essential dpkg-dev debhelper lintian systemd" ;;
	tools) echo "clang clang-tidy libclang-rt-14-dev valgrind gcovr" ;;
	bench) echo "wrk" ;;
	bundle) echo "patchelf" ;;
	*)     echo "$0: there is no group '$1': build run test deb tools bench" >&2; exit 2 ;;
	esac
}

install_as_root()
{
	# dpkg asks this file before it starts a service; one that is there already is left alone.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ] && [ -d /usr/sbin ]; then
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
		trap 'exit 130' INT TERM HUP
		printf '#!/bin/sh\nexit 101\n' > "$policy"
		chmod 755 "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive
	quiet="-qq -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold"
	# shellcheck disable=SC2086
	apt-get $quiet update &&
	apt-get $quiet install -y --no-install-recommends "$@" > /dev/null
}

mode=install
case ${1:-} in
--missing|--list) mode=${1#--}; shift ;;
--as-root) shift; install_as_root "$@"; exit ;;
esac

wanted=
for g in "$@"; do
	packages=$(group "$g")
	wanted="$wanted $packages"
done
# shellcheck disable=SC2086
set -- $wanted
if [ "$mode" = list ]; then
	echo "$@"
	exit 0
fi

if ! command -v dpkg-query > /dev/null; then
	[ "$mode" = missing ] ||
		echo "packages: no dpkg here; these Debian packages are needed: $*" >&2
	exit 0
fi
missing=$(
	dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2> /dev/null |
	sed -n 's/^installed //p' | {
		have=" $(tr '\n' ' ')"
		for p in "$@"; do
			case $have in *" $p "*) ;; *) printf '%s ' "$p" ;; esac
		done
	}
)
missing=${missing% }
[ -n "$missing" ] || exit 0

if [ "$mode" = missing ]; then
	echo "missing Debian packages: $missing"
	echo "  apt-get install --no-install-recommends $missing"
	exit 0
fi

echo "installing: $missing"
if [ "$(id -u)" = 0 ]; then
	# shellcheck disable=SC2086
	install_as_root $missing
elif command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
	# shellcheck disable=SC2086
	sudo "$0" --as-root $missing
else
	echo "not root, and no sudo that works here. Please type:" >&2
	echo "  apt-get install --no-install-recommends $missing" >&2
	exit 1
fi
