#include <pinhook/kube/plugin_config.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

registry::reference ref(std::string_view text) { return registry::reference::parse(text).value(); }

constexpr std::string_view header = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\n";

// Lines 4 to 7 of a file: the fields that every provider needs, at column 5 after "  - ".
constexpr std::string_view needed =
    "  - name: ecr\n"
    "    apiVersion: credentialprovider.kubelet.k8s.io/v1\n"
    "    matchImages: [\"*.dkr.ecr.*.amazonaws.com\"]\n"
    "    defaultCacheDuration: 12h0m0s\n";

std::string file_with(std::string_view more) {
  return std::string(header) + "providers:\n" + std::string(needed) + std::string(more);
}

result<std::vector<plugin_provider>> parse(std::string text) {
  const std::vector<plugin_file> files{{"plugins.yaml", std::move(text)}};
  return parse_plugin_files(files);
}

std::string fault_of(const std::string& text) {
  const auto read = parse(text);
  if (read) return "";
  EXPECT_EQ(read.error().code, error_code::invalid_input);
  return read.error().message;
}

TEST(PluginConfig, ReadsEveryField) {
  const auto read = parse(file_with(R"(    args: ["get-credentials", "--verbose"]
    env:
      - name: AWS_PROFILE
        value: pull
      - {name: EMPTY, value: ""}
    tokenAttributes:
      serviceAccountTokenAudience: sts.amazonaws.com
      cacheType: Token
      requireServiceAccount: true
      requiredServiceAccountAnnotationKeys: [eks.amazonaws.com/role-arn]
      optionalServiceAccountAnnotationKeys: [Example.com/Team, team]
  - name: gcp
    apiVersion: credentialprovider.kubelet.k8s.io/v1beta1
    matchImages: [gcr.io, "*.gcr.io"]
    defaultCacheDuration: "0"
)"));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  const plugin_provider& ecr = read->at(0);
  EXPECT_EQ(ecr.name, "ecr");
  EXPECT_EQ(ecr.api_version, "credentialprovider.kubelet.k8s.io/v1");
  EXPECT_EQ(ecr.default_cache_duration, 12h);
  EXPECT_EQ(ecr.args, (std::vector<std::string>{"get-credentials", "--verbose"}));
  ASSERT_EQ(ecr.env.size(), 2U);
  EXPECT_EQ(ecr.env[0].first, "AWS_PROFILE");
  EXPECT_EQ(ecr.env[0].second.reveal(), "pull");
  EXPECT_EQ(ecr.env[1].second.reveal(), "");
  ASSERT_TRUE(ecr.token);
  EXPECT_EQ(ecr.token->audience, "sts.amazonaws.com");
  EXPECT_EQ(ecr.token->cache, token_cache_type::token);
  EXPECT_TRUE(ecr.token->require_service_account);
  EXPECT_EQ(ecr.token->required_annotations, std::vector<std::string>{"eks.amazonaws.com/role-arn"});
  EXPECT_EQ(ecr.token->optional_annotations, (std::vector<std::string>{"Example.com/Team", "team"}));
  const plugin_provider& gcp = read->at(1);
  EXPECT_EQ(gcp.default_cache_duration, 0s);
  EXPECT_FALSE(gcp.token);
  ASSERT_NE(gcp.match(ref("eu.gcr.io/a/b:1")), nullptr);
  EXPECT_EQ(gcp.match(ref("eu.gcr.io/a/b:1"))->text, "*.gcr.io");
  EXPECT_EQ(gcp.match(ref("gcr.io/a/b"))->text, "gcr.io");
  EXPECT_EQ(gcp.match(ref("nginx")), nullptr);
}

TEST(PluginConfig, ReadsJson) {
  const auto read = parse(R"({"apiVersion":"kubelet.config.k8s.io/v1beta1","kind":"CredentialProviderConfig",
    "providers":[{"name":"acr","apiVersion":"credentialprovider.kubelet.k8s.io/v1alpha1","matchImages":["*.azurecr.io"],
                  "defaultCacheDuration":"10m","args":null,"env":null}]})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at(0).default_cache_duration, 10min);
  EXPECT_EQ(fault_of("{\n\t\"apiVersion\": \"kubelet.config.k8s.io/v1\",\n\t\"kind\": \"CredentialProviderConfig\",\n"
                     "\t\"providers\": [\n\t\t{\n\t\t\t\"name\": \"acr\",\n"
                     "\t\t\t\"apiVersion\": \"credentialprovider.kubelet.k8s.io\\/v1\",\n"
                     "\t\t\t\"matchImages\": [\"*.azurecr.io\"],\n\t\t\t\"defaultCacheDuration\": \"10m\"\n"
                     "\t\t}\n\t]\n}\n"),
            "")
      << "with tabs, as Go indents";
}

