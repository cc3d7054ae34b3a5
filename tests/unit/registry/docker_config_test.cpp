#include <pinhook/registry/docker_config.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

reference ref(std::string_view text) { return reference::parse(text).value(); }

docker_config config(std::string_view text) {
  auto out = docker_config::parse(text);
  if (!out) throw std::runtime_error(out.error().message);
  return *std::move(out);
}

// "user:password" of the credential that is found, "helper suffix server", or "none".
std::string found(const docker_config& c, std::string_view image) {
  const auto match = c.find(ref(image));
  if (const auto* call = std::get_if<helper_call>(&match)) return "helper " + call->suffix + " " + call->server;
  if (const auto* own = std::get_if<const credential*>(&match)) return (*own)->username + ":" + (*own)->secret.reveal();
  return "none";
}

// An entry with a password that names it.
std::string entry(const std::string& key, const std::string& password) {
  return "\"" + key + R"(":{"username":"u","password":")" + password + "\"}";
}

std::string auths(const std::vector<std::string>& entries) {
  std::string out;
  for (const auto& e : entries) out += (out.empty() ? "" : ",") + e;
  return "{\"auths\":{" + out + "}}";
}

TEST(DockerConfig, KnowsNothingByDefault) {
  EXPECT_EQ(found({}, "nginx"), "none");
  for (const char* text : {"{}", R"({"auths":null,"credHelpers":null,"credsStore":null})", R"({"auths":{}})",
                           R"({"auths":{"ghcr.io":{}}})", R"({"auths":{"ghcr.io":null}})", R"({"credsStore":""})",
                           R"({"auths":{"ghcr.io":{"auth":"","email":"a@b"}},"HttpHeaders":{"a":"b"},"psFormat":1})"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(found(config(text), "ghcr.io/a/b"), "none");
  }
}

TEST(DockerConfig, ReadsAuth) {
  struct row {
    std::string auth, pair;
  };
  for (const auto& [auth, pair] : std::vector<row>{
           {"dXNlcjpwYXNz", "user:pass"},
           {"dTpw", "u:p"},
           {"dTpwcA==", "u:pp"},
           {"dTpwcA", "u:pp"},
           {"dTpwcHA=", "u:ppp"},
           {"dTpwcHA", "u:ppp"},
           {"dTph\\nOmI=", "u:a:b"},  // split at the first colon; line breaks are passed over
           {"dTo=", "u:"},            // an empty password
           {"dTpwAAA=", "u:p"},       // NUL bytes at the end
           {"dToAAAA=", "u:"},        // nothing but NUL bytes
           {"dTo/Pj4+", "u:?>>>"},    // the end of the alphabet
           {"dTrDvMO2", "u:\xc3\xbc\xc3\xb6"},
       }) {
    SCOPED_TRACE(auth);
    EXPECT_EQ(found(config(R"({"auths":{"ghcr.io":{"auth":")" + auth + "\"}}}"), "ghcr.io/a"), pair);
  }
}

TEST(DockerConfig, ReadsEveryKindOfEntry) {
  struct row {
    std::string entry;
    credential_kind kind;
    std::string user, secret;
  };
  for (const auto& r : std::vector<row>{
           {R"({"auth":"dTpw"})", credential_kind::basic, "u", "p"},
           {R"({"username":"u","password":"p"})", credential_kind::basic, "u", "p"},
           {R"({"username":"u"})", credential_kind::basic, "u", ""},
           {R"({"auth":"dTpw","username":"x","password":"y"})", credential_kind::basic, "u", "p"},
           {R"({"identitytoken":"t"})", credential_kind::identity_token, "", "t"},
           {R"({"auth":"dTo=","identitytoken":"t"})", credential_kind::identity_token, "u", "t"},
           {R"({"registrytoken":"t.t-t_t"})", credential_kind::registry_token, "", "t.t-t_t"},
           {R"({"auth":"dTpw","registrytoken":"t"})", credential_kind::registry_token, "u", "t"},
           {R"({"identitytoken":"i","registrytoken":"t"})", credential_kind::registry_token, "", "t"},
       }) {
    SCOPED_TRACE(r.entry);
    const auto c = config(R"({"auths":{"ghcr.io":)" + r.entry + "}}");
    const auto match = c.find(ref("ghcr.io/a"));
    const auto* own = std::get_if<const credential*>(&match);
    ASSERT_NE(own, nullptr);
    EXPECT_EQ((*own)->kind, r.kind);
    EXPECT_EQ((*own)->username, r.user);
    EXPECT_EQ((*own)->secret.reveal(), r.secret);
    EXPECT_EQ((*own)->source, "config.json: ghcr.io");
  }
}

TEST(DockerConfig, IdentityTellsCredentialsApart) {
  const auto identity = [](const std::string& text, std::string_view image = "ghcr.io/a") {
    const auto c = config(text);
    const auto match = c.find(ref(image));
    return std::get<const credential*>(match)->identity;
  };
  const auto one = identity(R"({"auths":{"ghcr.io":{"auth":"dTpw"}}})");
  EXPECT_EQ(one, identity(R"({"auths":{"ghcr.io":{"username":"u","password":"p"}}})"));
  EXPECT_NE(one, identity(R"({"auths":{"ghcr.io":{"username":"u","password":"q"}}})"));
  EXPECT_NE(one, identity(R"({"auths":{"ghcr.io":{"username":"v","password":"p"}}})"));
  EXPECT_NE(one, identity(R"({"auths":{"ghcr.io":{"identitytoken":"p","auth":"dTo="}}})"));
  EXPECT_NE(one, identity(R"({"auths":{"quay.io":{"auth":"dTpw"}}})", "quay.io/a"));
  EXPECT_NE(one, "anonymous");
  EXPECT_EQ(one.find("dTpw"), std::string::npos);
}

TEST(DockerConfig, FindsDockerHubUnderItsNames) {
  for (const char* key : {"https://index.docker.io/v1/", "https://index.docker.io/v1", "index.docker.io", "docker.io",
                          "https://docker.io", "registry-1.docker.io", "index.docker.io/v1/"}) {
    const auto c = config(auths({entry(key, "hub")}));
    for (const char* image :
         {"nginx", "acme/api", "docker.io/acme/api:1", "index.docker.io/acme/api", "registry-1.docker.io/acme/api"}) {
      SCOPED_TRACE(std::string(key) + " " + image);
      EXPECT_EQ(found(c, image), "u:hub");
    }
    EXPECT_EQ(found(c, "quay.io/acme/api"), "none");
    EXPECT_EQ(found(c, "docker.io:443/acme/api"), "none");
  }
  // Docker's own key wins at any position.
  EXPECT_EQ(found(config(auths({entry("docker.io", "a"), entry("https://index.docker.io/v1/", "b")})), "nginx"), "u:b");
  EXPECT_EQ(found(config(auths({entry("https://index.docker.io/v1/", "b"), entry("docker.io", "a")})), "nginx"), "u:b");
}

TEST(DockerConfig, FindsRegistriesByHostAndPort) {
  for (const char* key :
       {"quay.io", "https://quay.io", "http://quay.io", "https://quay.io/", "https://quay.io/v1/",
        "https://quay.io/v2/", "quay.io/v1/", "quay.io/v2", "https://quay.io/some/path", "quay.io/"}) {
    SCOPED_TRACE(key);
    const auto c = config(auths({entry(key, "q")}));
    EXPECT_EQ(found(c, "quay.io/acme/api:1"), "u:q");
    EXPECT_EQ(found(c, "quay.io/x"), "u:q");
    EXPECT_EQ(found(c, "quay.io:443/x"), "none");
    EXPECT_EQ(found(c, "a.quay.io/x"), "none");
    EXPECT_EQ(found(c, "quay.io.evil.example/x"), "none");
    EXPECT_EQ(found(c, "nginx"), "none");
  }
  const auto ports = config(auths({entry("localhost:5000", "a"), entry("https://[::1]:5000", "b")}));
  EXPECT_EQ(found(ports, "localhost:5000/x"), "u:a");
  EXPECT_EQ(found(ports, "localhost:5001/x"), "none");
  EXPECT_EQ(found(ports, "localhost/x"), "none");
  EXPECT_EQ(found(ports, "[::1]:5000/x"), "u:b");
  // The key as Docker writes it today wins over one it wrote once.
  EXPECT_EQ(found(config(auths({entry("https://quay.io/v1/", "a"), entry("quay.io", "b")})), "quay.io/x"), "u:b");
  EXPECT_EQ(found(config(auths({entry("quay.io", "b"), entry("https://quay.io/v1/", "a")})), "quay.io/x"), "u:b");
}

TEST(DockerConfig, PrefersTheLongestPath) {
  const auto c = config(auths({entry("r.io", "host"), entry("r.io/acme", "acme"), entry("r.io/acme/api", "api"),
                               entry("docker.io/library/nginx", "nginx"), entry("docker.io/acme", "hub-acme")}));
  EXPECT_EQ(found(c, "r.io/acme/api:1"), "u:api");
  EXPECT_EQ(found(c, "r.io/acme/api/v2"), "u:api");
  EXPECT_EQ(found(c, "r.io/acme/apis"), "u:acme");
  EXPECT_EQ(found(c, "r.io/acme/web"), "u:acme");
  EXPECT_EQ(found(c, "r.io/acmes/web"), "u:host");
  EXPECT_EQ(found(c, "r.io/x"), "u:host");
  EXPECT_EQ(found(c, "nginx:1"), "u:nginx");
  EXPECT_EQ(found(c, "redis"), "none");
  EXPECT_EQ(found(c, "acme/api"), "u:hub-acme");
  // A path alone is not for the rest of its registry.
  EXPECT_EQ(found(config(auths({entry("quay.io/acme", "a")})), "quay.io/other/x"), "none");
}

// The example of containers-auth.json(5): the image itself, then each namespace above it, then the registry.
TEST(DockerConfig, GoesUpThePathAsContainersDoes) {
  const std::vector<std::string> keys{"my-registry.local/namespace/user/image", "my-registry.local/namespace/user",
                                      "my-registry.local/namespace", "my-registry.local"};
  for (std::size_t first = 0; first < keys.size(); ++first) {
    std::vector<std::string> entries;
    for (std::size_t i = first; i < keys.size(); ++i) entries.push_back(entry(keys[i], keys[i]));
    EXPECT_EQ(found(config(auths(entries)), "my-registry.local/namespace/user/image:latest"), "u:" + keys[first]);
  }
}

TEST(DockerConfig, HelperBeatsStoreBeatsInline) {
  const auto c = config(R"({
    "auths": {"ghcr.io": {"auth": "dTpw"}, "quay.io": {"auth": "dTpw"}, "plain.io": {"auth": "dTpw"},
              "https://index.docker.io/v1/": {"auth": "dTpw"}},
    "credHelpers": {"ghcr.io": "gh", "1.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login", "plain.io": "", "h.io:5000": "h"},
    "credsStore": "pass"})");
  EXPECT_EQ(found(c, "ghcr.io/a/b"), "helper gh ghcr.io");
  EXPECT_EQ(found(c, "1.dkr.ecr.eu-west-1.amazonaws.com/a"), "helper ecr-login 1.dkr.ecr.eu-west-1.amazonaws.com");
  EXPECT_EQ(found(c, "quay.io/a"), "helper pass quay.io");
  EXPECT_EQ(found(c, "other.io:5000/a"), "helper pass other.io:5000");
  EXPECT_EQ(found(c, "h.io:5000/a"), "helper h h.io:5000");
  EXPECT_EQ(found(c, "h.io/a"), "helper pass h.io");
  EXPECT_EQ(found(c, "nginx"), "helper pass https://index.docker.io/v1/");
  EXPECT_EQ(found(c, "plain.io/a"), "u:p") << "an empty helper switches the store off for one registry";
  EXPECT_EQ(found(config(R"({"auths":{"quay.io":{"auth":"dTpw"}},"credHelpers":{"ghcr.io":"gh"}})"), "quay.io/a"),
            "u:p");
}

