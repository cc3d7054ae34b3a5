#include <pinhook/http/network.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::http {
namespace {

using ::testing::HasSubstr;

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

TEST(Network, ReadsRangesAndAddresses) {
  struct row {
    const char* text;
    const char* canonical;
  };
  for (const auto& [text, canonical] : {
           row{"10.0.0.0/8", "10.0.0.0/8"},
           row{"10.1.2.3", "10.1.2.3"},
           row{"10.1.2.3/32", "10.1.2.3"},
           row{"0.0.0.0/0", "0.0.0.0/0"},
           row{"172.16.0.0/12", "172.16.0.0/12"},
           row{"fd00::/8", "fd00::/8"},
           row{"FD00:0:0::/8", "fd00::/8"},
           row{"2001:db8::1", "2001:db8::1"},
           row{"2001:db8::1/128", "2001:db8::1"},
           row{"::/0", "::/0"},
           // Mapped: the range of IPv4 in it.
           row{"::ffff:10.0.0.0/104", "10.0.0.0/8"},
           row{"::ffff:10.1.2.3", "10.1.2.3"},
       }) {
    const auto n = parse_network(text);
    ASSERT_TRUE(n) << text << ": " << n.error().message;
    EXPECT_EQ(n->to_string(), canonical);
    EXPECT_EQ(parse_network(canonical), *n);
  }
}

TEST(Network, SaysWhatIsWrong) {
  struct row {
    const char* text;
    const char* words;
  };
  for (const auto& [text, words] : {
           row{"", "\"\" is not a network"},
           row{"corp.example", "\"corp.example\" is not a network"},
           row{"10.0.0/8", "is not a network"},
           row{"10.0.0.0/", "a number up to 32"},
           row{"10.0.0.0/33", "a number up to 32"},
           row{"10.0.0.0/-1", "a number up to 32"},
           row{"10.0.0.0/8x", "a number up to 32"},
           row{"10.0.0.0/255.0.0.0", "a number up to 32"},
           row{"10.0.0.0/99999999999", "a number up to 32"},
           row{"fd00::/129", "a number up to 128"},
           row{"10.1.2.3/8", "10.0.0.0/8 is the range, 10.1.2.3 the address"},
           row{"fd00::1/8", "fd00::/8 is the range, fd00::1 the address"},
           row{"fe80::1%1", "is not a network"},
           row{" 10.0.0.0/8", "is not a network"},
       }) {
    const auto n = parse_network(text);
    ASSERT_FALSE(n) << text;
    EXPECT_EQ(n.error().code, error_code::invalid_input);
    EXPECT_THAT(n.error().message, HasSubstr(words)) << text;
  }
}

TEST(Network, HoldsItsAddressesAndNoOthers) {
  struct row {
    const char* network;
    const char* address;
    bool is_in;
  };
  for (const auto& [text, one, is_in] : {
           row{"10.0.0.0/8", "10.0.0.0", true},
           row{"10.0.0.0/8", "10.255.255.255", true},
           row{"10.0.0.0/8", "9.255.255.255", false},
           row{"10.0.0.0/8", "11.0.0.0", false},
           row{"192.0.2.128/25", "192.0.2.128", true},
           row{"192.0.2.128/25", "192.0.2.127", false},
           row{"10.1.2.3", "10.1.2.3", true},
           row{"10.1.2.3", "10.1.2.2", false},
           row{"0.0.0.0/0", "203.0.113.1", true},
           row{"0.0.0.0/0", "2001:db8::1", false},
           row{"fd00::/8", "fdff::1", true},
           row{"fd00::/8", "fc00::1", false},
           row{"2001:db8::/33", "2001:db8:7fff::1", true},
           row{"2001:db8::/33", "2001:db8:8000::1", false},
           row{"::/0", "2001:db8::1", true},
       })
    EXPECT_EQ(parse_network(text)->contains(address(one)), is_in) << text << " " << one;
}

}  // namespace
}  // namespace pinhook::http
