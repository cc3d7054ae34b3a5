// What registries and verifiers are asked, and what becomes of it in the rows; time and waits are the test's.
#include <pinhook/console/registry_feed.hpp>

#include "shown_cluster.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_credentials.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"

#include <pinhook/kube/cluster.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/server/task_group.hpp>
#include <pinhook/yaml/document.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace std::chrono_literals;
using pinhook::testing::respond;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr const char* server_url = "https://k8s.example";

// Two rules about signatures, each for one namespace.
pipeline::file_checks checks() {
  const auto root = yaml::parse(
      "[{name: own, namespaces: [shop], require: {signed: acme}, action: deny}, "
      "{name: theirs, namespaces: [lab], require: {signed: github}, action: warn}]",
      {});
  return pipeline::checks_with(*rules::read_rules(*root));
}

std::string pulling(const std::string& ns, const std::string& image) {
  return fmt::format(R"({{"metadata":{{"name":"web","namespace":"{}"}},"spec":{{"template":{{"spec":{{)"
                     R"("imagePullSecrets":[{{"name":"pull"}}],"containers":[{{"name":"web","image":"{}"}}]}}}}}}}})",
                     ns, image);
}

struct RegistryFeed : ::testing::Test {
  pinhook::testing::fake_clock time;
  pinhook::testing::fake_http_client http{time};
  pinhook::testing::fake_process_runner processes;
  asio::io_context io{1};
  std::optional<server::task_group> tasks;
  std::optional<registry_feed> feed;
  std::optional<row_engine> engine;
  registry_options options;
  std::vector<std::string> touched;
  fleet_view view;
  std::vector<rules::proof_request> asked;

  void start() {
    kube::cluster where;
    where.server = server_url;
    where.login = secret("Bearer ours");
    wait_seams seams;
    seams.random = [] { return 0.5; };
    seams.sleep = [](std::chrono::nanoseconds) -> awaitable<void> {
      auto executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
    };
    // Reads of secrets have deadlines of the machine's clock.
    auto to = std::make_shared<kube::api_connection>(http, where, processes, io.get_executor(), machine_clock(),
                                                     kube::login_options(), seams);
    if (!options.lookup)
      options.lookup = [](const std::vector<registry::reference>& refs) {
        return std::vector<result<fleet::manifest>>(refs.size(),
                                                    fleet::manifest{*registry::digest::parse(digest_text('e')), {}});
      };
    auto of_engine = engine_options_of();
    of_engine.checks = checks();
    of_engine.asks_verifiers = static_cast<bool>(options.prove);
    of_engine.reads_pull_secrets = options.secrets.has_value();
    engine.emplace(std::move(of_engine), nullptr);
    feed.emplace(std::move(to), io.get_executor(), time, options, seams,
                 [this](const std::string& ns) { touched.push_back(ns); });
    tasks.emplace(io.get_executor());
    tasks->spawn(feed->run());
  }

  void TearDown() override {
    if (!tasks) return;
    tasks->cancel();
    while (io.run_one_for(1s) != 0);
  }

  void round(const std::vector<std::string>& namespaces, const std::string& image) {
    engine_round next;
    next.now = day(0);
    for (const auto& ns : namespaces) next.namespaces.push_back(content(ns, "enforce", {pulling(ns, image)}, {}));
    feed->give(next);
    round_result made = engine->run(std::move(next));
    for (const auto& [ns, part] : made.namespaces) feed->use(ns, part);
    take(view, std::move(made));
    touched.clear();
  }

  void run_until_touched() {
    touched.clear();
    const auto end = std::chrono::steady_clock::now() + 30s;
    io.restart();
    while (touched.empty() && io.run_one() != 0) ASSERT_LT(std::chrono::steady_clock::now(), end) << "it never came";
  }