TEST(DockerConfig, FindsTheHelperOfDockerHub) {
  for (const char* key : {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"})
    EXPECT_EQ(found(config(std::string(R"({"credHelpers":{")") + key + R"(":"x"}})"), "nginx"),
              std::string("helper x ") + key);
  EXPECT_EQ(found(config(R"({"credHelpers":{"docker.io":"a","https://index.docker.io/v1/":"b"}})"), "nginx"),
            "helper b https://index.docker.io/v1/");
}

TEST(DockerConfig, ErrorsNameTheEntryAndNoSecret) {
  struct row {
    std::string text, message;
  };
  const std::string hidden = "hunter2";
  for (const auto& [text, message] : std::vector<row>{
           {"", "config.json: not valid JSON at byte 0"},
           {"[]", "config.json: must be a JSON object"},
           {R"({"auths":{"a":{"password":"hunter2"})", "config.json: not valid JSON at byte"},
           {R"({"auths":[]})", "config.json: auths: must be an object"},
           {R"({"auths":{"ghcr.io":"hunter2"}})", R"(config.json: auths: "ghcr.io": must be an object)"},
           {R"({"auths":{"ghcr.io":{"auth":7}}})", R"(config.json: auths: "ghcr.io": "auth" must be a string)"},
           {R"({"auths":{"ghcr.io":{"password":["hunter2"]}}})",
            R"(config.json: auths: "ghcr.io": "password" must be a string)"},
           {R"({"auths":{"ghcr.io":{"auth":"hunter2*"}}})", R"(config.json: auths: "ghcr.io": "auth" is not base64)"},
           {R"({"auths":{"ghcr.io":{"auth":"aHVud"}}})", R"(config.json: auths: "ghcr.io": "auth" is not base64)"},
           {R"({"auths":{"ghcr.io":{"auth":"dTp=cA=="}}})", R"("auth" is not base64)"},
           {R"({"auths":{"ghcr.io":{"auth":"===="}}})", R"("auth" is not base64)"},
           {R"({"auths":{"ghcr.io":{"auth":"aHVudGVyMg=="}}})",
            R"(config.json: auths: "ghcr.io": "auth" must be the base64 of user:password)"},
           {R"({"auths":{"ghcr.io":{"auth":"Omh1bnRlcjI="}}})", R"("auth" must be the base64 of user:password)"},
           {R"({"auths":{"ghcr.io":{"password":"hunter2"}}})", R"("ghcr.io": has a password and no username)"},
           {R"({"auths":{"ghcr.io":{"registrytoken":"hunter2\r\nX: y"}}})",
            R"("ghcr.io": "registrytoken" has an invalid character)"},
           {R"({"auths":{"ghcr.io":{"registrytoken":"hunter2 "}}})", R"("registrytoken" has an invalid character)"},
           {R"({"credHelpers":[]})", "config.json: credHelpers: must be an object"},
           {R"({"credHelpers":{"ghcr.io":1}})", R"(config.json: credHelpers: "ghcr.io": must be a string)"},
           {R"({"credHelpers":{"ghcr.io":"../x"}})",
            R"(config.json: credHelpers: "ghcr.io": "../x" cannot follow "docker-credential-")"},
           {R"({"credHelpers":{"ghcr.io":"a b"}})", R"("a b" cannot follow)"},
           {R"({"credsStore":"a;b"})", R"(config.json: credsStore: "a;b" cannot follow)"},
           {R"({"credsStore":{}})", "config.json: credsStore: must be a string"},
       }) {
    SCOPED_TRACE(text);
    const auto c = docker_config::parse(text);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.error().code, error_code::invalid_input);
    EXPECT_NE(c.error().message.find(message), std::string::npos) << c.error().message;
    EXPECT_EQ(c.error().message.find(hidden), std::string::npos) << c.error().message;
  }
}

TEST(DockerConfig, ErrorsNameTheFile) {
  EXPECT_TRUE(docker_config::parse("x", "/etc/x.json").error().message.starts_with("/etc/x.json: not valid JSON"));
}

TEST(DockerConfig, SizeAndDepthAreLimited) {
  const std::string most = "{}" + std::string(max_docker_config_size - 2, ' ');
  EXPECT_TRUE(docker_config::parse(most));
  const auto larger = docker_config::parse(most + " ");
  ASSERT_FALSE(larger);
  EXPECT_NE(larger.error().message.find("the limit is 1048576"), std::string::npos) << larger.error().message;
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  EXPECT_NE(docker_config::parse(deep).error().message.find("nested deeper"), std::string::npos);
}

TEST(DockerConfig, HelperSuffixIsPartOfAProgramName) {
  for (const char* good : {"a", "ecr-login", "Osx_Keychain2", "-"}) EXPECT_TRUE(is_helper_suffix(good)) << good;
  for (const char* bad : {"", ".", "a.b", "a/b", "a b", "a\n", "\xc3\xa4", "$(x)"})
    EXPECT_FALSE(is_helper_suffix(bad)) << bad;
  EXPECT_TRUE(is_helper_suffix(std::string(64, 'a')));
  EXPECT_FALSE(is_helper_suffix(std::string(65, 'a')));
}

TEST(DockerConfig, CopiesShareNothing) {
  auto c = std::make_unique<docker_config>(config(auths({entry("quay.io", "q")})));
  const docker_config copy = *c;
  c.reset();
  EXPECT_EQ(found(copy, "quay.io/x"), "u:q");
}

}  // namespace
}  // namespace pinhook::registry
