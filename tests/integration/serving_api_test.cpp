// The serving certificate's Secret and webhook configuration through the real client and an API server over TLS.
#include "support/fake_api_server.hpp"
#include "support/run.hpp"

#include <pinhook/base/process.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/kube/cluster.hpp>
#include <pinhook/kube/find_cluster.hpp>
#include <pinhook/kube/serving_api_client.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::fake_api_server;
using ::testing::HasSubstr;
using ::testing::Not;
using texts = std::map<std::string, std::string>;

const std::string ns = "pinhook";
const std::string secret_name = "pinhook-serving-certificate";

http::curl_client_options unguarded() {
  http::curl_client_options out;
  out.guards_addresses = false;
  return out;
}

struct ServingApi : ::testing::Test {
  testing::temporary_directory files;
  fake_api_server server;
  asio::io_context io{1};
  http::curl_client http{io, unguarded()};
  std::unique_ptr<serving_api_client> api;

  ServingApi() {
    server.allow_serving_certificate();
    const auto found = find_cluster(server.write_kubeconfig(files.path()), {});
    EXPECT_TRUE(found);
    login_options login;
    login.hold_failure = 0s;
    api = std::make_unique<serving_api_client>(
        std::make_shared<api_connection>(http, *found, machine_processes(), io.get_executor(), machine_clock(), login));
  }

  static deadline soon() { return deadline::after(std::chrono::steady_clock::now(), 30s); }
  result<stored_secret> get() { return testing::run_on(io, api->get_stored(ns, secret_name, soon())); }
  result<bool> create(const std::string& text) {
    return testing::run_on(io, api->create_stored(ns, secret_name, data(text), soon()));
  }
  result<bool> update(const std::string& version, const std::string& text) {
    stored_secret with{version, data(text)};
    return testing::run_on(io, api->update_stored(ns, secret_name, std::move(with), soon()));
  }
  result<webhook_registration> registration() { return testing::run_on(io, api->get_registration("pinhook", soon())); }
  result<bool> set(webhook_registration with) {
    return testing::run_on(io, api->set_bundles("pinhook", std::move(with), soon()));
  }
  static secret_data data(const std::string& text) {
    secret_data out;
    out.emplace("ca.crt", secret(text));
    return out;
  }
  [[nodiscard]] std::string stored() const {
    const auto now = server.secret(ns, secret_name);
    return now && now->contains("ca.crt") ? now->at("ca.crt") : "";
  }
};

TEST_F(ServingApi, CreatesASecretOnce) {
  const auto none = get();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, error_code::not_found);
  EXPECT_EQ(create("one"), result<bool>(true));
  const auto got = get();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->data.at("ca.crt").reveal(), "one");
  EXPECT_EQ(create("two"), result<bool>(false));
  EXPECT_EQ(stored(), "one");
}

TEST_F(ServingApi, ACreationThatIsAskedTwiceIsOne) {
  server.fail_times(1, "", 503, "{}");
  EXPECT_EQ(create("one"), result<bool>(true));
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[0].path, server.requests()[1].path);
  EXPECT_THAT(server.requests()[0].path, HasSubstr("?fieldManager=pinhook-"));
}

TEST_F(ServingApi, UpdatesTheVersionThatWasRead) {
  ASSERT_TRUE(create("one"));
  server.set_secret(ns, secret_name, "Opaque", {{"ca.crt", "one"}, {"old", "x"}});
  const auto first = get();
  ASSERT_TRUE(first);
  EXPECT_EQ(update(first->resource_version, "two"), result<bool>(true));
  EXPECT_EQ(server.secret(ns, secret_name), (texts{{"ca.crt", "two"}}));
  EXPECT_EQ(update(first->resource_version, "three"), result<bool>(false));
  EXPECT_EQ(stored(), "two");
  server.remove_secret(ns, secret_name);
  EXPECT_EQ(update(first->resource_version, "three"), result<bool>(false));
  EXPECT_EQ(stored(), "");
}

