// The console from the API server's answers to its own, over HTTP on loopback; time and waits are the test's.
#include <pinhook/console/console.hpp>

#include "shown_cluster.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/https_client.hpp"

#include <pinhook/kube/cluster.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::console {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using pinhook::testing::respond;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string server_url = "https://k8s.example";
const std::string pods = "/api/v1/pods";
const std::string deployments = "/apis/apps/v1/deployments";

struct Console : ::testing::Test {
  pinhook::testing::fake_clock time;
  pinhook::testing::fake_http_client http{time};
  pinhook::testing::fake_process_runner processes;
  asio::io_context io{1};
  std::optional<console> one;
  /// What a watch of that path gives next, once.
  std::map<std::string, std::string> events;
  /// Objects by path.
  std::map<std::string, std::string> documents;
  /// The status of every answer about that path; none: 200.
  std::map<std::string, int> refused;

  // Lists by path; all others are empty.
  void serve(const std::map<std::string, std::string>& lists) {
    http.answer("GET " + server_url + "/*", [this, lists](const http::request& r) -> result<http::response> {
      const std::string target = r.url.substr(server_url.size());
      const std::string path = target.substr(0, target.find('?'));
      if (const auto found = refused.find(path); found != refused.end())
        return respond(found->second, {}, R"({"kind":"Status","message":"no"})");
      if (const auto found = documents.find(path); found != documents.end()) return respond(200, {}, found->second);
      if (path == "/apis") return respond(200, {}, R"({"groups":[]})");
      if (target.find("watch=true") != std::string::npos) return respond(200, {}, std::exchange(events[path], {}));
      const auto items = lists.find(path);
      return respond(200, {},
                     fmt::format(R"({{"metadata":{{"resourceVersion":"1"}},"items":[{}]}})",
                                 items == lists.end() ? "" : items->second));
    });
  }

  /// Changes what it is started with.
  std::function<void(console_options&)> adjust = [](console_options&) {};

  void start(manifest_lookup lookup = nullptr) {
    kube::cluster where;
    where.server = server_url;
    where.origin = "the test's cluster";
    where.login = secret("Bearer ours");
    wait_seams seams;
    seams.random = [] { return 0.5; };
    // Each wait passes at once, after everybody else had a turn, and the clock stands still.
    seams.sleep = [](std::chrono::nanoseconds) -> awaitable<void> {
      auto executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
    };
    auto to = std::make_shared<kube::api_connection>(http, where, processes, io.get_executor(), time,
                                                     kube::login_options(), seams);
    console_options options;
    options.listen = *server::parse_address("127.0.0.1:0");
    options.engine = engine_options_of(lookup != nullptr);
    options.history = memory();
    options.registries.lookup = std::move(lookup);
    options.seams = seams;
    adjust(options);
    one.emplace(io, std::move(options), std::move(to), time);
    const auto ok = one->start();
    ASSERT_TRUE(ok) << ok.error().message;
  }

  void TearDown() override {
    if (!one) return;
    bool has_stopped = false;
    asio::co_spawn(io, one->stop(), [&](const std::exception_ptr&) { has_stopped = true; });
    run_until([&] { return has_stopped; });
    one.reset();
  }

  void run_until(const std::function<bool()>& holds) {
    io.restart();
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!holds() && io.run_one() != 0)
      if (std::chrono::steady_clock::now() > end) FAIL() << "it never came";
  }

  const namespace_view* of(const std::string& ns) {
    const auto view = one->view();
    const auto found = view->namespaces.find(ns);
    return found == view->namespaces.end() ? nullptr : found->second.get();
  }

  std::vector<std::string> troubles() {
    std::vector<std::string> out;
    for (const trouble& each : one->state().troubles) out.push_back(each.text);
    return out;
  }

  pinhook::testing::received_response get(const std::string& target, const std::string& more = "Host: localhost") {
    std::optional<pinhook::testing::received_response> out;
    bool has_come = false;
    std::thread asking([&, port = one->listens_at().port] {
      pinhook::testing::https_client client(port, {.tls = false});
      out = client.ask("GET " + target + " HTTP/1.1\r\n" + more + "\r\n\r\n");
      asio::post(io, [&] { has_come = true; });
    });
    run_until([&] { return has_come; });
    asking.join();
    EXPECT_TRUE(out) << target;
    return out.value_or(pinhook::testing::received_response());
  }
};

