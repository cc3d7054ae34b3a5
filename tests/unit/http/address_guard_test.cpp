#include <pinhook/http/address_guard.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace pinhook::http {
namespace {

struct row {
  const char* address;
  address_kind kind;
};

void PrintTo(const row& r, std::ostream* out) { *out << r.address; }

class AddressKind : public ::testing::TestWithParam<row> {};

TEST_P(AddressKind, Classifies) {
  const auto kind = classify(boost::asio::ip::make_address(GetParam().address));
  EXPECT_EQ(to_string(kind), to_string(GetParam().kind)) << GetParam().address;
}

using enum address_kind;

// Both ends of each range and the neighbours outside it.
INSTANTIATE_TEST_SUITE_P(
    V4, AddressKind,
    ::testing::Values(row{"0.0.0.0", unspecified}, row{"0.255.255.255", unspecified},  //
                      row{"1.0.0.0", global}, row{"1.1.1.1", global},                  //
                      row{"9.255.255.255", global}, row{"10.0.0.0", private_network},
                      row{"10.255.255.255", private_network}, row{"11.0.0.0", global}, row{"100.63.255.255", global},
                      row{"100.64.0.0", private_network}, row{"100.100.100.199", private_network},
                      row{"100.100.100.200", metadata}, row{"100.127.255.255", private_network},
                      row{"100.128.0.0", global}, row{"126.255.255.255", global}, row{"127.0.0.1", loopback},
                      row{"127.255.255.255", loopback}, row{"128.0.0.0", global}, row{"168.63.129.15", global},
                      row{"168.63.129.16", metadata}, row{"169.253.255.255", global}, row{"169.254.0.0", link_local},
                      row{"169.254.169.254", link_local}, row{"169.254.170.2", link_local}, row{"169.255.0.0", global},
                      row{"172.15.255.255", global}, row{"172.16.0.0", private_network},
                      row{"172.31.255.255", private_network}, row{"172.32.0.0", global}, row{"192.0.0.192", metadata},
                      row{"192.0.0.8", private_network}, row{"192.0.1.0", global}, row{"192.167.255.255", global},
                      row{"192.168.0.0", private_network}, row{"192.169.0.0", global},
                      row{"198.18.0.1", private_network}, row{"223.255.255.255", global}, row{"224.0.0.1", multicast},
                      row{"239.255.255.255", multicast}, row{"240.0.0.1", private_network},
                      row{"255.255.255.254", private_network}, row{"255.255.255.255", broadcast}));

INSTANTIATE_TEST_SUITE_P(V6, AddressKind,
                         ::testing::Values(row{"::", unspecified}, row{"::1", loopback}, row{"2001:db8::1", global},
                                           row{"2606:4700::1111", global}, row{"fbff::1", global},
                                           row{"fc00::1", private_network}, row{"fd12:3456::1", private_network},
                                           row{"fd00:ec2::254", metadata}, row{"fd00:ec2::23", metadata},
                                           row{"fd00:ec3::1", private_network}, row{"fd20:ce::254", metadata},
                                           row{"fd20:ce::253", private_network}, row{"fe7f::1", global},
                                           row{"fe80::1", link_local}, row{"febf::1", link_local},
                                           row{"fec0::1", private_network}, row{"ff02::1", multicast}));

// The IPv4 address inside decides.
INSTANTIATE_TEST_SUITE_P(Wrapped, AddressKind,
                         ::testing::Values(row{"::ffff:127.0.0.1", loopback}, row{"::ffff:169.254.169.254", link_local},
                                           row{"::ffff:10.0.0.1", private_network}, row{"::ffff:1.1.1.1", global},
                                           row{"::ffff:0:169.254.169.254", link_local},
                                           row{"::169.254.169.254", link_local}, row{"::127.0.0.1", loopback},
                                           row{"::2", unspecified}, row{"64:ff9b::169.254.169.254", link_local},
                                           row{"64:ff9b::8.8.8.8", global},
                                           row{"64:ff9b:1::169.254.169.254", link_local},
                                           row{"64:ff9b::100.100.100.200", metadata},
                                           row{"2002:a9fe:a9fe::1", link_local}, row{"2002:7f00:1::", loopback},
                                           row{"2002:0a00:1::1", private_network}, row{"2002:808:808::1", global}));

TEST(AddressGuard, AllowsByReach) {
  const reach strict{.loopback = false, .private_networks = false};
  const reach usual{.loopback = false, .private_networks = true};
  const reach local{.loopback = true, .private_networks = true};
  for (const auto& r : {strict, usual, local}) {
    EXPECT_TRUE(is_allowed(global, r));
    EXPECT_EQ(is_allowed(loopback, r), r.loopback);
    EXPECT_EQ(is_allowed(private_network, r), r.private_networks);
    for (const auto never : {link_local, metadata, unspecified, multicast, broadcast})
      EXPECT_FALSE(is_allowed(never, r));
  }
}

// --- Rules of the operator ---

address_rules rules_of(const std::vector<const char*>& deny, const std::vector<const char*>& allow = {},
                       bool private_networks = true) {
  address_rules out;
  for (const char* one : deny) out.deny.push_back(*parse_network(one));
  for (const char* one : allow) out.allow.push_back(*parse_network(one));
  out.private_networks = private_networks;
  return out;
}

struct rule_row {
  const char* address;
  address_rules rules;
  reach at;
  const char* fault;  // "" for none
};

TEST(AddressRules, DecideTogetherWithTheReach) {
  const reach strict{.loopback = false, .private_networks = false};
  const reach usual{.loopback = false, .private_networks = true};
  const reach local{.loopback = true, .private_networks = true};
  const char* is_private = "it is an address of a private network";
  for (const auto& [address, rules, at, fault] : {
           rule_row{"192.0.2.1", {}, strict, ""},
           rule_row{"10.1.2.3", {}, usual, ""},
           rule_row{"10.1.2.3", {}, strict, is_private},
           // deny
           rule_row{"10.1.2.3", rules_of({"10.0.0.0/8"}), usual, "networks.deny has 10.0.0.0/8"},
           rule_row{"11.1.2.3", rules_of({"10.0.0.0/8"}), usual, ""},
           rule_row{"10.1.2.3", rules_of({"192.0.2.0/24", "10.1.2.3"}), usual, "networks.deny has 10.1.2.3"},
           rule_row{"10.1.2.3", rules_of({"10.0.0.0/8"}, {"10.1.0.0/16"}), usual, "networks.deny has 10.0.0.0/8"},
           rule_row{"127.0.0.1", rules_of({"127.0.0.0/8"}), local, "networks.deny has 127.0.0.0/8"},
           rule_row{"::ffff:10.1.2.3", rules_of({"10.0.0.0/8"}), usual, "networks.deny has 10.0.0.0/8"},
           rule_row{"64:ff9b::10.1.2.3", rules_of({"10.0.0.0/8"}), usual, "networks.deny has 10.0.0.0/8"},
           rule_row{"2002:a01:203::1", rules_of({"10.0.0.0/8"}), usual, "networks.deny has 10.0.0.0/8"},
           rule_row{"64:ff9b::192.0.2.1", rules_of({"64:ff9b::/96"}), usual, "networks.deny has 64:ff9b::/96"},
           rule_row{"fd00::1", rules_of({"::/0"}), usual, "networks.deny has ::/0"},
           rule_row{"10.1.2.3", rules_of({"::/0"}), usual, ""},
           // allow
           rule_row{"192.0.2.1", rules_of({}, {"192.0.2.0/24"}), usual, ""},
           rule_row{"203.0.113.1", rules_of({}, {"192.0.2.0/24"}), usual, "networks.allow does not have it"},
           rule_row{"10.1.2.3", rules_of({}, {"10.0.0.0/8"}), strict, ""},
           rule_row{"::ffff:10.1.2.3", rules_of({}, {"10.0.0.0/8"}), strict, ""},
           rule_row{"172.16.0.1", rules_of({}, {"10.0.0.0/8"}), strict, "networks.allow does not have it"},
           rule_row{"127.0.0.1", rules_of({}, {"127.0.0.0/8"}), usual, "it is a loopback address"},
           rule_row{"127.0.0.1", rules_of({}, {"127.0.0.0/8"}), local, ""},
           rule_row{"127.0.0.1", rules_of({}, {"10.0.0.0/8"}), local, "networks.allow does not have it"},
           rule_row{"::1", rules_of({}, {"::/0"}), usual, "it is a loopback address"},
           rule_row{"169.254.169.254", rules_of({}, {"169.254.0.0/16"}), local, "it is a link-local address"},
           rule_row{"168.63.129.16", rules_of({}, {"0.0.0.0/0"}), local, "it is a cloud's metadata service"},
           rule_row{"fd00:ec2::254", rules_of({}, {"fd00::/8"}), local, "it is a cloud's metadata service"},
           rule_row{"0.0.0.0", rules_of({}, {"0.0.0.0/0"}), local, "it is the unspecified address"},
           rule_row{"224.0.0.1", rules_of({}, {"0.0.0.0/0"}), local, "it is a multicast address"},
           rule_row{"255.255.255.255", rules_of({}, {"0.0.0.0/0"}), local, "it is the broadcast address"},
           // private_networks
           rule_row{"10.1.2.3", rules_of({}, {}, false), usual,
                    "it is an address of a private network, and networks.private is false"},
           rule_row{"192.0.2.1", rules_of({}, {}, false), usual, ""},
           rule_row{"10.1.2.3", rules_of({}, {"10.0.0.0/8"}, false), usual, ""},
           rule_row{"127.0.0.1", rules_of({}, {}, false), local, ""},
       }) {
    const auto got = address_fault(boost::asio::ip::make_address(address), at, rules);
    EXPECT_EQ(got.value_or(""), fault) << address;
    EXPECT_EQ(host_fault(address, at, rules).value_or(""), fault) << address << " as a host";
  }
}

TEST(AddressRules, JudgeNamesThatAProxyResolves) {
  const reach usual;
  const reach local{.loopback = true, .private_networks = true};
  for (const char* host : {"metadata", "metadata.google.internal", "metadata.google.internal.", "metadata.goog",
                           "instance-data", "instance-data.ec2.internal", "169.254.169.254.", "100.100.100.200."})
    EXPECT_TRUE(host_fault(host, local, {})) << host;
  for (const char* host : {"localhost.", "registry.localhost"}) {
    EXPECT_EQ(host_fault(host, usual, {}), "it is a loopback address") << host;
    EXPECT_EQ(host_fault(host, local, {}), std::nullopt) << host;
  }
  for (const char* host : {"ghcr.io", "metadata.example", "notmetadata", "mylocalhost", "10.0.0.1.example"})
    EXPECT_EQ(host_fault(host, usual, {}), std::nullopt) << host;
}

TEST(NeverAllowed, IsWhatNoSettingOpens) {
  for (const char* host : {"169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "100.100.100.200", "0.0.0.0",
                           "224.0.0.1", "metadata.google.internal", "metadata.google.internal."})
    EXPECT_TRUE(is_never_allowed(host)) << host;
  for (const char* host : {"127.0.0.1", "localhost", "10.1.2.3", "192.0.2.1", "::1", "registry.example.com", ""})
    EXPECT_FALSE(is_never_allowed(host)) << host;
}

}  // namespace
}  // namespace pinhook::http