TEST(PluginConfig, TakesWhatTheKubeletTakes) {
  const std::string with_token = R"(    tokenAttributes:
      serviceAccountTokenAudience: a
      cacheType: ServiceAccount
      requireServiceAccount: false
)";
  EXPECT_EQ(fault_of(file_with(with_token)), "");
  EXPECT_EQ(fault_of(file_with("    args:\n    env:\n    tokenAttributes: null\n")), "");
  for (const char* version : {"v1", "v1beta1", "v1alpha1"})
    EXPECT_EQ(fault_of("apiVersion: kubelet.config.k8s.io/" + std::string(version) +
                       "\nkind: CredentialProviderConfig\nproviders:\n" + std::string(needed)),
              "");
  for (const char* duration : {"0s", "+5m", "-0s", "1.5h", "\"12h\""}) {
    const std::string provider =
        "  - {name: a, apiVersion: credentialprovider.kubelet.k8s.io/v1, matchImages: [r.io], defaultCacheDuration: ";
    EXPECT_EQ(fault_of(std::string(header) + "providers:\n" + provider + duration + "}\n"), "") << duration;
  }
}

TEST(PluginConfig, SaysWhatIsWrongWithTheFile) {
  struct row {
    std::string text, message;
  };
  const std::string h(header);
  for (const auto& [text, message] : std::vector<row>{
           {"", "plugins.yaml: line 1, column 1: must be a mapping, not a scalar"},
           {"a: [", "plugins.yaml: line "},
           {"[]", "plugins.yaml: line 1, column 1: must be a mapping, not a list"},
           {"kind: CredentialProviderConfig\n", "plugins.yaml: line 1, column 1: apiVersion is required"},
           {"apiVersion: kubelet.config.k8s.io/v1\n", "plugins.yaml: line 1, column 1: kind is required"},
           {"apiVersion: kubelet.config.k8s.io/v2\n",
            R"(line 1, column 13: apiVersion: "kubelet.config.k8s.io/v2" is not one of)"},
           {"apiVersion: kubelet.config.k8s.io/v1\nkind: KubeletConfiguration\n",
            R"(line 2, column 7: kind: "KubeletConfiguration" is not one of CredentialProviderConfig)"},
           {h + "plugins: []\n", R"(plugins.yaml: line 3, column 1: no such field: "plugins")"},
           {h + "providers: {}\n", "line 3, column 12: providers: must be a list, not a mapping"},
           {h, "plugins.yaml: providers: must have at least one item"},
           {h + "providers: []\n", "plugins.yaml: providers: must have at least one item"},
           {h + "providers: [ecr]\n", "line 3, column 13: providers[0]: must be a mapping, not a scalar"},
           {h + "providers: [{}]\n", "line 3, column 13: providers[0]: name is required"},
           {h + "providers:\n" + std::string(needed) + std::string(needed),
            R"(line 8, column 5: providers[1]: "ecr" is listed twice; first in plugins.yaml: line 4)"},
       })
    EXPECT_NE(fault_of(text).find(message), std::string::npos) << text << "\n" << fault_of(text);
}