TEST_F(ServingApi, WritesBundlesAndNothingElse) {
  EXPECT_EQ(registration().error().code, error_code::not_found);
  server.set_registration("pinhook", {{"c", ""}, {"a", "theirs"}, {"b", ""}});
  const auto read = registration();
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->webhooks.size(), 3U);
  EXPECT_EQ(read->webhooks[1].ca_bundle, "theirs");
  EXPECT_EQ(set({read->resource_version, {{"c", "ours"}, {"b", "ours"}}}), result<bool>(true));
  const auto now = server.registration("pinhook");
  ASSERT_TRUE(now);
  std::string all;
  for (const auto& w : now->webhooks) all += w.name + "=" + w.ca_bundle + " ";
  EXPECT_EQ(all, "c=ours a=theirs b=ours ");
  EXPECT_EQ(set({read->resource_version, {{"c", "late"}}}), result<bool>(false));
  server.remove_registration("pinhook");
  EXPECT_EQ(set({read->resource_version, {{"c", "late"}}}), result<bool>(false));
}

TEST_F(ServingApi, SaysWhichRightIsMissing) {
  server.set_registration("pinhook", {{"a", ""}});
  struct sample {
    const char* verb;
    bool of_secret;
    std::function<error(ServingApi&)> ask;
    const char* text;
  };
  const sample samples[] = {
      {"get", true, [](ServingApi& t) { return t.get().error(); },
       "verb \"get\" on resource \"secrets\" in namespace pinhook (resourceName \"pinhook-serving-certificate\""},
      {"patch", true, [](ServingApi& t) { return t.create("x").error(); },
       "verbs \"create\" and \"patch\" on resource \"secrets\" in namespace pinhook (resourceName"},
      {"create", true, [](ServingApi& t) { return t.create("x").error(); },
       "verbs \"create\" and \"patch\" on resource \"secrets\" in namespace pinhook (resourceName"},
      {"patch", true, [](ServingApi& t) { return t.update("1", "x").error(); },
       "verb \"patch\" on resource \"secrets\""},
      {"get", false, [](ServingApi& t) { return t.registration().error(); },
       "a ClusterRole with verb \"get\" on resource \"mutatingwebhookconfigurations\" of apiGroup "
       "\"admissionregistration.k8s.io\" cluster-wide (resourceName \"pinhook\""},
      {"patch", false, [](ServingApi& t) { return t.set({"1", {{"a", "x"}}}).error(); },
       "verb \"patch\" on resource \"mutatingwebhookconfigurations\""},
  };
  for (const auto& one : samples) {
    const auto change = [&](bool allows) {
      const std::string resource = one.of_secret ? "secrets" : "mutatingwebhookconfigurations";
      const std::string where = one.of_secret ? ns : "";
      const std::string name = one.of_secret ? secret_name : "pinhook";
      allows ? server.allow(one.verb, resource, where, name) : server.forbid(one.verb, resource, where, name);
    };
    change(false);
    const error e = one.ask(*this);
    change(true);
    EXPECT_EQ(e.code, error_code::denied) << one.text;
    EXPECT_THAT(e.message, AllOf(HasSubstr("Kubernetes API: "), HasSubstr(one.text), HasSubstr("is forbidden")))
        << one.verb;
  }
}

TEST_F(ServingApi, FailuresArePassedOn) {
  server.set_registration("pinhook", {{"a", ""}});
  for (const auto& [status, code] :
       {std::pair{500U, error_code::unavailable}, std::pair{422U, error_code::invalid_input},
        std::pair{429U, error_code::rate_limited}, std::pair{200U, error_code::malformed}}) {
    server.fail("", status, R"({"kind":"Status","message":"said"})");
    EXPECT_EQ(get().error().code, code);
    EXPECT_EQ(registration().error().code, code);
    if (status == 200) continue;  // the body of a write's success says nothing that we need
    EXPECT_EQ(create("hunter2").error().code, code);
    EXPECT_EQ(update("1", "hunter2").error().code, code);
    EXPECT_EQ(set({"1", {}}).error().code, code);
    EXPECT_THAT(update("1", "hunter2").error().message, Not(HasSubstr("hunter2")));
  }
  // Only an API server tells whose 404 it is.
  server.fail("", 404, "<html>");
  EXPECT_EQ(update("1", "x").error().code, error_code::malformed);
  EXPECT_EQ(set({"1", {}}).error().code, error_code::malformed);
}

TEST_F(ServingApi, ChecksNames) {
  EXPECT_EQ(testing::run_on(io, api->get_stored("a.b", "x", soon())).error().code, error_code::invalid_input);
  EXPECT_EQ(testing::run_on(io, api->get_registration("a/b", soon())).error().code, error_code::invalid_input);
  EXPECT_EQ(testing::run_on(io, api->get_registration("", soon())).error().code, error_code::invalid_input);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace pinhook::kube
