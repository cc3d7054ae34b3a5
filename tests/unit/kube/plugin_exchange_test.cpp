#include <pinhook/kube/plugin_exchange.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;

registry::reference ref(std::string_view text) { return registry::reference::parse(text).value(); }

plugin_provider provider() {
  plugin_provider out;
  out.name = "ecr";
  out.api_version = "credentialprovider.kubelet.k8s.io/v1";
  out.default_cache_duration = 10min;
  return out;
}

process_output output_of(std::string text, int code = 0, std::string errors = "") {
  return {code, secret(std::move(text)), secret(std::move(errors))};
}

// An answer with the given fields beside kind and apiVersion.
std::string answer(const std::string& fields) {
  return R"({"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1",)" + fields + "}";
}

std::string logins(const std::string& auth) { return answer(R"("cacheKeyType":"Image","auth":)" + auth); }

TEST(PluginExchange, WritesARequest) {
  plugin_question question;
  question.image = "docker.io/library/nginx";
  EXPECT_EQ(plugin_request("credentialprovider.kubelet.k8s.io/v1beta1", question).reveal(),
            R"({"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1beta1",)"
            R"("image":"docker.io/library/nginx"})"
            "\n");
  question.token = secret("t\"t");
  question.annotations = {{"a", "1"}, {"b/c", "\n"}};
  EXPECT_EQ(plugin_request("credentialprovider.kubelet.k8s.io/v1", question).reveal(),
            R"({"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1",)"
            R"("image":"docker.io/library/nginx","serviceAccountToken":"t\"t",)"
            R"("serviceAccountAnnotations":{"a":"1","b/c":"\n"}})"
            "\n");
}

TEST(PluginExchange, NamesImagesAsTheKubeletDoes) {
  EXPECT_EQ(image_name(ref("nginx:1.25")), "docker.io/library/nginx");
  EXPECT_EQ(image_name(ref("r.io:5000/a/b")), "r.io:5000/a/b");
}

TEST(PluginExchange, RunsTheProgramOfTheDirectory) {
  plugin_provider ecr = provider();
  ecr.args = {"get", "-v"};
  ecr.env.emplace_back("A", secret("b"));
  plugin_question question;
  question.image = "r.io/a";
  const auto run = plugin_run(ecr, "/opt/plugins", question);
  EXPECT_EQ(run.argv, (std::vector<std::string>{"/opt/plugins/ecr", "get", "-v"}));
  EXPECT_EQ(run.environment, std::vector<std::string>{"A=b"});
  EXPECT_EQ(run.input.reveal(), plugin_request(ecr.api_version, question).reveal());
  EXPECT_EQ(run.output_limit, max_plugin_answer_size);
}

TEST(PluginExchange, ReadsAnAnswer) {
  const auto read =
      read_plugin_answer(provider(), output_of(answer(R"("cacheKeyType":"Registry","cacheDuration":"6h0m0s",
    "auth":{"*.dkr.ecr.*.amazonaws.com":{"username":"AWS","password":"p"},"r.io/a":{"username":"u","password":""}})")));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->key, plugin_cache_key::registry);
  EXPECT_EQ(read->hold_for, 6h);
  ASSERT_EQ(read->logins.size(), 2U);
  EXPECT_EQ(read->logins[0].username, "AWS");
  EXPECT_EQ(read->logins[0].password.reveal(), "p");
  EXPECT_EQ(read->logins[1].pattern.key(), "r.io/a");
}

TEST(PluginExchange, ReadsHowLongAnAnswerIsGood) {
  struct row {
    std::string field;
    std::chrono::nanoseconds span;
  };
  for (const auto& [field, span] : std::vector<row>{{"", 10min},
                                                    {R"("cacheDuration":null,)", 10min},
                                                    {R"("cacheDuration":"0",)", 0s},
                                                    {R"("cacheDuration":"0s",)", 0s},
                                                    {R"("cacheDuration":"1h30m",)", 90min},
                                                    {R"("cacheDuration":"+5s",)", 5s},
                                                    {R"("cacheDuration":"-5s",)", 0s}}) {
    const auto read = read_plugin_answer(provider(), output_of(answer(field + R"("cacheKeyType":"Global")")));
    ASSERT_TRUE(read) << field << read.error().message;
    EXPECT_EQ(read->hold_for, span) << field;
    EXPECT_TRUE(read->logins.empty());
  }
}

TEST(PluginExchange, SaysWhatIsWrongWithAnAnswer) {
  struct row {
    std::string text, message;
  };
  const std::string v1 = "credentialprovider.kubelet.k8s.io/v1";
  for (
      const auto& [text, message] : std::vector<row>{
          {"", "invalid answer: not valid JSON at byte 0"},
          {"hunter2", "invalid answer: not valid JSON at byte 0"},
          {answer(R"("cacheKeyType":"Image")") + "hunter2", "invalid answer: not valid JSON"},
          {"[]", "invalid answer: not a JSON object"},
          {"{}", R"(invalid answer: "apiVersion" is missing or not a string)"},
          {R"({"apiVersion":"credentialprovider.kubelet.k8s.io/v1beta1","kind":"CredentialProviderResponse"})",
           R"("apiVersion" is "credentialprovider.kubelet.k8s.io/v1beta1", must be credentialprovider.kubelet.k8s.io/v1)"},
          {R"({"apiVersion":")" + v1 + "\"}", R"("kind" is missing or not a string)"},
          {R"({"apiVersion":")" + v1 + R"(","kind":"CredentialProviderRequest"})",
           R"("kind" is "CredentialProviderRequest", must be CredentialProviderResponse)"},
          {answer(R"("auth":{})"), R"("cacheKeyType" is missing or not a string)"},
          {answer(R"("cacheKeyType":"image")"), R"("cacheKeyType" is "image", must be Image, Registry or Global)"},
          {answer(R"("cacheKeyType":"Image","cacheDuration":60)"), R"("cacheDuration" is not a string)"},
          {answer(R"("cacheKeyType":"Image","cacheDuration":"soon")"), R"("cacheDuration": "soon" is not a duration)"},
          {logins("[]"), R"("auth" is not an object)"},
          {logins(R"({"r.io":"hunter2"})"), R"("auth": "r.io": not an object)"},
          {logins(R"({"r.io":{"username":1,"password":"hunter2"}})"), R"("auth": "r.io": "username" is not a string)"},
          {logins(R"({"r.io":{"username":"u","password":["hunter2"]}})"),
           R"("auth": "r.io": "password" is not a string)"},
          {std::string(max_plugin_answer_size + 1, ' '), "the limit is 262144"},
      }) {
    SCOPED_TRACE(text.substr(0, 300));
    const auto read = read_plugin_answer(provider(), output_of(text));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, error_code::malformed);
    EXPECT_NE(read.error().message.find(message), std::string::npos) << read.error().message;
    EXPECT_EQ(read.error().message.find("hunter2"), std::string::npos) << read.error().message;
  }
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += R"({"a":)";
  EXPECT_NE(read_plugin_answer(provider(), output_of(deep)).error().message.find("nested deeper"), std::string::npos);
}

