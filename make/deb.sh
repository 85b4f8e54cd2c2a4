#!/bin/sh
# SPDX-License-Identifier: ISC
# Debian packages from this tree, which stays as it is.
#
#   make/deb.sh FOLDER VERSION    leaves the packages in FOLDER
set -eu

folder=$1
version=$2
tree=$folder/ostiary-$version

rm -rf "$tree"
mkdir -p "$tree"
tar --create --exclude=./build --exclude=./.git --exclude=__pycache__ . |
	tar --extract --directory="$tree"
cd "$tree"
# the newest entry tells the version; another one is asked for to try an upgrade
newest=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
[ "$newest" = "$version" ] || sed -i "1s/(.*)/($version)/" debian/changelog

# what make was called with is not for the package
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD PREFIX DESTDIR CC CFLAGS LDFLAGS OSTIARY_BUILD
DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-parallel=$(nproc)}"
export DEB_BUILD_OPTIONS
dpkg-buildpackage --build=binary --unsigned-changes > ../build.log 2>&1 || {
	tail -n 40 ../build.log >&2
	echo "deb: the whole log is $folder/build.log" >&2
	exit 1
}
cd ..
rm -rf "ostiary-$version"
ls -1 ./*_"$version"_*.deb
