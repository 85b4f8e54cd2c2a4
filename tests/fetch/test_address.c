/* SPDX-License-Identifier: ISC */
/*
 * Which addresses are connected to: both ends of every network that is refused.
 */
#include "fetch/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "tests/core/base/check.h"

static const struct address_rules *
rules_of(struct arena *arena, const char *networks, const char *ports)
{
	const char *why = NULL;
	const struct address_rules *rules = address_rules_read(arena, networks, ports, &why);

	if (rules == NULL)
		fail_msg("%s", why);
	return rules;
}

static bool
allowed(const struct address_rules *rules, const char *text, uint16_t port)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
		return !address_refused(rules, (const struct sockaddr *)&ipv4, sizeof(ipv4));
	if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) != 1)
		fail_msg("%s is no address", text);
	return !address_refused(rules, (const struct sockaddr *)&ipv6, sizeof(ipv6));
}

static const struct {
	const char *address;
	bool allowed;
} addresses[] = {
	{"0.0.0.0", false},
	{"0.255.255.255", false},
	{"1.0.0.0", true},
	{"9.255.255.255", true},
	{"10.0.0.0", false},
	{"10.255.255.255", false},
	{"11.0.0.0", true},
	{"100.63.255.255", true},
	{"100.64.0.0", false},
	{"100.127.255.255", false},
	{"100.128.0.0", true},
	{"126.255.255.255", true},
	{"127.0.0.0", false},
	{"127.0.0.1", false},
	{"127.255.255.255", false},
	{"128.0.0.0", true},
	{"169.253.255.255", true},
	{"169.254.0.0", false},
	{"169.254.169.254", false},
	{"169.255.0.0", true},
	{"172.15.255.255", true},
	{"172.16.0.0", false},
	{"172.31.255.255", false},
	{"172.32.0.0", true},
	{"191.255.255.255", true},
	{"192.0.0.0", false},
	{"192.0.0.255", false},
	{"192.0.1.0", true},
	{"192.0.2.0", false},
	{"192.0.2.255", false},
	{"192.0.3.0", true},
	{"192.88.98.255", true},
	{"192.88.99.0", false},
	{"192.88.100.0", true},
	{"192.167.255.255", true},
	{"192.168.0.0", false},
	{"192.168.255.255", false},
	{"192.169.0.0", true},
	{"198.17.255.255", true},
	{"198.18.0.0", false},
	{"198.19.255.255", false},
	{"198.20.0.0", true},
	{"198.51.99.255", true},
	{"198.51.100.0", false},
	{"198.51.101.0", true},
	{"203.0.112.255", true},
	{"203.0.113.0", false},
	{"203.0.114.0", true},
	{"223.255.255.255", true},
	{"224.0.0.0", false},
	{"239.255.255.255", false},
	{"240.0.0.0", false},
	{"255.255.255.255", false},

	{"::", false},
	{"::1", false},
	{"::127.0.0.1", false},
	{"::ffff:127.0.0.1", false},
	{"::ffff:10.0.0.1", false},
	{"::ffff:169.254.169.254", false},
	{"::ffff:1.1.1.1", true},
	{"64:ff9b::1.1.1.1", false},
	{"64:ff9b:1::1", false},
	{"100::1", false},
	{"1fff:ffff::1", false},
	{"2000::1", true},
	{"2001::1", false},
	{"2001:1ff:ffff::1", false},
	{"2001:200::1", true},
	{"2001:db7:ffff::1", true},
	{"2001:db8::1", false},
	{"2001:db8:ffff::1", false},
	{"2001:db9::1", true},
	{"2001:ffff::1", true},
	{"2002::1", false},
	{"2002:7f00:1::1", false},
	{"2003::1", true},
	{"2606:4700::1111", true},
	{"3ffe:ffff::1", true},
	{"3fff::1", false},
	{"3fff:fff::1", false},
	{"3fff:1000::1", true},
	{"4000::1", false},
	{"5f00::1", false},
	{"fc00::1", false},
	{"fd00::1", false},
	{"fe80::1", false},
	{"fec0::1", false},
	{"ff02::1", false},
};

