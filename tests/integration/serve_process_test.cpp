// `pinhook serve` as a real process: TLS, probes, metrics, logs, signals, start-up failures, a changed certificate.
#include "support/serve_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ServeProcess, PinsOverTlsAndTellsOfIt) {
  start();
  https_client c(port_);
  const auto got = answer(c.ask(review_request()));
  EXPECT_TRUE(got.allowed);
  EXPECT_EQ(demo::images_of(got.object).at(0).image, registry_.host() + "/a@" + some_digest);

  EXPECT_THAT(admin("/readyz", 200), StartsWith("ready"));
  admin("/livez", 200);
  EXPECT_THAT(
      admin("/metrics", 200),
      AllOf(
          HasSubstr(R"(pinhook_admissions_total{dry_run="false",kind="Deployment",mode="enforce",outcome="pinned"} 1)"),
          HasSubstr(R"(pinhook_slots_total{outcome="pinned",source="registry"} 1)"),
          HasSubstr(R"(pinhook_cache_lookups_total{result="miss"} 1)"), HasSubstr("pinhook_cache_entries 1"),
          HasSubstr("pinhook_registry_requests_total{host=\"" + registry_.host() + "\",status=\"200\"} 1"),
          HasSubstr("pinhook_certificate_expiry_timestamp_seconds"), HasSubstr("pinhook_build_info{")));

  const auto line = json::parse(process_->wait_for_error_line("\"admission\""));
  ASSERT_TRUE(line);
  for (const auto& [key, value] : std::vector<std::pair<const char*, const char*>>{{"outcome", "pinned"},
                                                                                   {"mode", "enforce"},
                                                                                   {"operation", "CREATE"},
                                                                                   {"kind", "Deployment"},
                                                                                   {"namespace", "demo"},
                                                                                   {"name", "d"},
                                                                                   {"uid", "the-uid"}})
    EXPECT_EQ(json::find_string(*line, key), value) << key;
  const auto* images = json::find(*line, "images");
  ASSERT_TRUE(images != nullptr && images->IsArray() && images->Size() == 1);
  EXPECT_EQ(json::text_of((*images)[0]),
            "web: " + registry_.host() + "/a:1 -> " + registry_.host() + "/a@" + some_digest + " (registry)");
  ASSERT_NE(json::find(*line, "duration_ms"), nullptr);
  EXPECT_TRUE(json::find(*line, "duration_ms")->IsNumber());
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(ServeProcess, AsksOnceHoweverManyThreadsServe) {
  start();
  for (int i = 0; i < 8; ++i) {
    https_client c(port_);
    EXPECT_TRUE(answer(c.ask(review_request())).allowed);
  }
  EXPECT_EQ(registry_.requests("HEAD", "/v2/a/manifests/1").size(), 1U);
  EXPECT_EQ(end(), 0);
}

TEST_F(ServeProcess, AnswersWhatIsNoReviewWithTheRightStatus) {
  start();
  https_client c(port_);
  EXPECT_EQ(c.ask(get("/v1/pin/enforce"))->status, 405U);
  EXPECT_EQ(https_client(port_).ask(get("/nothing"))->status, 404U);
  EXPECT_EQ(https_client(port_).ask(post("/v1/pin/enforce", "{}", "text/plain"))->status, 415U);
  const auto bad = https_client(port_).ask(post("/v1/pin/enforce", "{}"));
  EXPECT_EQ(bad->status, 400U);
  EXPECT_THAT(process_->wait_for_error_line("\"admission\""), HasSubstr("bad_request"));
  EXPECT_EQ(end(), 0);
}

TEST_F(ServeProcess, EachModeHasItsPath) {
  registry_.on("HEAD", "/v2/a/manifests/1", {.status = 404});
  registry_.on("GET", "/v2/a/manifests/1", {.status = 404});
  start();
  https_client c(port_);
  EXPECT_FALSE(answer(c.ask(review_request("/v1/pin/enforce"))).allowed);
  const auto easy = answer(c.ask(review_request("/v1/pin/best-effort")));
  EXPECT_TRUE(easy.allowed);
  EXPECT_EQ(easy.warnings.size(), 1U);
  EXPECT_TRUE(answer(c.ask(review_request("/v1/pin/audit"))).allowed);
  EXPECT_EQ(end(), 0);
}

TEST_F(ServeProcess, AnswersBeforeTheApiServerGivesUp) {
  registry_.on("HEAD", "/v2/a/manifests/1", {.act = behaviour::hang});
  start();
  https_client c(port_);
  const auto got = answer(c.ask(review_request("/v1/pin/enforce?timeout=1s")));
  EXPECT_FALSE(got.allowed);
  EXPECT_EQ(registry_.requests().size(), 1U) << "it answered without having asked";
  EXPECT_EQ(end(), 0) << process_->errors();
}

