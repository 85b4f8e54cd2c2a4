/* SPDX-License-Identifier: ISC */
/*
 * Packets between workers and ostiary-pamd: what travels, and what is refused.
 */
#include "core/port/broker_wire.h"

#include "tests/core/base/check.h"

#define ID      "0123456789abcdef"
#define BINDING "0123456789abcdef0123456789abcdef"

static const char *const two[] = {"one", "two"};
static const char *const answer_texts[] = {"secret", "", "x"};

static void
check_texts(const struct broker_texts *got, const struct broker_texts *wanted, const char *name)
{
	check(got->count == wanted->count, name);
	for (size_t i = 0; i < got->count; i++)
		check_text(got->text[i], wanted->text[i], name);
}

static void
requests_travel(void **state)
{
	static const struct {
		const char *name;
		struct broker_request request;
	} cases[] = {
		{"start",
		 {.kind = BROKER_START,
		  .wait_ms = 100,
		  .binding = BINDING,
		  .services = {two, 2},
		  .username = "alice",
		  .address = "192.0.2.1",
		  .password = "pw",
		  .keep = "kept"}},
		{"start without a password",
		 {.kind = BROKER_START, .services = {two, 1}, .username = "", .address = ""}},
		{"respond",
		 {.kind = BROKER_RESPOND,
		  .wait_ms = 1,
		  .id = ID,
		  .binding = BINDING,
		  .sequence = UINT32_MAX,
		  .answers = {answer_texts, 3}}},
		{"poll", {.kind = BROKER_POLL, .wait_ms = 100, .id = ID, .binding = BINDING}},
		{"cancel", {.kind = BROKER_CANCEL, .id = ID, .binding = BINDING}},
		{"lookup",
		 {.kind = BROKER_LOOKUP, .services = {two, 1}, .username = "u", .key = "u:1"}},
		{"lookup of any", {.kind = BROKER_LOOKUP, .services = {two, 2}, .username = "u"}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct broker_request *wanted = &cases[i].request;
		uint8_t packet[BROKER_PACKET_MAX];
		struct broker_request got;
		size_t size = broker_write_request(packet, wanted);

		check(size > 0, cases[i].name);
		check(broker_read_request(*state, packet, size, &got) == 0, cases[i].name);
		check(got.kind == wanted->kind, cases[i].name);
		check(got.wait_ms == wanted->wait_ms, cases[i].name);
		check(memcmp(got.id, wanted->id, BROKER_ID_SIZE) == 0, cases[i].name);
		check(memcmp(got.binding, wanted->binding, BROKER_BINDING_SIZE) == 0,
		      cases[i].name);
		check(got.sequence == wanted->sequence, cases[i].name);
		check_texts(&got.services, &wanted->services, cases[i].name);
		check_texts(&got.answers, &wanted->answers, cases[i].name);
		check_text(got.username, wanted->username, cases[i].name);
		check_text(got.address, wanted->address, cases[i].name);
		check_text(got.password, wanted->password, cases[i].name);
		check_text(got.keep, wanted->keep, cases[i].name);
		check_text(got.key, wanted->key, cases[i].name);
	}
}

static void
check_person(const struct broker_person *got, const struct broker_person *wanted, const char *name)
{
	check_text(got->username, wanted->username, name);
	check_text(got->key, wanted->key, name);
	check_texts(&got->claims, &wanted->claims, name);
	check_texts(&got->groups, &wanted->groups, name);
}

#define PERSON                                                                                     \
	{                                                                                          \
		"alice", "alice:1001", {two, 2},                                                   \
		{                                                                                  \
			two, 1                                                                     \
		}                                                                                  \
	}

static struct broker_prompt prompts[] = {
	{BROKER_INFO, "Welcome"},
	{BROKER_ECHO_OFF, "Password:"},
	{BROKER_ECHO_ON, ""},
	{BROKER_ERROR, "No"},
};

static void
check_state(const struct broker_state *got, const struct broker_state *wanted, const char *name)
{
	check(got->status == wanted->status, name);
	check(memcmp(got->id, wanted->id, BROKER_ID_SIZE) == 0, name);
	check(got->sequence == wanted->sequence, name);
	check(got->phase == wanted->phase && got->verdict == wanted->verdict, name);
	check_text(got->username, wanted->username, name);
	check_text(got->service, wanted->service, name);
	check_text(got->keep, wanted->keep, name);
	check_text(got->why, wanted->why, name);
	check_person(&got->person, &wanted->person, name);
	check(got->prompts_count == wanted->prompts_count, name);
	for (size_t i = 0; i < got->prompts_count; i++) {
		check(got->prompts[i].style == wanted->prompts[i].style, name);
		check_text(got->prompts[i].text, wanted->prompts[i].text, name);
	}
}

/* What does not belong to a status is not sent: the second is what arrives. */
static const struct {
	const char *name;
	struct broker_state state, arrives;
} states[] = {
	{"running",
	 {.status = BROKER_RUNNING, .id = ID, .username = "a", .service = "s", .keep = "k"},
	 {.status = BROKER_RUNNING, .id = ID, .username = "a", .service = "s", .keep = "k"}},
	{"prompt",
	 {.status = BROKER_PROMPT,
	  .id = ID,
	  .sequence = 7,
	  .username = "a",
	  .phase = BROKER_NEW_PASSWORD,
	  .prompts = prompts,
	  .prompts_count = 4,
	  .verdict = BROKER_FAILED,
	  .person = PERSON,
	  .why = "because"},
	 {.status = BROKER_PROMPT,
	  .id = ID,
	  .sequence = 7,
	  .username = "a",
	  .phase = BROKER_NEW_PASSWORD,
	  .prompts = prompts,
	  .prompts_count = 4}},
	{"right",
	 {.status = BROKER_DONE, .id = ID, .username = "a", .person = PERSON},
	 {.status = BROKER_DONE, .id = ID, .username = "a", .person = PERSON}},
	{"wrong: nothing of the person",
	 {.status = BROKER_DONE,
	  .id = ID,
	  .username = "a",
	  .sequence = 3,
	  .verdict = BROKER_WRONG,
	  .prompts = prompts,
	  .prompts_count = 1,
	  .person = PERSON,
	  .why = "because"},
	 {.status = BROKER_DONE,
	  .id = ID,
	  .username = "a",
	  .verdict = BROKER_WRONG,
	  .prompts = prompts,
	  .prompts_count = 1,
	  .why = "because"}},
	{"gone: nothing at all",
	 {.status = BROKER_GONE, .id = ID, .username = "a", .keep = "k"},
	 {.status = BROKER_GONE}},
	{"busy", {.status = BROKER_BUSY}, {.status = BROKER_BUSY}},
};

static void
states_travel(void **state)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		uint8_t packet[BROKER_PACKET_MAX];
		struct broker_state got;
		size_t size = broker_write_state(packet, &states[i].state);

		check(broker_read_state(*state, packet, size, &got) == 0, states[i].name);
		check_state(&got, &states[i].arrives, states[i].name);
	}
}

