/* SPDX-License-Identifier: ISC */
/*
 * What comes next for a person: a pure function of what is proven and what is needed. Every page
 * asks it again after each step.
 */
#ifndef OSTIARY_AUTHN_NEXT_H
#define OSTIARY_AUTHN_NEXT_H

#include <stdbool.h>
#include <stdint.h>

enum authn_step {
	AUTHN_IDENTIFY, /* nobody is signed in: name and password */
	AUTHN_PASSWORD, /* the same person proves it again: the name is fixed */
	AUTHN_SELECT,   /* the signed-in person, or another */
	AUTHN_CONSENT,
	AUTHN_DONE,
	AUTHN_REFUSE, /* somebody else than asked for signed in */
	AUTHN_UNMET,  /* signed in, but not in a way that is worth enough */
};

struct authn_facts {
	bool signed_in;        /* a live session */
	bool proven_in_flow;   /* its newest fact was proven in this very flow */
	bool selected_in_flow; /* the person chose it on this flow's page */
	bool acr_met;          /* what it is worth is what the request needs */
	int64_t age;           /* seconds since the newest fact */
};

struct authn_need {
	bool login;        /* prompt=login */
	bool select;       /* prompt=select_account */
	int64_t max_age;   /* -1: none */
	bool other_person; /* id_token_hint names somebody else */
	bool consent; /* scopes are asked for that must be allowed, and were not on this page */
};

enum authn_step authn_next(const struct authn_facts *facts, const struct authn_need *need);

#endif
