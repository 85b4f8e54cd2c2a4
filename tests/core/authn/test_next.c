/* SPDX-License-Identifier: ISC */
/*
 * What comes next, over all combinations, against the rules written down another way: each step
 * with the condition under which it is the answer, of which exactly one must hold.
 */
#include "core/authn/next.h"

#include "tests/core/base/check.h"

static const int64_t max_ages[] = {-1, 0, 1, 59, 60, 61};
static const int64_t times[] = {0, 1, 60, 61};

/* A fresh proof is wanted: asked for outright, by an age of nothing, or by an age that has passed.
 */
static bool
stale(const struct authn_facts *facts, const struct authn_need *need)
{
	bool aged = need->max_age != -1 && facts->age > need->max_age;

	return (need->login || need->max_age == 0 || aged) && !facts->proven_in_flow;
}

static bool
unchosen(const struct authn_facts *facts, const struct authn_need *need)
{
	return need->select && !(facts->selected_in_flow || facts->proven_in_flow);
}

static bool
fits(enum authn_step step, const struct authn_facts *facts, const struct authn_need *need)
{
	bool somebody = facts->signed_in, right = somebody && !need->other_person;
	bool fresh = right && !unchosen(facts, need) && !stale(facts, need);

	switch (step) {
	case AUTHN_IDENTIFY:
		return !somebody || (need->other_person && !facts->proven_in_flow);
	case AUTHN_REFUSE:
		return somebody && need->other_person && facts->proven_in_flow;
	case AUTHN_SELECT:
		return right && unchosen(facts, need);
	case AUTHN_PASSWORD:
		return right && !unchosen(facts, need) &&
		       (stale(facts, need) || (!facts->acr_met && !facts->proven_in_flow));
	case AUTHN_UNMET:
		return fresh && !facts->acr_met && facts->proven_in_flow;
	case AUTHN_CONSENT:
		return fresh && facts->acr_met && need->consent;
	case AUTHN_DONE:
		return fresh && facts->acr_met && !need->consent;
	}
	return false;
}

static void
check_one(const struct authn_facts *facts, const struct authn_need *need)
{
	enum authn_step step = authn_next(facts, need);
	int fitting = 0;

	for (int other = AUTHN_IDENTIFY; other <= AUTHN_UNMET; other++)
		fitting += fits((enum authn_step)other, facts, need);
	assert_int_equal(fitting, 1);
	if (!fits(step, facts, need))
		fail_msg("signed_in %d proven %d selected %d age %lld, login %d select %d max_age "
			 "%lld other %d consent %d: step %d",
			 facts->signed_in, facts->proven_in_flow, facts->selected_in_flow,
			 (long long)facts->age, need->login, need->select, (long long)need->max_age,
			 need->other_person, need->consent, (int)step);
}

static void
check_times(unsigned bits)
{
	for (size_t i = 0; i < COUNT(max_ages); i++) {
		for (size_t j = 0; j < COUNT(times); j++) {
			const struct authn_facts facts = {
				.signed_in = bits & 1,
				.proven_in_flow = bits & 2,
				.selected_in_flow = bits & 4,
				.acr_met = bits & 128,
				.age = times[j],
			};
			const struct authn_need need = {
				.login = bits & 8,
				.select = bits & 16,
				.max_age = max_ages[i],
				.other_person = bits & 32,
				.consent = bits & 64,
			};

			check_one(&facts, &need);
		}
	}
}

static void
all_combinations(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++)
		check_times(bits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_combinations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