static void
answers_travel(void **state)
{
	static const struct {
		const char *name;
		struct broker_answer answer;
	} cases[] = {
		{"found", {.found = BROKER_FOUND, .person = PERSON}},
		{"locked", {.found = BROKER_LOCKED, .person = PERSON, .why = "locked"}},
		{"none", {.found = BROKER_NONE, .why = "nobody"}},
		{"down", {.found = BROKER_DOWN}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t packet[BROKER_PACKET_MAX];
		struct broker_answer got;
		size_t size = broker_write_answer(packet, &cases[i].answer);

		check(broker_read_answer(*state, packet, size, &got) == 0, cases[i].name);
		check(got.found == cases[i].answer.found, cases[i].name);
		check_text(got.why, cases[i].answer.why, cases[i].name);
		check_person(&got.person, &cases[i].answer.person, cases[i].name);
	}
}

#define BYTES(text) (text), sizeof(text) - 1
#define ID_FIELD    "i\0\20" ID
#define BIND_FIELD  "b\0\40" BINDING
#define POLL        "P\1" ID_FIELD BIND_FIELD
#define START       "S\1" BIND_FIELD "u\0\1ua\0\0s\0\1x"
#define RUNNING     "C\1t\0\4\0\0\0\0" ID_FIELD "u\0\1u"
#define DONE        "C\1t\0\4\0\0\0\2" ID_FIELD "u\0\1u"
#define PROMPT      "C\1t\0\4\0\0\0\1" ID_FIELD "u\0\1uq\0\4\0\0\0\1h\0\4\0\0\0\0"
#define FOUND       "U\1f\0\4\0\0\0\0"

struct packet {
	const char *name;
	const char *bytes;
	size_t size;
	bool fine;
};

/* Reads what its first byte says. 0 or -1. */
static int
read_any(struct arena *arena, const uint8_t *packet, size_t size)
{
	struct broker_request request;
	struct broker_state said;
	struct broker_answer answer;

	if (size > 0 && packet[0] == 'C')
		return broker_read_state(arena, packet, size, &said);
	if (size > 0 && packet[0] == 'U')
		return broker_read_answer(arena, packet, size, &answer);
	return broker_read_request(arena, packet, size, &request);
}

static void
check_packets(struct arena *arena, const struct packet *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* behind its last byte a sanitizer watches */
		uint8_t *packet = malloc(cases[i].size ? cases[i].size : 1);

		memcpy(packet, cases[i].bytes, cases[i].size);
		check((read_any(arena, packet, cases[i].size) == 0) == cases[i].fine,
		      cases[i].name);
		free(packet);
	}
}