TEST(PluginConfig, SaysWhatIsWrongWithAProvider) {
  struct row {
    std::string name, version, images, duration, message;
  };
  const std::string v1 = "credentialprovider.kubelet.k8s.io/v1";
  for (const auto& r : std::vector<row>{
           {"~", v1, "[r.io]", "1s", "line 4, column 5: providers[0]: name is required"},
           {"''", v1, "[r.io]", "1s", "line 4, column 11: providers[0].name: must not be empty"},
           {"a/b", v1, "[r.io]", "1s", R"(providers[0].name: "a/b": must not contain '/')"},
           {"a b", v1, "[r.io]", "1s", R"(providers[0].name: "a b": must not contain a space)"},
           {"'.'", v1, "[r.io]", "1s", R"(providers[0].name: ".": must be the name of a program)"},
           {"..", v1, "[r.io]", "1s", R"(providers[0].name: "..": must be the name of a program)"},
           {"123", v1, "[r.io]", "1s", R"(providers[0].name: must be text, so "123" needs quotes)"},
           {"1e3", v1, "[r.io]", "1s", R"(must be text, so "1e3" needs quotes)"},
           {"true", v1, "[r.io]", "1s", R"(must be text, so "true" needs quotes)"},
           {"[a]", v1, "[r.io]", "1s", "providers[0].name: must be text, not a list"},
           {"a", "~", "[r.io]", "1s", "providers[0]: apiVersion is required"},
           {"a", "v1", "[r.io]", "1s",
            R"(line 5, column 17: providers[0].apiVersion: "v1" is not one of credentialprovider)"},
           {"a", v1, "~", "1s", "providers[0]: matchImages is required"},
           {"a", v1, "[]", "1s", "line 6, column 18: providers[0].matchImages: must have at least one item"},
           {"a", v1, "r.io", "1s", "providers[0].matchImages: must be a list, not a scalar"},
           {"a", v1, "[r.io, 'r.io/[']", "1s", ""},
           {"a", v1, "[r.io, 'r[.io']", "1s", "line 6, column 25: providers[0].matchImages[1]: "},
           {"a", v1, "[r.io, ~]", "1s", "providers[0].matchImages[1]: must be text, not null"},
           {"a", v1, "[r.io]", "~", "providers[0]: defaultCacheDuration is required"},
           {"a", v1, "[r.io]", "-1s", "line 7, column 27: providers[0].defaultCacheDuration: must not be negative"},
           {"a", v1, "[r.io]", "0", R"(defaultCacheDuration: must be text, so "0" needs quotes)"},
           {"a", v1, "[r.io]", "12 h", R"(defaultCacheDuration: "12 h" is not a duration)"},
           {"a", v1, "[r.io]", "'-'", R"(defaultCacheDuration: "" is not a duration)"},
           {"a", v1, "[r.io]", "'+-1s'", R"(defaultCacheDuration: "-1s" is not a duration)"},
       }) {
    const std::string text = std::string(header) + "providers:\n  - name: " + r.name +
                             "\n    apiVersion: " + r.version + "\n    matchImages: " + r.images +
                             "\n    defaultCacheDuration: " + r.duration + "\n";
    const std::string fault = fault_of(text);
    EXPECT_NE(fault.find(r.message), std::string::npos) << text << "\n" << fault;
    EXPECT_EQ(fault.empty(), r.message.empty()) << text << "\n" << fault;
  }
}

