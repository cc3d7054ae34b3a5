// Refusals as users see them, from the real handler, resolver and registry client: only what registries answer is
// made up. Whoever gets one has never heard of pinhook, and has to know what to do. docs/refusals.md shows them all.
// PINHOOK_REWRITE_GOLDEN=1 rewrites the files, not the page.

#include "support/fake_alarm.hpp"
#include "support/fake_credentials.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_tenant_credentials.hpp"
#include "support/golden.hpp"
#include "support/handler_fixture.hpp"
#include "support/paths.hpp"
#include "support/run.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/http/curl_error.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/resolve/image_lock.hpp>
#include <pinhook/resolve/locked_resolver.hpp>
#include <pinhook/resolve/tag_resolver.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::filesystem::path golden_file(std::string_view name) {
  return std::filesystem::path(source_dir()) / "tests/golden/refusals" / fmt::format("{}.txt", name);
}

http::response refused(int status, std::string_view code, std::string_view message, http::headers headers = {}) {
  return respond(status, std::move(headers),
                 fmt::format(R"({{"errors":[{{"code":"{}","message":"{}"}}]}})", code, message));
}

// A namespace under enforce, in a cluster whose operator has set `help`.
struct Refusals : ::testing::Test {
  time_machine time;
  fake_http_client http{time.clock};
  registry::client_options options;
  std::shared_ptr<fake_tenant_credentials> tenants = std::make_shared<fake_tenant_credentials>();
  std::shared_ptr<const resolve::image_lock> lock;
  rules::rule_set rules;

  void answer(std::string_view manifest, const http::response& with) {
    for (const char* verb : {"HEAD", "GET"}) http.reply(fmt::format("{} https://{}", verb, manifest), with);
  }
  void use_rules(std::string_view text) { rules = rules::read_rules(*yaml::parse(text)).value(); }

  // The anonymous login, where a tenant has none; a name otherwise.
  void log_in(const registry::tenant& as, const std::string& source = {}) {
    auto login = fake_credentials::make("none");
    if (source.empty())
      login->set("anonymous", {});
    else
      login->becomes(source);
    tenants->set(as, std::move(login));
  }

  // The refusal when the Deployment "web" with these containers is created in namespace shop.
  std::string refusal(std::string_view containers, std::string_view more = "") {
    wait_seams seams;
    seams.sleep = [](std::chrono::nanoseconds) -> awaitable<void> { co_return; };
    seams.random = [] { return 0.0; };
    const auto client = registry::make_client(http, options, time.clock, nullptr, std::move(seams));
    const auto tags = std::make_shared<resolve::tag_resolver>(time.io.get_executor(), *client, time.clock, nullptr,
                                                              resolve::resolver_options{}, time.make_alarm());
    const auto locked = std::make_shared<resolve::locked_resolver>(tags, lock != nullptr);
    if (lock) locked->use(lock);
    const admission::handler handler(locked, tenants,
                                     std::make_shared<const admission::rulebook>(
                                         pin::policy{}, rules, "https://wiki.example.com/pins?namespace={namespace}"));
    const std::string object =
        fmt::format(R"({{"metadata":{{"name":"web"}},"spec":{{"template":{{"spec":{{{}"containers":[{}]}}}}}}}})", more,
                    containers);
    const std::string body = review_of(object) + std::string(32, ' ');
    const auto verdict =
        run_on(time.io, handler.handle(std::string_view(body).substr(0, body.size() - 32), pin::mode::enforce,
                                       deadline::after(time.clock.now(), std::chrono::seconds(8))));
    bool is_stopped = false;
    boost::asio::co_spawn(time.io, tags->stop(), [&](const std::exception_ptr&) { is_stopped = true; });
    time.settle();
    EXPECT_TRUE(is_stopped);
    const auto review = json::parse(verdict.body);
    EXPECT_TRUE(review && json::find_bool((*review)["response"], "allowed") == false) << verdict.body;
    const json::value& status = (*review)["response"]["status"];
    // The API server's words before it: apiserver/pkg/admission/plugin/webhook/errors/statuserror.go (kubernetes).
    return fmt::format("admission webhook \"enforce.pinhook.dev\" denied the request: {}\n",
                       json::text_of(status["message"]));
  }