  void answer_verifiers(const std::function<result<rules::proof>(const rules::proof_question&)>& by) {
    options.prove = [this, by](const std::vector<rules::proof_request>& requests) {
      std::vector<rules::proofs> out;
      for (const auto& one : requests) {
        asked.push_back(one);
        rules::proofs& answers = out.emplace_back();
        for (const auto& question : one.questions) answers.emplace(question, by(question));
      }
      return result<std::vector<rules::proofs>>(std::move(out));
    };
  }

  [[nodiscard]] std::vector<std::string> findings(const std::string& ns) const {
    std::vector<std::string> out;
    for (const auto& one : view.namespaces.at(ns)->rows.at(0).row.findings)
      out.push_back(fmt::format("{} {}", pipeline::to_string(one.level), one.rule));
    return out;
  }
};

const std::string pinned = "ghcr.io/acme/web@" + digest_text('c');

TEST_F(RegistryFeed, VerdictsComeIntoRows) {
  std::string state = "refused";
  answer_verifiers([&](const rules::proof_question&) -> result<rules::proof> {
    if (state == "away") return fail(error_code::unavailable, "no connection");
    return rules::proof{.is_given = state == "good", .seen = 1};
  });
  start();
  round({"shop"}, pinned);
  EXPECT_THAT(findings("shop"), ElementsAre("note own")) << "nobody was asked yet";
  run_until_touched();
  EXPECT_THAT(touched, Contains("shop"));
  round({"shop"}, pinned);
  EXPECT_THAT(findings("shop"), ElementsAre("error own"));
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].image.written(), pinned);
  // A registry that is away takes no verdict back.
  state = "away";
  time.advance(2h);
  while (feed->images().failed() == 0 && io.run_one() != 0);
  ASSERT_THAT(asked, SizeIs(2));
  round({"shop"}, pinned);
  EXPECT_THAT(findings("shop"), ElementsAre("error own"));
  state = "good";
  time.advance(2h);
  run_until_touched();
  round({"shop"}, pinned);
  EXPECT_THAT(findings("shop"), IsEmpty());
  EXPECT_EQ(feed->images().failed(), 0U);
}

TEST_F(RegistryFeed, AsksOnceWithTheQuestionsOfAllNamespaces) {
  answer_verifiers(
      [](const rules::proof_question& q) { return rules::proof{.is_given = q.verifier == "acme", .seen = 1}; });
  start();
  round({"shop", "lab"}, pinned);
  run_until_touched();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_THAT(asked[0].questions, UnorderedElementsAre(Field(&rules::proof_question::verifier, "acme"),
                                                       Field(&rules::proof_question::verifier, "github")));
  round({"shop", "lab"}, pinned);
  EXPECT_THAT(findings("shop"), IsEmpty());
  EXPECT_THAT(findings("lab"), ElementsAre("warning theirs"));
  EXPECT_EQ(feed->images().size(), 1U);
  // Nobody has the image any more.
  round({"shop", "lab"}, "ghcr.io/acme/web@" + digest_text('d'));
  EXPECT_EQ(feed->images().unasked(), 1U);
}

TEST_F(RegistryFeed, AsksAboutATagByTheDigestThatItHas) {
  answer_verifiers([](const rules::proof_question&) { return rules::proof{.is_given = true}; });
  start();
  round({"shop"}, "ghcr.io/acme/web:1");
  EXPECT_EQ(feed->images().size(), 0U) << "no digest is known";
  run_until_touched();
  round({"shop"}, "ghcr.io/acme/web:1");
  EXPECT_EQ(feed->images().size(), 1U);
  run_until_touched();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].image.written(), "ghcr.io/acme/web:1@" + digest_text('e'));
}

TEST_F(RegistryFeed, TellsOfAVerifierThatCannotBeUsed) {
  int tries = 0;
  options.prove = [&](const std::vector<rules::proof_request>& requests) -> result<std::vector<rules::proofs>> {
    if (tries++ == 0) return fail(error_code::invalid_input, "verifier acme: key.pem cannot be read");
    return std::vector<rules::proofs>(requests.size(), {{{.verifier = "acme"}, rules::proof{.is_given = true}}});
  };
  start();
  round({"shop"}, pinned);
  run_until_touched();
  EXPECT_THAT(feed->troubles(), ElementsAre(Field(&trouble::text, HasSubstr("key.pem cannot be read"))));
  time.advance(2min);
  run_until_touched();
  EXPECT_THAT(feed->troubles(), ElementsAre());
  round({"shop"}, pinned);
  EXPECT_THAT(findings("shop"), IsEmpty());
}

