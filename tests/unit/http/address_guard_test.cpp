#include <pinhook/http/address_guard.hpp>

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace pinhook::http
