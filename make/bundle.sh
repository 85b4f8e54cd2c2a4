#!/bin/sh
# SPDX-License-Identifier: ISC
# A tar of the programs with the shared libraries beside them, for hosts where our packages cannot
# be installed. Only libc and what belongs to it come from the host.
#
#   make/bundle.sh BUILD       leaves BUILD/ostiary-VERSION-bundle.tar.gz
set -eu

build=$1
version=$(sed -n 's/^#define OSTIARY_VERSION "\(.*\)"/\1/p' ctl/version.h)
name=ostiary-$version
work=$(mktemp -d "$build/bundle-XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/$name

mkdir -p "$root/bin" "$root/lib/ostiary" "$root/share/ostiary" "$root/share/doc/libraries" \
	"$root/conf-examples"
cp "$build/ostiary" "$root/bin/"
cp "$build/ostiary.fcgi" "$build/ostiary-fetch" "$root/lib/ostiary/"
cp -R pages "$root/share/ostiary/"
cp LICENSE CHANGELOG.md docs/web-servers.md "$root/share/doc/"
cp conf-examples/shared-hosting.* conf-examples/ostiary.conf "$root/conf-examples/"

# What belongs to libc must be the host's: it fits its kernel, its names and its users.
hosts='^(ld-linux.*|libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl|libnss_.*)\.so'
ldd "$root/bin/ostiary" "$root"/lib/ostiary/* | sed -n 's/^.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
while read -r library; do
	basename "$library" | grep -Eq "$hosts" && continue
	cp -L "$library" "$root/lib/"
	chmod 644 "$root/lib/$(basename "$library")"
	# their licences go with them
	package=$(dpkg-query -S "$(realpath "$library")" 2> /dev/null | head -n 1) || continue
	package=${package%%:*}
	[ ! -e "/usr/share/doc/$package/copyright" ] ||
		cp -L "/usr/share/doc/$package/copyright" "$root/share/doc/libraries/$package"
done

# RPATH and not RUNPATH: it counts for the libraries of libraries too.
patchelf --force-rpath --set-rpath "\$ORIGIN/../lib" "$root/bin/ostiary"
patchelf --force-rpath --set-rpath "\$ORIGIN/.." "$root"/lib/ostiary/*

tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -czf "$work/tar" "$name"
mv "$work/tar" "$build/$name-bundle.tar.gz"
echo "$build/$name-bundle.tar.gz"