  // The file, the page that shows it, and what holds for every refusal.
  static void check(std::string_view name, const std::string& text) {
    expect_golden(golden_file(name), text);
    EXPECT_THAT(read_file(std::filesystem::path(source_dir()) / "docs/refusals.md"),
                HasSubstr("```text\n" + text + "```\n"))
        << "docs/refusals.md does not show it";
    EXPECT_THAT(text, HasSubstr("\nNamespace shop is labelled pinhook.dev/pin=enforce: "));
    EXPECT_TRUE(text.ends_with("\nHelp: https://wiki.example.com/pins?namespace=shop\n"));
    for (const char* word : {"config.json", "pinhook resolve", "pinhook lock", "docker login", "this machine"})
      EXPECT_THAT(text, Not(HasSubstr(word))) << "not for a reader without pinhook";
  }
};

TEST_F(Refusals, ATagThatIsNotThere) {
  answer("registry.example.com/v2/shop/web/manifests/1.44", refused(404, "MANIFEST_UNKNOWN", "manifest unknown"));
  answer("registry.example.com/v2/shop/proxy/manifests/v3", refused(404, "NAME_UNKNOWN", "repository name not known"));
  log_in({"shop", "", {}});
  check("missing-tag", refusal(container("web", "registry.example.com/shop/web:1.44") + "," +
                               container("proxy", "registry.example.com/shop/proxy:v3")));
}

TEST_F(Refusals, APrivateImageWithoutPullSecrets) {
  answer("registry.example.com/v2/team/private/manifests/1",
         refused(401, "UNAUTHORIZED", "authentication required", {{"WWW-Authenticate", "Basic realm=\"r\""}}));
  log_in({"shop", "builder", {}});
  check("private-image",
        refusal(container("web", "registry.example.com/team/private:1"), R"("serviceAccountName":"builder",)"));
}

TEST_F(Refusals, APullSecretThatIsNotEnough) {
  answer("registry.example.com/v2/team/private/manifests/1",
         refused(403, "DENIED", "requested access to the resource is denied"));
  log_in({"shop", "", {"regcred"}}, "pull secret regcred");
  check("refused-secret", refusal(container("web", "registry.example.com/team/private:1"),
                                  R"("imagePullSecrets":[{"name":"regcred"}],)"));
}

TEST_F(Refusals, RulesWithTheLinesToWrite) {
  use_rules(R"(
- {name: our-registries, require: {registry: [docker.io, "registry.example.com"]}, action: deny, message: have it copied to registry.example.com.}
- {preset: strict})");
  answer("registry-1.docker.io/v2/library/nginx/manifests/latest",
         respond(200, {{"Content-Type", "application/vnd.oci.image.index.v1+json"},
                       {"Docker-Content-Digest", "sha256:" + std::string(64, '1')}}));
  log_in({"shop", "", {}});
  check("rules", refusal(container("web", "nginx:latest") + "," + container("tool", "quay.io/acme/tool:latest")));
}

TEST_F(Refusals, ARegistryOnLoopback) {
  log_in({"shop", "", {}});
  check("loopback", refusal(container("web", "localhost:5000/shop/web:dev")));
}

TEST_F(Refusals, ARegistryThatDoesNotResolve) {
  http::curl_outcome no_such_host;
  no_such_host.code = CURLE_COULDNT_RESOLVE_HOST;
  no_such_host.endpoint = "registry.exmaple.com:443";
  http.reply("HEAD https://registry.exmaple.com/*", fail(http::from_curl(no_such_host)));
  log_in({"shop", "", {}});
  check("no-such-host", refusal(container("web", "registry.exmaple.com/shop/web:1")));
}

TEST_F(Refusals, ARegistryThatMayNotBeUsed) {
  options.allow = {"registry.example.com"};
  log_in({"shop", "", {}});
  check("other-registry", refusal(container("web", "ghcr.io/acme/web:1")));
}

TEST_F(Refusals, AnImageThatIsNotInTheLockFile) {
  lock = std::make_shared<resolve::image_lock>();
  log_in({"shop", "", {}});
  check("not-locked", refusal(container("web", "registry.example.com/shop/web:1.44")));
}

}  // namespace
}  // namespace pinhook::testing