TEST(PluginExchange, SaysWhatAPluginThatFailsSays) {
  const auto read = read_plugin_answer(provider(), output_of("", 3, "no role\nfor you\n"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, error_code::unavailable);
  EXPECT_EQ(read.error().message, R"(exit code 3, it says "no role\x0afor you")");
  const auto much = read_plugin_answer(provider(), output_of("", 1, std::string(60'000, 'x')));
  EXPECT_LT(much.error().message.size(), 400U);
}

TEST(PluginExchange, PassesOverLoginsThatAreNone) {
  const auto read = read_plugin_answer(
      provider(),
      output_of(logins(R"({"":{"username":"u"},"r[.io":{"username":"u"},"a.io":{"username":"","password":"x"},
                                  "b.io":{},"c.io":{"username":"u"}})")));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->logins.size(), 1U);
  EXPECT_EQ(read->logins[0].pattern.key(), "c.io");
}

TEST(PluginExchange, IgnoresFieldsOfLaterVersions) {
  EXPECT_TRUE(read_plugin_answer(provider(), output_of(answer(R"("cacheKeyType":"Image","later":1)"))));
}

plugin_answer answer_with(const std::string& auth) {
  return read_plugin_answer(provider(), output_of(logins(auth))).value();
}

std::string users(const std::vector<registry::credential>& all) {
  std::string out;
  for (const auto& one : all) out += (out.empty() ? "" : " ") + one.username;
  return out;
}

TEST(PluginExchange, OrdersLoginsAsTheKubeletsKeyring) {
  const auto a = answer_with(R"({"r.io":{"username":"a1"},"*.io":{"username":"a2"},"r.io/acme":{"username":"a3"}})");
  const auto b =
      answer_with(R"({"r.io/acme/api":{"username":"b1"},"r.io":{"username":"b2"},"x.io":{"username":"b3"}})");
  const std::vector<named_answer> both{{"a", &a}, {"b", &b}};
  EXPECT_EQ(users(logins_for(ref("r.io/acme/api:1"), both)), "b1 a3 a1 b2 a2");
  EXPECT_EQ(users(logins_for(ref("r.io/other"), both)), "a1 b2 a2");
  EXPECT_EQ(users(logins_for(ref("q.example/x"), both)), "");
  EXPECT_EQ(users(logins_for(ref("r.io/x"), {})), "");
}

TEST(PluginExchange, DockerHubFallsBackToItsOldName) {
  const auto old = answer_with(R"({"https://index.docker.io/v1/":{"username":"hub"}})");
  const auto own = answer_with(R"({"docker.io/library":{"username":"own"}})");
  const std::vector<named_answer> only{{"a", &old}};
  const std::vector<named_answer> both{{"a", &old}, {"b", &own}};
  EXPECT_EQ(users(logins_for(ref("nginx"), only)), "hub");
  EXPECT_EQ(users(logins_for(ref("nginx"), both)), "own");
  EXPECT_EQ(users(logins_for(ref("acme/api"), both)), "hub");
  EXPECT_EQ(users(logins_for(ref("quay.io/a"), both)), "");
}

TEST(PluginExchange, CredentialsNameTheirPluginAndTellSecretsApart) {
  const auto one = answer_with(R"({"r.io":{"username":"u","password":"p"}})");
  const auto two = answer_with(R"({"r.io":{"username":"u","password":"q"}})");
  const std::vector<named_answer> first{{"ecr", &one}};
  const std::vector<named_answer> second{{"ecr", &two}};
  const auto c = logins_for(ref("r.io/a"), first).at(0);
  EXPECT_EQ(c.kind, registry::credential_kind::basic);
  EXPECT_EQ(c.source, "credential plugin ecr");
  EXPECT_EQ(c.secret.reveal(), "p");
  EXPECT_NE(c.identity, logins_for(ref("r.io/a"), second).at(0).identity);
  EXPECT_EQ(c.identity, logins_for(ref("r.io/b"), first).at(0).identity);
}

}  // namespace
}  // namespace pinhook::kube