static void
malformed_requests_are_refused(void **state)
{
	static const struct packet cases[] = {
		{"nothing", BYTES(""), false},
		{"half a head", BYTES("P"), false},
		{"a poll", BYTES(POLL), true},
		{"another letter", BYTES("Q\1" ID_FIELD BIND_FIELD), false},
		{"NUL as letter", BYTES("\0\1" ID_FIELD BIND_FIELD), false},
		{"another version", BYTES("P\2" ID_FIELD BIND_FIELD), false},
		{"no binding", BYTES("P\1" ID_FIELD), false},
		{"no id", BYTES("P\1" BIND_FIELD), false},
		{"short id",
		 BYTES("P\1i\0\17"
		       "0123456789abcde" BIND_FIELD),
		 false},
		{"long id", BYTES("P\1i\0\21" ID "x" BIND_FIELD), false},
		{"twice the id", BYTES(POLL ID_FIELD), false},
		{"unknown tag", BYTES(POLL "z\0\0"), false},
		{"a field of another kind", BYTES(POLL "u\0\1u"), false},
		{"a sequence without an answer", BYTES(POLL "q\0\4\0\0\0\1"), false},
		{"half a field head", BYTES(POLL "w\0"), false},
		{"a field cut short", BYTES(POLL "w\0\4\0\0\0"), false},
		{"a short number", BYTES(POLL "w\0\3\0\0\1"), false},
		{"as long as may be", BYTES(POLL "w\0\4\0\0\0\144"), true},
		{"longer than anybody may wait", BYTES(POLL "w\0\4\0\0\0\145"), false},
		{"a cancel does not wait", BYTES("X\1" ID_FIELD BIND_FIELD "w\0\4\0\0\0\0"), false},
		{"a start", BYTES(START), true},
		{"of no service", BYTES("S\1" BIND_FIELD "u\0\1ua\0\0"), true},
		{"a look-up of no service", BYTES("L\1u\0\1u"), false},
		{"of nobody", BYTES("S\1" BIND_FIELD "a\0\0s\0\1x"), false},
		{"from nowhere", BYTES("S\1" BIND_FIELD "u\0\1us\0\1x"), false},
		{"a NUL in a password", BYTES(START "p\0\3a\0b"), false},
		{"two passwords", BYTES(START "p\0\1ap\0\1b"), false},
		{"eight services", BYTES(START "s\0\1xs\0\1xs\0\1xs\0\1xs\0\1xs\0\1xs\0\1x"), true},
		{"nine", BYTES(START "s\0\1xs\0\1xs\0\1xs\0\1xs\0\1xs\0\1xs\0\1xs\0\1x"), false},
		{"a respond without its page", BYTES("R\1" ID_FIELD BIND_FIELD "r\0\1x"), false},
	};

	check_packets(*state, cases, COUNT(cases));
}