static void
only_public_addresses(void **state)
{
	const struct address_rules *rules = rules_of(*state, "", "443");

	for (size_t i = 0; i < COUNT(addresses); i++)
		check(allowed(rules, addresses[i].address, 443) == addresses[i].allowed,
		      addresses[i].address);
}

static void
networks_can_be_allowed(void **state)
{
	static const struct {
		const char *name, *networks, *address;
		bool allowed;
	} cases[] = {
		{"within", "10.1.0.0/16", "10.1.255.255", true},
		{"outside", "10.1.0.0/16", "10.2.0.0", false},
		{"odd bits: within", "10.8.0.0/13", "10.15.255.255", true},
		{"odd bits: outside", "10.8.0.0/13", "10.16.0.0", false},
		{"one address", "127.0.0.1/32", "127.0.0.1", true},
		{"its neighbour", "127.0.0.1/32", "127.0.0.0", false},
		{"mapped", "127.0.0.1/32", "::ffff:127.0.0.1", true},
		{"IPv6", "fd00:1::/32", "fd00:1:ffff::1", true},
		{"IPv6: outside", "fd00:1::/32", "fd00:2::1", false},
		{"the second", "fd00::/8,10.0.0.0/8", "10.0.0.1", true},
		{"public ones stay", "fd00::/8, 10.0.0.0/8", "1.1.1.1", true},
		{"all of IPv4", "0.0.0.0/0", "169.254.169.254", true},
		{"all of IPv4, not IPv6", "0.0.0.0/0", "::1", false},
		{"all", "::/0", "127.0.0.1", true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct address_rules *rules = rules_of(*state, cases[i].networks, "443");

		check(allowed(rules, cases[i].address, 443) == cases[i].allowed, cases[i].name);
	}
}

static void
ports_too(void **state)
{
	static const struct {
		const char *name, *ports;
		uint16_t port;
		bool allowed;
	} cases[] = {
		{"the usual one", "443", 443, true},
		{"another", "443", 444, false},
		{"none", "443", 0, false},
		{"first of two", "8443,443", 8443, true},
		{"second of two", "8443, 443", 443, true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct address_rules *rules = rules_of(*state, "127.0.0.0/8", cases[i].ports);

		check(allowed(rules, "1.1.1.1", cases[i].port) == cases[i].allowed, cases[i].name);
		check(allowed(rules, "127.0.0.1", cases[i].port) == cases[i].allowed,
		      cases[i].name);
	}
}

static void
other_families_are_refused(void **state)
{
	const struct address_rules *rules = rules_of(*state, "0.0.0.0/0 ::/0", "443");
	const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
	const struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(443)};

	assert_non_null(address_refused(rules, (const struct sockaddr *)&local, sizeof(local)));
	assert_null(address_refused(rules, (const struct sockaddr *)&ipv4, sizeof(ipv4)));
	assert_non_null(address_refused(rules, (const struct sockaddr *)&ipv4, 4));
}

static void
bad_rules_are_refused(void **state)
{
	static const struct {
		const char *name, *networks, *ports;
	} cases[] = {
		{"no bits", "10.0.0.0", "443"},
		{"empty bits", "10.0.0.0/", "443"},
		{"too many bits", "10.0.0.0/33", "443"},
		{"too many bits of IPv6", "fd00::/129", "443"},
		{"negative bits", "10.0.0.0/-1", "443"},
		{"bits beyond the prefix", "10.1.2.3/8", "443"},
		{"bits beyond the prefix of IPv6", "fd00::1/64", "443"},
		{"a name", "localhost/8", "443"},
		{"short address", "10.1/16", "443"},
		{"good and bad", "10.0.0.0/8, x/8", "443"},
		{"no port", "", ""},
		{"only a comma", "", ","},
		{"port 0", "", "0"},
		{"port too great", "", "65536"},
		{"port by name", "", "https"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = NULL;

		check(!address_rules_read(*state, cases[i].networks, cases[i].ports, &why),
		      cases[i].name);
		check(why != NULL, cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(only_public_addresses),
		arena_test(networks_can_be_allowed),
		arena_test(ports_too),
		arena_test(other_families_are_refused),
		arena_test(bad_rules_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