TEST_F(RegistryFeed, AsksWithThePullSecretsOfThePods) {
  const std::string base = "GET " + std::string(server_url) + "/api/v1/namespaces/";
  http.reply(base + "shop/serviceaccounts/default",
             respond(200, {}, R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})"));
  // {"auths":{"ghcr.io":{"auth":"dTpw"}}}
  http.reply(
      base + "shop/secrets/pull",
      respond(
          200, {},
          R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"pull"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":)"
          R"("eyJhdXRocyI6eyJnaGNyLmlvIjp7ImF1dGgiOiJkVHB3In19fQ=="}})"));
  http.reply(base + "lab/*", respond(403, {}, R"({"kind":"Status","message":"no"})"));
  std::vector<std::size_t> matches;
  std::shared_ptr<registry::credential_source> used;
  auto own = pinhook::testing::fake_credentials::make("own");
  own->set("none", {});
  options.secrets = secret_lookup{
      .own = own, .use = [&](std::shared_ptr<registry::credential_source> all) { used = std::move(all); }};
  options.lookup = [&](const std::vector<registry::reference>& refs) {
    for (const auto& one : refs) matches.push_back(used->matches(one).size());
    return std::vector<result<fleet::manifest>>(refs.size(),
                                                fleet::manifest{*registry::digest::parse(digest_text('e')), {}});
  };
  start();
  round({"shop"}, "ghcr.io/acme/web:1");
  run_until_touched();
  EXPECT_THAT(matches, ElementsAre(1));
  for (const trouble& one : feed->troubles()) ADD_FAILURE() << one.text;
  round({"lab"}, "ghcr.io/acme/other:1");
  run_until_touched();
  EXPECT_THAT(matches, ElementsAre(1, 0));
  EXPECT_THAT(feed->troubles(), Contains(Field(&trouble::ns, "lab")));
}

// A namespace whose registry hangs delays no other's answers.
TEST_F(RegistryFeed, ARegistryThatHangsIsAskedApart) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  const auto answers = [](const std::vector<registry::reference>& refs) {
    return std::vector<result<fleet::manifest>>(refs.size(),
                                                fleet::manifest{*registry::digest::parse(digest_text('e')), {}});
  };
  options.lookup = answers;
  options.others.emplace().lookup = [=](const std::vector<registry::reference>& refs) {
    if (std::ranges::any_of(refs, [](const auto& one) { return one.registry() == "hang.example"; })) released.wait();
    return answers(refs);
  };
  start();
  tasks->spawn(feed->run_others());
  round({"shop"}, "ghcr.io/acme/web:1");
  run_until_touched();
  EXPECT_EQ(feed->references().unasked(), 0U);
  round({"lab"}, "hang.example/acme/web:1");
  while (!feed->references().is_asking(*registry::reference::parse("hang.example/acme/web:1")) && io.run_one() != 0);
  round({"shop"}, "ghcr.io/acme/web:2");
  // Rows are made of answers every ten seconds while others are missing.
  time.advance(10s);
  run_until_touched();
  EXPECT_THAT(touched, ElementsAre("shop"));
  EXPECT_EQ(feed->references().unasked(), 1U);
  release.set_value();
  run_until_touched();
  EXPECT_THAT(touched, ElementsAre("lab"));
}

TEST_F(RegistryFeed, ReadsNoSecretUnlessItIsToldTo) {
  start();
  round({"shop"}, "ghcr.io/acme/web:1");
  run_until_touched();
  EXPECT_THAT(http.requests(), IsEmpty());
  EXPECT_TRUE(view.namespaces.at("shop")->tenants.empty());
}

}  // namespace
}  // namespace pinhook::console
