#include <pinhook/registry/hosts_toml.hpp>

#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using namespace std::chrono_literals;

const std::string file = "/etc/containerd/certs.d/docker.io/hosts.toml";

hosts_toml read(const std::string& text) {
  auto got = parse_hosts_toml(text, file);
  EXPECT_TRUE(got) << got.error().message;
  return got ? *got : hosts_toml{};
}
std::string fault(const std::string& text) {
  const auto got = parse_hosts_toml(text, file);
  EXPECT_FALSE(got) << text;
  if (got) return "";
  EXPECT_EQ(got.error().code, error_code::invalid_input);
  return got.error().message;
}

TEST(HostsToml, ReadsEveryField) {
  const auto got = read(R"(
server = "https://registry-1.docker.io"
capabilities = ["pull"]
ca = "/abs/upstream.pem"

[host."https://mirror.corp:5000/hub"]
  capabilities = ["Pull", "resolve", "push", "referrers"]
  ca = ["corp.pem", "../other.pem"]
  client = [["cert.pem", "key.pem"], ["second.pem", "second.key"]]
  skip_verify = true
  override_path = true
  dial_timeout = "1.5s"
  [host."https://mirror.corp:5000/hub".header]
    x-team = ["a", "b"]
    Authorization = "Basic abc"
)");
  EXPECT_EQ(got.server.url, "https://registry-1.docker.io");
  EXPECT_TRUE(got.server.can_pull);
  EXPECT_FALSE(got.server.can_resolve);
  EXPECT_EQ(got.server.ca_files, std::vector<std::string>{"/abs/upstream.pem"});
  ASSERT_EQ(got.hosts.size(), 1U);
  const auto& host = got.hosts[0];
  EXPECT_EQ(host.url, "https://mirror.corp:5000/hub");
  EXPECT_TRUE(host.can_pull && host.can_resolve && host.skip_verify && host.override_path);
  EXPECT_EQ(host.ca_files, (std::vector<std::string>{"/etc/containerd/certs.d/docker.io/corp.pem",
                                                     "/etc/containerd/certs.d/other.pem"}));
  EXPECT_EQ(host.client_certificate_file, "/etc/containerd/certs.d/docker.io/cert.pem");
  EXPECT_EQ(host.client_key_file, "/etc/containerd/certs.d/docker.io/key.pem");
  EXPECT_EQ(host.dial_timeout, 1500ms);
  ASSERT_EQ(host.headers.size(), 3U);
  std::map<std::string, std::string> values;
  for (const auto& h : host.headers) values[h.name] += h.value.reveal();
  EXPECT_EQ(values, (std::map<std::string, std::string>{{"x-team", "ab"}, {"Authorization", "Basic abc"}}));
}

TEST(HostsToml, KeepsTheOrderOfTheFile) {
  const auto got = read(R"(
[host."https://z.corp"]
[host."https://a.corp"]
[host."https://m.corp".header]
  x = "y"
[host."https://b.corp"]
[host."https://a.corp".header]
  x = "y"
)");
  std::vector<std::string> urls;
  for (const auto& one : got.hosts) urls.push_back(one.url);
  EXPECT_EQ(urls, (std::vector<std::string>{"https://z.corp", "https://a.corp", "https://m.corp", "https://b.corp"}));
}

TEST(HostsToml, SaysNothingWhereNothingIsSaid) {
  const auto got = read("# nothing here\n");
  EXPECT_TRUE(got.hosts.empty());
  EXPECT_TRUE(got.server.url.empty());
  EXPECT_TRUE(got.server.can_pull && got.server.can_resolve);
  EXPECT_FALSE(got.server.skip_verify);
}

TEST(HostsToml, ClientCertificatesComeInThreeForms) {
  for (const char* text : {"client = \"both.pem\"", "client = [\"both.pem\", \"other.pem\"]"}) {
    const auto got = read(text);
    EXPECT_EQ(got.server.client_certificate_file, "/etc/containerd/certs.d/docker.io/both.pem");
    EXPECT_EQ(got.server.client_key_file, "");
  }
  EXPECT_EQ(read("client = []").server.client_certificate_file, "");
}

