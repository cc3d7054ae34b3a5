// Rules that change while requests come in: every answer follows one whole set of rules; an invalid configuration is
// never used in any.
#include "support/serve_process.hpp"

#include <pinhook/base/log.hpp>
#include <pinhook/config/configuration_source.hpp>
#include <pinhook/webhook/webhook.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Counts the answers that many threads get.
class tally {
 public:
  void add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    seen_.insert(text);
    changed_.notify_all();
  }
  // Until there are that many more; false when that takes a minute.
  bool wait_for(std::size_t more) {
    std::unique_lock lock(mutex_);
    const std::size_t wanted = seen_.size() + more;
    return changed_.wait_for(lock, program::patience, [&] { return seen_.size() >= wanted; });
  }
  std::multiset<std::string> all() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::string> seen_;
};

class ReloadUnderLoad : public ::testing::Test {
 protected:
  ReloadUnderLoad() {
    // A line for each denial would be most of the work.
    log::configure({.least = log::level::error, .shape = std::nullopt});
    registry_.on("HEAD", "/v2/a/manifests/1", digest_reply());
    const auto leaf = authority_.issue({});
    write_rules("one");
    config::configuration_choice choice;
    choice.file = file_;
    const environment all{{"PINHOOK_LISTEN", "127.0.0.1:0"},
                          {"PINHOOK_ADMIN_LISTEN", "127.0.0.1:0"},
                          {"PINHOOK_THREADS", "2"},
                          {"PINHOOK_SHUTDOWN_DELAY", "0s"},
                          {"PINHOOK_PULL_SECRETS_MODE", "off"},
                          {"PINHOOK_CLOUDS", "[]"},
                          {"PINHOOK_REGISTRIES", "{\"" + registry_.host() + "\": {}}"}};
    auto from = config::open_configuration(choice, all);
    EXPECT_TRUE(from) << from.error().message;
    const auto found = from->settings(from->text);
    EXPECT_TRUE(found) << found.error().message;
    hook_.emplace(control_, found->values, environment(), *std::move(from));
    const auto started = hook_->start(pinhook::key_pair{leaf.certificate, secret(leaf.key)});
    EXPECT_TRUE(started) << started.error().message;
    serving_ = std::thread([this] { control_.run(); });
  }
  ~ReloadUnderLoad() override {
    asio::co_spawn(control_, hook_->stop(), [this](const std::exception_ptr&) { control_.stop(); });
    serving_.join();
    hook_.reset();
    log::configure({});
  }

  // Two rules, both of which every image of this test breaks, among others that do not match.
  void write_rules(const std::string& name) {
    std::string text = "rules:\n";
    for (int i = 0; i < 100; ++i)
      text += "  - {name: other-" + std::to_string(i) + ", images: [\"ghcr.io/team-" + std::to_string(i) +
              "/**\"], require: digest, action: deny}\n";
    text += "  - {name: " + name + "-registry, require: {registry: [docker.io]}, action: deny}\n" +
            "  - {name: " + name + "-policy, require: {pull-policy: [Always]}, action: deny}\n";
    file_ = files_.write("pinhook.yaml", text).string();
  }

  // Reloads on the thread of other reloads. The reason when the file is invalid; "" when nothing has changed.
  std::string reload() {
    std::promise<std::string> done;
    asio::post(control_, [&] {
      const auto changed = hook_->reload_if_changed();
      done.set_value(!changed ? changed.error().message : *changed ? "taken" : "");
    });
    return done.get_future().get();
  }

  // "one" or "two" for a denial by both rules of that set and no others; else the answer.
  std::string ask(https_client& c) const {
    const auto r = c.ask(request_);
    if (!r) return "no answer";
    if (r->status != 200) return std::to_string(r->status) + " " + r->body;
    const auto answer = demo::read_answer(r->body, "the-uid", object_);
    if (!answer) return answer.error().message;
    if (answer->allowed) return "allowed";
    for (const std::string name : {"one", "two"}) {
      const std::string other = name == "one" ? "two" : "one";
      if (answer->message.contains("2 findings:\n") && answer->message.contains("rule " + name + "-registry: ") &&
          answer->message.contains("rule " + name + "-policy: ") && !answer->message.contains("rule " + other))
        return name;
    }
    return answer->message;
  }

  std::string metrics() const {
    https_client c(hook_->admin_at().port, {.tls = false});
    const auto r = c.ask(get("/metrics"));
    return r ? r->body : "no answer";
  }

  certificate_authority authority_;
  temporary_directory files_;
  std::string file_;
  scripted_server registry_;
  std::string object_ = demo::make_deployment("d", 1, {{"web", registry_.host() + "/a:1"}});
  std::string request_ = post("/v1/pin/enforce?timeout=10s", demo::make_review("the-uid", object_, {}));
  asio::io_context control_{1};
  std::optional<webhook::webhook> hook_;
  std::thread serving_;
};

TEST_F(ReloadUnderLoad, EveryAnswerIsThatOfOneWholeSet) {
  constexpr int rounds = 30;
  // Answers that come at least between two changes.
  constexpr std::size_t between = 8;
  const std::array<std::string, 5> bad{"", "rules: [{name: three, require: tag",
                                       "rules: [{name: three, images: [\"a b\"], pin: never}]\n",
                                       "rules: [{preset: mild}]\n", "rulez: []\n"};
  tally answers;
  std::atomic<bool> ends{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      https_client c(hook_->listens_at().port);
      while (!ends) answers.add(ask(c));
    });

  https_client own(hook_->listens_at().port);
  int taken = 0;
  int refused = 0;
  for (int i = 0; i < rounds; ++i) {
    EXPECT_TRUE(answers.wait_for(between));
    const std::string name = i % 2 == 0 ? "two" : "one";
    write_rules(name);
    reload();
    ++taken;
    EXPECT_EQ(ask(own), name) << "a request that comes after the change";
    EXPECT_TRUE(answers.wait_for(between));
    if (i % 7 == 6)
      std::filesystem::remove(file_);
    else
      files_.write("pinhook.yaml", bad[static_cast<std::size_t>(i) % bad.size()]);
    EXPECT_NE(reload(), "taken") << i;
    ++refused;
    EXPECT_EQ(ask(own), name) << "the rules from before the bad file stay";
  }
  ends = true;
  for (auto& client : clients) client.join();

  const auto all = answers.all();
  EXPECT_THAT(std::set<std::string>(all.begin(), all.end()), ElementsAre("one", "two"));
  EXPECT_GE(all.size(), 2 * rounds * between);
  const std::string text = metrics();
  EXPECT_THAT(text,
              HasSubstr("pinhook_configuration_reloads_total{result=\"success\"} " + std::to_string(taken) + "\n"));
  EXPECT_THAT(text,
              HasSubstr("pinhook_configuration_reloads_total{result=\"failure\"} " + std::to_string(refused) + "\n"));
  EXPECT_THAT(text, HasSubstr("pinhook_configuration_current 0\n"));
  EXPECT_THAT(text, HasSubstr("pinhook_rules 102\n"));
}

}  // namespace
}  // namespace pinhook::testing