TEST(PluginConfig, SaysWhatIsWrongWithTheRest) {
  struct row {
    std::string more, message;
  };
  const auto token = [](const std::string& fields) { return "    tokenAttributes: {" + fields + "}\n"; };
  const std::string good = "serviceAccountTokenAudience: a, cacheType: Token, requireServiceAccount: true";
  for (const auto& [more, message] : std::vector<row>{
           {"    matchImage: [r.io]\n", R"(line 8, column 5: providers[0]: no such field: "matchImage")"},
           {"    args: x\n", "providers[0].args: must be a list, not a scalar"},
           {"    args: [x, 8080]\n",
            R"(line 8, column 15: providers[0].args[1]: must be text, so "8080" needs quotes)"},
           {"    env: {A: b}\n", "providers[0].env: must be a list, not a mapping"},
           {"    env: [{value: b}]\n", "providers[0].env[0]: name is required"},
           {"    env: [{name: '', value: b}]\n", "providers[0].env[0].name: must not be empty"},
           {"    env: [{name: A=B, value: b}]\n", "providers[0].env[0]: a variable's name must not contain '='"},
           {"    env: [{name: A, value: 1}]\n", "providers[0].env[0].value: must be text"},
           {"    env: [{name: A, valueFrom: b}]\n", R"(providers[0].env[0]: no such field: "valueFrom")"},
           {token(""), "providers[0].tokenAttributes: serviceAccountTokenAudience is required"},
           {token("serviceAccountTokenAudience: '', cacheType: Token, requireServiceAccount: true"),
            "tokenAttributes.serviceAccountTokenAudience: must not be empty"},
           {token("serviceAccountTokenAudience: a, requireServiceAccount: true"),
            "tokenAttributes: cacheType is required"},
           {token("serviceAccountTokenAudience: a, cacheType: token, requireServiceAccount: true"),
            R"(tokenAttributes.cacheType: "token" is not one of ServiceAccount, Token)"},
           {token("serviceAccountTokenAudience: a, cacheType: Token"),
            "tokenAttributes: requireServiceAccount is required"},
           {token("serviceAccountTokenAudience: a, cacheType: Token, requireServiceAccount: 'true'"),
            "tokenAttributes.requireServiceAccount: must be true or false"},
           {token(good + ", audience: a"), R"(tokenAttributes: no such field: "audience")"},
           {token(good + ", requiredServiceAccountAnnotationKeys: [a, a]"),
            "requiredServiceAccountAnnotationKeys[1]: a is listed twice"},
           {token(good + ", optionalServiceAccountAnnotationKeys: [a, b, b]"),
            "optionalServiceAccountAnnotationKeys[2]: b is listed twice"},
           {token(good + ", requiredServiceAccountAnnotationKeys: [a], optionalServiceAccountAnnotationKeys: [a]"),
            "optionalServiceAccountAnnotationKeys[0]: a cannot be both required and optional"},
           {token(good + ", requiredServiceAccountAnnotationKeys: ['a b']"), R"("a b" is not a valid annotation key)"},
           {token(good + ", requiredServiceAccountAnnotationKeys: [a/b/c]"),
            R"("a/b/c" is not a valid annotation key)"},
           {token(good + ", requiredServiceAccountAnnotationKeys: [/a]"), R"("/a" is not a valid annotation key)"},
           {token(good + ", requiredServiceAccountAnnotationKeys: [-a]"), R"("-a" is not a valid annotation key)"},
           {token("serviceAccountTokenAudience: a, cacheType: Token, requireServiceAccount: false, "
                  "requiredServiceAccountAnnotationKeys: [a]"),
            "tokenAttributes: requiredServiceAccountAnnotationKeys requires requireServiceAccount: true"},
       }) {
    const std::string fault = fault_of(file_with(more));
    EXPECT_NE(fault.find(message), std::string::npos) << more << "\n" << fault;
  }
}

TEST(PluginConfig, TokensNeedVersionOneOfFileAndProtocol) {
  const std::string token = R"(    tokenAttributes:
      serviceAccountTokenAudience: a
      cacheType: Token
      requireServiceAccount: true
)";
  const auto with = [&](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string good = file_with(token);
  EXPECT_EQ(fault_of(good), "");
  EXPECT_NE(fault_of(with(good, "credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/v1beta1"))
                .find("providers[0]: tokenAttributes requires apiVersion credentialprovider.kubelet.k8s.io/v1"),
            std::string::npos);
  EXPECT_NE(fault_of(with(good, "kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1"))
                .find(R"(no such field: "tokenAttributes")"),
            std::string::npos);
}