static void
malformed_answers_are_refused(void **state)
{
	static const struct packet cases[] = {
		{"a state that runs", BYTES(RUNNING), true},
		{"without its id", BYTES("C\1t\0\4\0\0\0\0u\0\1u"), false},
		{"without a status", BYTES("C\1" ID_FIELD "u\0\1u"), false},
		{"of an unknown status", BYTES("C\1t\0\4\0\0\0\5"), false},
		{"that runs and has a verdict", BYTES(RUNNING "v\0\4\0\0\0\1"), false},
		{"done without a verdict", BYTES(DONE), false},
		{"wrong", BYTES(DONE "v\0\4\0\0\0\1"), true},
		{"of an unknown verdict", BYTES(DONE "v\0\4\0\0\0\7"), false},
		{"wrong, but somebody", BYTES(DONE "v\0\4\0\0\0\1n\0\1uy\0\1k"), false},
		{"right", BYTES(DONE "v\0\4\0\0\0\0n\0\1uy\0\1k"), true},
		{"right, but nobody", BYTES(DONE "v\0\4\0\0\0\0"), false},
		{"right without a key", BYTES(DONE "v\0\4\0\0\0\0n\0\1u"), false},
		{"a page", BYTES(PROMPT "m\0\2\0x"), true},
		{"without prompts", BYTES(PROMPT), false},
		{"a prompt without a style", BYTES(PROMPT "m\0\0"), false},
		{"of an unknown style", BYTES(PROMPT "m\0\2\4x"), false},
		{"with a NUL", BYTES(PROMPT "m\0\3\0x\0"), false},
		{"gone", BYTES("C\1t\0\4\0\0\0\3"), true},
		{"gone with an id", BYTES("C\1t\0\4\0\0\0\3" ID_FIELD), false},
		{"somebody", BYTES(FOUND "n\0\1uy\0\1k"), true},
		{"without a key", BYTES(FOUND "n\0\1u"), false},
		{"nobody with a name", BYTES("U\1f\0\4\0\0\0\1n\0\1u"), false},
		{"of an unknown find", BYTES("U\1f\0\4\0\0\0\4"), false},
	};

	check_packets(*state, cases, COUNT(cases));
}

/* Each text at its maximum and one byte beyond. */
static void
long_texts_are_refused(void **state)
{
	static const struct {
		const char *name;
		const char *head;
		size_t head_size;
		char tag;
		size_t max;
	} cases[] = {
		{"password", BYTES(START), 'p', BROKER_ANSWER_MAX},
		{"keep", BYTES(START), 'k', BROKER_KEEP_MAX},
		{"service", BYTES(START), 's', BROKER_SERVICE_MAX},
		{"name", BYTES("S\1" BIND_FIELD "a\0\0s\0\1x"), 'u', BROKER_NAME_MAX},
		{"address", BYTES("S\1" BIND_FIELD "u\0\1us\0\1x"), 'a', BROKER_ADDRESS_MAX},
		{"answer", BYTES("R\1" ID_FIELD BIND_FIELD "q\0\4\0\0\0\1"), 'r',
		 BROKER_ANSWER_MAX},
		{"why", BYTES(DONE "v\0\4\0\0\0\1"), 'x', BROKER_WHY_MAX},
		{"claim", BYTES(FOUND "n\0\1uy\0\1k"), 'c', BROKER_CLAIM_MAX},
		{"group", BYTES(FOUND "n\0\1uy\0\1k"), 'g', BROKER_GROUP_MAX},
		{"key", BYTES(FOUND "n\0\1u"), 'y', BROKER_KEY_MAX},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t over = 0; over < 2; over++) {
			size_t size = cases[i].max + over, head = cases[i].head_size;
			uint8_t *packet = arena_alloc(*state, head + 3 + size);
			int read;

			memcpy(packet, cases[i].head, head);
			packet[head] = (uint8_t)cases[i].tag;
			packet[head + 1] = (uint8_t)(size >> 8);
			packet[head + 2] = (uint8_t)size;
			memset(packet + head + 3, 'x', size);
			read = read_any(*state, packet, head + 3 + size);
			check((read == 0) == (over == 0), cases[i].name);
		}
	}
}