TEST_F(ServeProcess, AnswersWhatIsUnderWayAtShutdown) {
  registry_.on("HEAD", "/v2/a/manifests/1", {.status = 200, .headers = digest_reply().headers, .act = behaviour::hang});
  start();
  https_client idle(port_);
  ASSERT_TRUE(idle.is_open());
  https_client c(port_);
  ASSERT_TRUE(c.send(review_request()));
  ASSERT_TRUE(registry_.wait_for_requests(1));
  process_->send(SIGTERM);
  process_->wait_for_error_line("shutting down");
  EXPECT_TRUE(idle.is_closed_by_peer());
  EXPECT_THAT(admin("/readyz", 503), StartsWith("draining"));
  EXPECT_FALSE(https_client(port_).is_open()) << "a new connection was taken";
  registry_.release();
  const auto response = c.receive();
  const auto got = answer(response);
  EXPECT_TRUE(got.allowed);
  EXPECT_EQ(got.operations, 3U);
  EXPECT_EQ(response->header("connection"), "close");
  EXPECT_EQ(process_->wait(), 0) << process_->errors();
}

TEST_F(ServeProcess, ServesOnWhileOthersLearnThatItGoes) {
  environment_.front() = "PINHOOK_SHUTDOWN_DELAY=5m";
  start();
  process_->send(SIGINT);
  process_->wait_for_error_line("shutting down");
  EXPECT_THAT(admin("/readyz", 503), StartsWith("draining"));
  https_client c(port_);
  const auto response = c.ask(review_request());
  EXPECT_TRUE(answer(response).allowed);
  EXPECT_EQ(response ? response->header("connection") : "", "close") << "callers are to go where the others are";
  process_->send(SIGINT);
  EXPECT_EQ(process_->wait(), 1) << "a second signal ends it at once";
}

TEST_F(ServeProcess, TakesAChangedCertificateWithoutDroppingConnections) {
  environment_.emplace_back("PINHOOK_TLS_RELOAD_INTERVAL=100ms");
  start();
  https_client old(port_);
  EXPECT_EQ(old.peer_name(), "one");
  write_certificate("two");
  process_->wait_for_error_line("changed certificate is in use");
  EXPECT_EQ(https_client(port_).peer_name(), "two");
  EXPECT_TRUE(answer(old.ask(review_request())).allowed);

  files_.write("tls.crt", "no certificate");
  process_->wait_for_error_line("not used; the old one stays");
  EXPECT_EQ(https_client(port_).peer_name(), "two");
  EXPECT_THAT(admin("/metrics", 200), HasSubstr(R"(pinhook_certificate_reloads_total{result="failure"})"));
  EXPECT_EQ(end(), 0);
}

TEST_F(ServeProcess, AsksWithCredentialsAndNeverShowsThem) {
  const std::string password = "correct-horse-battery";
  // "robot:correct-horse-battery"
  files_.write("config.json",
               R"({"auths":{")" + registry_.host() + R"(":{"auth":"cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"}}})");
  environment_.push_back("DOCKER_CONFIG=" + files_.path().string());
  environment_.emplace_back("PINHOOK_LOG_LEVEL=debug");
  registry_.handle("HEAD", "/v2/a/manifests/1", [](const recorded_request& r) -> reply {
    if (r.header("Authorization") == "Basic cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5") return digest_reply();
    return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"r\""}}};
  });
  start();
  https_client c(port_);
  EXPECT_TRUE(answer(c.ask(review_request())).allowed);
  EXPECT_EQ(end(), 0);
  EXPECT_THAT(process_->errors(), AllOf(Not(HasSubstr(password)), Not(HasSubstr("cm9ib3Q6"))));
}

TEST_F(ServeProcess, SaysWhatIsWrongWithItsConfiguration) {
  const std::string file = files_.write("pinhook.yaml", "threads: 1\ntls:\n  certfile: x\n");
  const auto unknown = run_program(arguments({"--config", file}));
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(unknown.errors, "pinhook: " + file +
                                ": line 3, column 3: \"tls.certfile\": no such setting; did you mean tls.cert_file?\n");

  const auto variable = run_program(arguments(), {"PINHOOK_CACHE_TTL=soon"});
  EXPECT_EQ(variable.exit_code, 2);
  EXPECT_THAT(variable.errors, HasSubstr("PINHOOK_CACHE_TTL: \"soon\" is not a duration"));

  const auto missing = run_program(arguments({"--config", file + ".none"}));
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.errors, HasSubstr("cannot read the configuration"));

  const auto flag = run_program(arguments({"--port", "1"}));
  EXPECT_EQ(flag.exit_code, 2);
  EXPECT_THAT(flag.errors, HasSubstr("--port"));
}

