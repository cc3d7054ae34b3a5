#include <pinhook/files/helm_scalar.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace pinhook::files {
namespace {

struct scalar_case {
  std::string_view plain;
  std::string_view text;
  bool is_empty = false;
};

// The output of `{{ .Values.x }}` and `{{ .Values.x | default "…" }}` with Helm 3.22.0 and 4.3.1, the same from a
// chart's values.yaml and from -f.
constexpr scalar_case cases[] = {
    {"1.10", "1.1"},
    {"1.25", "1.25"},
    {"1.0", "1"},
    {"1.", "1"},
    {"7", "7"},
    {"16", "16"},
    {"0", "0", true},
    {"0.0", "0", true},
    {"-0", "0", true},
    {"-1", "-1"},
    {"+1", "1"},
    {"20240101", "2.0240101e+07"},
    {"999999", "999999"},
    {"1000000", "1e+06"},
    {"123456", "123456"},
    {"1e3", "1000"},
    {"1e5", "100000"},
    {"12e45", "1.2e+46"},
    {"12e4567", "12e4567"},
    {"1E3", "1000"},
    {"0x10", "16"},
    {"0X1F", "31"},
    {"010", "8"},
    {"08", "8"},
    {"0o7", "7"},
    {"0O7", "7"},
    {"0b11", "3"},
    {"1_000", "1000"},
    {"1_0.5", "10.5"},
    {"_1", "_1"},
    {".5", "0.5"},
    {".5e3", "500"},
    {"5e-5", "5e-05"},
    {"0.0001", "0.0001"},
    {"0.00001", "1e-05"},
    {"true", "true"},
    {"True", "true"},
    {"false", "false", true},
    {"yes", "true"},
    {"y", "true"},
    {"n", "false", true},
    {"no", "false", true},
    {"on", "true"},
    {"off", "false", true},
    {"null", "", true},
    {"Null", "", true},
    {"~", "", true},
    {"2024-01-01", "2024-01-01"},
    {"2024-1-2", "2024-1-2"},
    {"20241", "20241"},
    {"18446744073709551615", "1.8446744073709552e+19"},
    {"9223372036854775808", "9.223372036854776e+18"},
    {"99999999999999999999", "1e+20"},
    {"1.2.3", "1.2.3"},
    {"v1", "v1"},
    {"1e", "1e"},
    {"1:30", "1:30"},
    {"0.1", "0.1"},
    {"3.140", "3.14"},
    {"3.14159265358979", "3.14159265358979"},
    {"100.0", "100"},
    {"1.5e1", "15"},
    {"0x", "0x"},
    {"0b2", "0b2"},
    {"00", "0", true},
    {"1__0", "10"},
    {"1.2e3", "1200"},
    {".e1", ".e1"},
    {"1e400", "1e400"},
    {"-.5", "-0.5"},
    {"0xg", "0xg"},
    {"1,000", "1,000"},
};

TEST(HelmScalar, ReadsAsHelmDoes) {
  for (const scalar_case& one : cases) {
    const helm_scalar found = read_by_helm(one.plain);
    EXPECT_EQ(found.text, one.text) << one.plain;
    EXPECT_EQ(found.is_empty, one.is_empty) << one.plain;
    EXPECT_EQ(is_same_in_helm(one.plain), !one.is_empty && one.plain == one.text) << one.plain;
  }
}

// JSON cannot express these numbers: Helm ends with an error.
TEST(HelmScalar, HasNoTextForNumbersThatJsonLacks) {
  for (const std::string_view plain : {".inf", "-.Inf", "+.INF", ".nan", ".NaN"}) {
    EXPECT_EQ(read_by_helm(plain).text, "") << plain;
    EXPECT_FALSE(is_same_in_helm(plain)) << plain;
  }
}

}  // namespace
}  // namespace pinhook::files