/* Every list is as long as it may be and no longer. */
static void
long_lists_are_refused(void **state)
{
	static const struct {
		const char *name;
		const char *head;
		size_t head_size;
		char tag;
		size_t max;
	} cases[] = {
		{"answers", BYTES("R\1" ID_FIELD BIND_FIELD "q\0\4\0\0\0\1"), 'r',
		 BROKER_PROMPTS_MAX},
		{"prompts", BYTES(PROMPT), 'm', BROKER_PROMPTS_MAX},
		{"claims", BYTES(DONE "v\0\4\0\0\0\0n\0\1uy\0\1k"), 'c', BROKER_CLAIMS_MAX},
		{"groups", BYTES(DONE "v\0\4\0\0\0\0n\0\1uy\0\1k"), 'g', BROKER_GROUPS_MAX},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t over = 0; over < 2; over++) {
			uint8_t packet[BROKER_PACKET_MAX];
			size_t size = cases[i].head_size;
			int read;

			memcpy(packet, cases[i].head, size);
			for (size_t j = 0; j < cases[i].max + over; j++) {
				memcpy(packet + size, "?\0\1\0", 4);
				packet[size] = (uint8_t)cases[i].tag;
				packet[size + 3] = cases[i].tag == 'm' ? 0 : 'x';
				size += 4;
			}
			read = read_any(*state, packet, size);
			check((read == 0) == (over == 0), cases[i].name);
		}
	}
}

/* More than a packet holds is told, not cut. */
static void
what_does_not_fit_is_not_written(void **state)
{
	const char *group =
		memset(arena_alloc(*state, BROKER_GROUP_MAX + 1), 'g', BROKER_GROUP_MAX);
	const char **groups = arena_array(*state, BROKER_GROUPS_MAX, sizeof(*groups));
	uint8_t *packet = arena_alloc(*state, BROKER_PACKET_MAX);
	struct broker_answer answer = {.found = BROKER_FOUND, .person = PERSON};
	size_t most = (BROKER_PACKET_MAX - 200) / (BROKER_GROUP_MAX + 3);

	for (size_t i = 0; i < BROKER_GROUPS_MAX; i++)
		groups[i] = group;
	answer.person.groups = (struct broker_texts){groups, most};
	assert_true(broker_write_answer(packet, &answer) > 0);
	answer.person.groups.count = BROKER_GROUPS_MAX;
	assert_int_equal(broker_write_answer(packet, &answer), 0);
}

static void
write_long_password(void)
{
	char text[BROKER_ANSWER_MAX + 2];
	uint8_t packet[BROKER_PACKET_MAX];
	const struct broker_request request = {.kind = BROKER_START,
					       .services = {two, 1},
					       .username = "u",
					       .address = "",
					       .password = text};

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)broker_write_request(packet, &request);
}

static void
write_impatient(void)
{
	uint8_t packet[BROKER_PACKET_MAX];
	const struct broker_request request = {.kind = BROKER_POLL, .wait_ms = BROKER_WAIT_MS + 1};

	(void)broker_write_request(packet, &request);
}

static void
long_texts_are_not_written(void **state)
{
	(void)state;
	assert_true(aborts(write_long_password));
	assert_true(aborts(write_impatient));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(requests_travel),
		arena_test(states_travel),
		arena_test(answers_travel),
		arena_test(malformed_requests_are_refused),
		arena_test(malformed_answers_are_refused),
		arena_test(long_texts_are_refused),
		arena_test(long_lists_are_refused),
		arena_test(what_does_not_fit_is_not_written),
		arena_test(long_texts_are_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