TEST_F(ServeProcess, SaysWhatKeepsItFromStarting) {
  const auto none = run_program({"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("no certificate"));

  const std::string taken = registry_.host();
  for (const char* flag : {"--listen", "--admin-listen"}) {
    auto words = arguments();
    *std::next(std::find(words.begin(), words.end(), flag)) = taken;
    const auto port = run_program(words);
    EXPECT_EQ(port.exit_code, 1);
    EXPECT_THAT(port.errors, HasSubstr("cannot listen on " + taken));
  }

  const auto other_key = files_.write("tls.key", authority_.issue().key);
  const auto key = run_program(arguments());
  EXPECT_EQ(key.exit_code, 2);
  EXPECT_THAT(key.errors, HasSubstr(other_key.string()));

  const auto credentials = run_program(arguments(), {"PINHOOK_DOCKER_CONFIG=/nowhere/config.json"});
  EXPECT_EQ(credentials.exit_code, 1);
  EXPECT_THAT(credentials.errors, HasSubstr("/nowhere/config.json"));
}

// In a cluster the kubelet sets variables for the Services beside it.
TEST_F(ServeProcess, RefusesVariablesOfNoSettingButNotThoseOfServices) {
  environment_.insert(environment_.end(), {"PINHOOK_SERVICE_HOST=10.0.0.1", "PINHOOK_PORT_443_TCP_ADDR=10.0.0.1",
                                           "PINHOOK_METRICS_PORT=tcp://10.0.0.2:9090"});
  const auto refused = run_program(arguments(), {"PINHOOK_TREADS=2"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.errors, HasSubstr("PINHOOK_TREADS: no such setting; did you mean PINHOOK_THREADS?"));
  start();
  EXPECT_EQ(end(), 0);
}

TEST_F(ServeProcess, WarnsOfAProxyWithoutAListOfRegistries) {
  environment_.emplace_back("HTTPS_PROXY=http://127.0.0.1:1");
  start();
  EXPECT_THAT(process_->errors(), HasSubstr("registry.allow"));
  EXPECT_EQ(end(), 0);
  environment_.emplace_back("PINHOOK_REGISTRY_ALLOW=[\"127.0.0.1:*\"]");
  start();
  EXPECT_THAT(process_->errors(), Not(HasSubstr("registry.allow")));
  EXPECT_EQ(end(), 0);
}

TEST_F(ServeProcess, SaysWhatIsWrongWithPlacesOfCredentials) {
  const auto kube = run_program(arguments(), {"PINHOOK_KUBECONFIG=/nowhere/kubeconfig"});
  EXPECT_EQ(kube.exit_code, 2);
  EXPECT_THAT(kube.errors, HasSubstr("/nowhere/kubeconfig"));
  const auto none = run_program(arguments(), {"PINHOOK_PULL_SECRETS_MODE=on"});
  EXPECT_NE(none.exit_code, 0);
  EXPECT_THAT(none.errors, HasSubstr("Kubernetes API"));
  const auto plugins = run_program(arguments(), {"PINHOOK_PLUGINS_CONFIG=/nowhere/plugins.yaml"});
  EXPECT_NE(plugins.exit_code, 0);
  EXPECT_THAT(plugins.errors, HasSubstr("/nowhere/plugins.yaml"));
  const auto rule = run_program(arguments(), {"PINHOOK_REGISTRY_DENY=[\"https://x\"]"});
  EXPECT_EQ(rule.exit_code, 2);
  EXPECT_THAT(rule.errors, HasSubstr("registry.deny"));
  const auto text = run_program(arguments(), {"DOCKER_AUTH_CONFIG={"});
  EXPECT_EQ(text.exit_code, 2);
  EXPECT_THAT(text.errors, HasSubstr("DOCKER_AUTH_CONFIG"));
}

TEST_F(ServeProcess, PrintsTheSettingsInEffect) {
  const std::string file = files_.write("pinhook.yaml", "threads: 7\nlog: {level: debug}\nnamespace: mine\n");
  const auto first = run_program(arguments({"--config", file, "--print-config"}), {"PINHOOK_NAMESPACE=yours"});
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_THAT(first.output,
              AllOf(HasSubstr("threads: 2\n"), HasSubstr("namespace: \"yours\"\n"), HasSubstr("level: debug\n")));
  const std::string printed = files_.write("printed.yaml", first.output);
  const auto second = run_program({"serve", "--print-config"}, {"PINHOOK_CONFIG=" + printed});
  EXPECT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_EQ(second.output, first.output);
}

}  // namespace
}  // namespace pinhook::testing