TEST(HostsToml, UnknownFieldsArePassedOver) {
  const auto got = read("future = 7\n[host.\"https://m.corp\"]\nother = {a = 1}\n[unknown]\nx = 1\n");
  EXPECT_EQ(got.hosts.size(), 1U);
}

TEST(HostsToml, FaultsNameFileAndLine) {
  const struct {
    const char* text;
    const char* expected;
  } rows[] = {
      {"\nserver = 7", ":2: server is not a string"},
      {"host = 7", ":1: host is not a table"},
      {"host = {\"https://m.corp\" = 1}", ":1: host \"https://m.corp\" is not a table"},
      {"[host.\"\"]\n", ":1: a host without a name"},
      {"\n\ncapabilities = \"pull\"", ":3: capabilities is not a list"},
      {"capabilities = [1]", ":1: a capability is not a string"},
      {"capabilities = [\n\"pull\",\n\"fly\"]", ":3: unknown capability \"fly\""},
      {"skip_verify = \"yes\"", ":1: skip_verify is neither true nor false"},
      {"override_path = 1", ":1: override_path is neither true nor false"},
      {"ca = 1", ":1: ca is neither a file nor a list of files"},
      {"ca = [[\"a\"]]", ":1: ca has an entry that is not a file name"},
      {"client = 1", ":1: client is neither a file nor a list of files"},
      {"client = [[\"a\"]]", ":1: client has an entry that is neither a file nor a pair of certificate and key"},
      {"client = [[\"a\", 1]]", ":1: client has an entry that is neither a file nor a pair of certificate and key"},
      {"client = [1]", ":1: client has an entry that is neither a file nor a pair of certificate and key"},
      {"header = 1", ":1: header is not a table"},
      {"[header]\nx = 1", ":2: header \"x\" is neither a string nor a list of strings"},
      {"[header]\nx = [\"a\", 1]", ":2: header \"x\" is neither a string nor a list of strings"},
      {"dial_timeout = 3", ":1: dial_timeout is not a string"},
  };
  for (const auto& row : rows) EXPECT_EQ(fault(row.text), file + row.expected) << row.text;
  EXPECT_TRUE(fault("[host.\"https://m\"]\ndial_timeout = \"soon\"").starts_with(file + ":2: dial_timeout: "));
}

TEST(HostsToml, AHeaderWithoutAKeyIsASyntaxError) {
  for (const char* text : {"[!]\n", "[[=]]\n", "[\x01]\n", "[ ?x]\n"})
    EXPECT_TRUE(fault(text).starts_with(file + ":1: not valid TOML")) << text << fault(text);
}

TEST(HostsToml, OnlyStringsAndCommentsGoBeyondAscii) {
  for (const char* text :
       {"# f\u00fcr alle\n", "server = \"https://m\" # f\u00fcr alle\n", "ca = \"\u00e9\\\"\u00e9.pem\"\n",
        "ca = '\u00e9\\'\n", "ca = \"\"\"\n\u00e9\"\u00e9\"\"\"\n", "ca = '''\u00e9\n\u00e9'''\n"})
    EXPECT_TRUE(parse_hosts_toml(text, file)) << text << fault(text);
  for (const char* text : {"x\u00e9 = 1\n", "ca = 01\u0497\n", "ca = \"a\"\u00e9\n", "ca = '\\'\u00e9'\n",
                           "ca = 01g\"\u0497\"\n", "server = 0http[host.\"\u0252\"h\n"})
    EXPECT_TRUE(fault(text).starts_with(file + ":1: not valid TOML")) << text << fault(text);
}

TEST(HostsToml, ASyntaxErrorRepeatsNoSecret) {
  const std::string got = fault("[header]\nauthorization = \"Basic c2VjcmV0");
  EXPECT_TRUE(got.starts_with(file + ":2: not valid TOML")) << got;
  EXPECT_EQ(got.find("c2VjcmV0"), std::string::npos);
}

TEST(HostsToml, HasALimit) {
  std::string text(max_hosts_toml, '#');
  EXPECT_TRUE(parse_hosts_toml(text, file));
  text += '#';
  EXPECT_EQ(fault(text), file + ": 262145 bytes; the limit is 262144");
}

}  // namespace
}  // namespace pinhook::registry
