#!/bin/sh
# SPDX-License-Identifier: ISC
# Ostiary on shared hosting: this is ostiary.fcgi in the document root. suexec gives no environment
# along and insists that nobody but you may write this file.
OSTIARY_CONFIG=/home/me/ostiary/ostiary.conf
export OSTIARY_CONFIG
exec /home/me/ostiary/lib/ostiary/ostiary.fcgi