TEST(PluginConfig, MessagesHoldNoValueOfTheEnvironment) {
  const std::string fault = fault_of(file_with("    env: [{name: A, value: hunter2, x: y}]\n"));
  EXPECT_NE(fault, "");
  EXPECT_EQ(fault.find("hunter2"), std::string::npos);
}

TEST(PluginConfig, IdentityChangesWithEveryFieldThatCounts) {
  const auto identity = [](const std::string& text) { return parse(text).value().at(0).identity(); };
  const auto replaced = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string base = file_with(R"(    args: [a]
    env: [{name: A, value: b}]
    tokenAttributes:
      serviceAccountTokenAudience: aud
      cacheType: Token
      requireServiceAccount: true
      requiredServiceAccountAnnotationKeys: [k1]
      optionalServiceAccountAnnotationKeys: [k2]
)");
  EXPECT_EQ(identity(base), identity(base));
  struct row {
    std::string from, to;
  };
  for (const auto& [from, to] : std::vector<row>{{"ecr\n", "ecs\n"},
                                                 {"*.dkr", "x.dkr"},
                                                 {"args: [a]", "args: [b]"},
                                                 {"args: [a]", "args: [a, A]"},
                                                 {"name: A,", "name: B,"},
                                                 {"value: b", "value: c"},
                                                 {"aud\n", "other\n"},
                                                 {"Token\n", "ServiceAccount\n"},
                                                 {"k1", "k3"},
                                                 {"k2", "k3"}})
    EXPECT_NE(identity(replaced(base, from, to)), identity(base)) << from;
}

struct PluginFiles : ::testing::Test {
  fs::path folder;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  [[nodiscard]] std::string named(const std::string& name) const {
    std::string text = file_with("");
    return text.replace(text.find("ecr"), 3, name);
  }
};

TEST_F(PluginFiles, OfADirectoryAreReadInTheOrderOfTheirNames) {
  write("b.yaml", named("b"));
  write("a.yml", named("a"));
  write("c.json", named("c"));
  write("c.txt", "not read");
  write("c.YAML", "not read");
  fs::create_directory(folder / "d.yaml");
  const auto files = read_plugin_files(folder.string());
  ASSERT_TRUE(files) << files.error().message;
  const auto read = parse_plugin_files(*files);
  ASSERT_TRUE(read) << read.error().message;
  std::string names;
  for (const auto& one : *read) names += one.name;
  EXPECT_EQ(names, "abc");
}

TEST_F(PluginFiles, ShareTheirNames) {
  write("a.yaml", named("x"));
  write("b.yaml", named("x"));
  const auto read = parse_plugin_files(read_plugin_files(folder.string()).value());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, (folder / "b.yaml").string() +
                                      R"(: line 4, column 5: providers[0]: "x" is listed twice; first in )" +
                                      (folder / "a.yaml").string() + ": line 4");
}

TEST_F(PluginFiles, AreLimited) {
  EXPECT_EQ(read_plugin_files(folder.string()).error().message,
            folder.string() + " has no file that ends in .json, .yaml or .yml");
  EXPECT_EQ(read_plugin_files((folder / "x").string()).error().code, error_code::not_found);
  write("big.yaml", std::string(max_plugin_file_size + 1, '#'));
  EXPECT_EQ(read_plugin_files(folder.string()).error().code, error_code::invalid_input);
  write("big.yaml", named("a"));
  EXPECT_TRUE(read_plugin_files((folder / "big.yaml").string()));
  for (std::size_t i = 1; i < max_plugin_files; ++i) write(std::to_string(i) + ".yaml", named("x"));
  EXPECT_TRUE(read_plugin_files(folder.string()));
  write("one-more.yaml", named("x"));
  EXPECT_EQ(read_plugin_files(folder.string()).error().message, folder.string() + " has 101 files; the limit is 100");
}

}  // namespace
}  // namespace pinhook::kube
