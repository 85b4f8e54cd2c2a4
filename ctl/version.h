/* SPDX-License-Identifier: ISC */
/*
 * The version that the programs tell.
 */
#ifndef OSTIARY_CTL_VERSION_H
#define OSTIARY_CTL_VERSION_H

#ifndef OSTIARY_VERSION
#define OSTIARY_VERSION "0.1.0"
#endif

#endif