TEST_F(Console, ShowsWhatIsListedAndWhatChanges) {
  serve({{deployments, deployment("shop", "web", "nginx")}});
  start();
  EXPECT_FALSE(one->state().is_complete);
  EXPECT_EQ(of("shop"), nullptr);
  run_until([&] { return one->state().is_complete; });
  EXPECT_EQ(get("/readyz").status, 200U);
  ASSERT_NE(of("shop"), nullptr);
  EXPECT_EQ(of("shop")->rows.at(0).row.image, "nginx");
  events[deployments] =
      fmt::format("{{\"type\":\"MODIFIED\",\"object\":{}}}\n", deployment("shop", "web", "nginx:1.25"));
  run_until([&] { return of("shop")->rows.at(0).row.image == "nginx:1.25"; });
  events[deployments] =
      fmt::format("{{\"type\":\"DELETED\",\"object\":{}}}\n", deployment("shop", "web", "nginx:1.25"));
  run_until([&] { return of("shop") == nullptr; });
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(Console, AnswersWithHeadersThatLetABrowserRunNothingElse) {
  serve({{deployments, deployment("shop", "web", "nginx")}});
  start();
  run_until([&] { return one->state().is_complete; });
  for (const auto* target :
       {"/", "/console.js", "/console.css", "/api/v1/overview", "/api/v1/console", "/api/v1/entities", "/api/v1/images",
        "/api/v1/rules", "/api/v1/entities/shop/apps/Deployment/web", "/metrics", "/livez", "/healthz", "/readyz"}) {
    const auto got = get(target);
    EXPECT_EQ(got.status, 200U) << target;
    EXPECT_THAT(got.header("content-security-policy"),
                AllOf(HasSubstr("default-src 'none'"), HasSubstr("frame-ancestors 'none'"), Not(HasSubstr("unsafe"))))
        << target;
    EXPECT_EQ(got.header("x-content-type-options"), "nosniff") << target;
    EXPECT_EQ(got.header("cache-control"), "no-store") << target;
  }
  EXPECT_EQ(get("/api/v1/entities?state=odd").status, 400U);
  EXPECT_EQ(get("/api/v1/entities/shop/apps/Deployment/none").status, 404U);
  EXPECT_EQ(get("/api/v1/none").status, 404U);
  EXPECT_EQ(get("/api/v1/overview", "Host: evil.example").status, 421U);
}

TEST_F(Console, SaysWhatItMayNotRead) {
  serve({{deployments, deployment("shop", "web", "nginx")}});
  refused[pods] = 403;
  start();
  run_until([&] { return one->state().is_complete; });
  EXPECT_THAT(troubles(), Contains(HasSubstr("verb \"list\" on resource \"pods\"")));
  EXPECT_FALSE(one->state().behind_since);
  EXPECT_NE(of("shop"), nullptr);
}

TEST_F(Console, StaysWithWhatItHasWhenTheApiServerIsAway) {
  serve({{deployments, deployment("shop", "web", "nginx")}});
  start();
  run_until([&] { return one->state().is_complete; });
  refused[deployments] = 503;
  run_until([&] { return one->state().behind_since.has_value(); });
  EXPECT_NE(of("shop"), nullptr);
  EXPECT_THAT(troubles(), Contains(HasSubstr("deployments")));
  EXPECT_THAT(get("/api/v1/overview").body, HasSubstr("\"behind_since\":\""));
  refused.clear();
  run_until([&] { return !one->state().behind_since.has_value(); });
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(Console, WatchesTheNamespacesThatAreNamed) {
  serve({{deployments, deployment("hidden", "web", "nginx")},
         {"/apis/apps/v1/namespaces/shop/deployments", deployment("shop", "web", "nginx")},
         {"/apis/apps/v1/namespaces/lab/deployments", deployment("lab", "web", "busybox")}});
  documents["/api/v1/namespaces/shop"] = R"({"metadata":{"name":"shop","labels":{"pinhook.dev/pin":"enforce"}}})";
  refused["/api/v1/namespaces/lab"] = 403;
  refused["/api/v1/namespaces/none"] = 404;
  adjust = [](console_options& to) { to.namespaces = {"shop", "lab", "none"}; };
  start();
  run_until([&] { return one->state().is_complete; });
  EXPECT_EQ(of("hidden"), nullptr);
  ASSERT_NE(of("shop"), nullptr);
  EXPECT_EQ(of("shop")->mode, "enforce");
  ASSERT_NE(of("lab"), nullptr);
  EXPECT_EQ(of("lab")->mode, "unknown");
  EXPECT_THAT(troubles(), Contains(HasSubstr("namespace none not found")));
  for (const trouble& each : one->state().troubles) EXPECT_THAT(each.ns, AnyOf("lab", "none")) << each.text;
  EXPECT_THAT(troubles(), Contains(HasSubstr("verb \"get\" on resource \"namespaces\"")));
  EXPECT_FALSE(one->state().behind_since);
  // A label that changes is seen; the namespace has no watch.
  documents["/api/v1/namespaces/shop"] = R"({"metadata":{"name":"shop"}})";
  run_until([&] { return of("shop")->mode == "none"; });
  EXPECT_THAT(get("/api/v1/overview").body, HasSubstr(R"("namespaces":["shop","lab","none"])"));
}

TEST_F(Console, ShowsTheWorkloadsOfASelector) {
  const auto labelled = [](const std::string& name, const std::string& app) {
    return pinhook::testing::workload_text(metadata_text("shop", name, {}, R"(,"labels":{"app":")" + app + R"("})"),
                                           {{"web", name + ":1"}});
  };
  serve({{deployments, labelled("web", "web") + "," + labelled("db", "db")}});
  adjust = [](console_options& to) {
    to.engine.selector = *fleet::label_selector::parse("app=web");
    to.selector_text = "app=web";
  };
  start();
  run_until([&] { return one->state().is_complete; });
  ASSERT_EQ(of("shop")->rows.size(), 1U);
  EXPECT_EQ(of("shop")->rows.at(0).row.image, "web:1");
  EXPECT_THAT(get("/api/v1/overview").body, HasSubstr(R"("selector":"app=web")"));
}

TEST_F(Console, AsksRegistriesOnce) {
  serve({{deployments, deployment("shop", "web", "nginx:1.25") + "," + deployment("lab", "web", "nginx:1.25")}});
  std::atomic<int> asked = 0;
  start([&](const std::vector<registry::reference>& refs) {
    std::vector<result<fleet::manifest>> out;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      ++asked;
      out.emplace_back(fleet::manifest{*registry::digest::parse(digest_text('e')), {}});
    }
    return out;
  });
  const auto is_known = [&](const std::string& ns) { return of(ns) != nullptr && of(ns)->rows.at(0).row.tag_digest; };
  run_until([&] { return is_known("shop") && is_known("lab"); });
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(one->state().references, 1U);
  EXPECT_EQ(one->state().unasked, 0U);
  EXPECT_EQ(one->state().failed, 0U);
}

TEST_F(Console, ShowsTheLinesOfAnObject) {
  serve({{deployments, deployment("shop", "web", "nginx") + "," + deployment("shop", "away", "nginx")},
         {pods, pod("lab", "x-1", "x", "nginx", 'a')}});
  const std::string path = "/apis/apps/v1/namespaces/shop/deployments/web";
  documents[path] = deployment("shop", "web", "nginx");
  refused["/apis/apps/v1/namespaces/shop/deployments/away"] = 404;
  start();
  run_until([&] { return one->state().is_complete; });
  const auto got = get("/api/v1/objects/shop/apps/Deployment/web");
  EXPECT_EQ(got.status, 200U);
  EXPECT_THAT(got.body, HasSubstr(R"("          image: nginx")"));
  EXPECT_THAT(got.body, HasSubstr(R"("places":[{"pointer":"/spec/template/spec/containers/0/image","line":)"));
  // One that is gone, one that the view does not have, and one of which only Pods are known.
  for (const auto* name : {"shop/apps/Deployment/away", "shop/apps/Deployment/none", "lab/apps/Deployment/x"})
    EXPECT_EQ(get("/api/v1/objects/" + std::string(name)).status, 404U) << name;
  EXPECT_EQ(get("/api/v1/objects/shop").status, 400U);
  EXPECT_EQ(get("/api/v1/objects/shop/apps/Deployment/web", "Host: evil.example").status, 421U);
  documents.erase(path);
  refused[path] = 403;
  EXPECT_EQ(get("/api/v1/objects/shop/apps/Deployment/web").status, 503U) << "the console lacks the right";
}

TEST_F(Console, MakesRowsOfTheFirstAnswersTogether) {
  serve({{deployments, deployment("shop", "a", "nginx:1") + "," + deployment("shop", "b", "nginx:2") + "," +
                           deployment("shop", "c", "nginx:3")}});
  adjust = [](console_options& to) { to.registries.batch = 1; };
  std::atomic<int> asked = 0;
  start([&](const std::vector<registry::reference>& refs) {
    asked += static_cast<int>(refs.size());
    return std::vector<result<fleet::manifest>>(refs.size(),
                                                fleet::manifest{*registry::digest::parse(digest_text('e')), {}});
  });
  const auto known = [&] {
    return of("shop") == nullptr ? 0 : std::ranges::count_if(of("shop")->rows, [](const shown_row& each) {
      return each.row.tag_digest.has_value();
    });
  };
  run_until([&] { return known() > 0; });
  EXPECT_EQ(known(), 3) << "no round for each of the batches";
  EXPECT_EQ(asked, 3);
}

TEST_F(Console, RefusesAnAddressThatIsTaken) {
  serve({});
  start();
  console_options second;
  second.listen = one->listens_at();
  second.engine = engine_options_of(false);
  second.history = memory();
  kube::cluster where;
  where.server = server_url;
  console other(io, std::move(second),
                std::make_shared<kube::api_connection>(http, where, processes, io.get_executor(), time), time);
  const auto ok = other.start();
  ASSERT_FALSE(ok);
  EXPECT_THAT(ok.error().message, HasSubstr("--listen"));
}

}  // namespace
}  // namespace pinhook::console
