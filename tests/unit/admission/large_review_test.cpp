// Large reviews are worked on aside: small ones are answered meanwhile, and the answers are the same as otherwise.
#include "support/handler_fixture.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/base/compute_thread.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::admission {
namespace {

using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using testing::review_of;

struct LargeReview : testing::handler_fixture {
  asio::io_context io{1};
  compute_thread aside{"aside"};
  std::promise<void> entered, open;
  std::optional<bool> gate_ended;
  std::string small = review_of(deployment(container("web", "nginx")));
  std::string large = review_with(400);

  LargeReview() {
    tags->holds("docker.io/library/nginx:latest", digest_of_digit('a'));
    for (int i = 0; i < 400; ++i)
      if (i % 3 != 0) tags->holds(fmt::format("docker.io/library/app:{}", i), digest_of_digit('b'));
  }

  static std::string object_with(int images) {
    std::string all;
    for (int i = 0; i < images; ++i)
      all += (i == 0 ? "" : ",") + container(fmt::format("c{}", i), fmt::format("app:{}", i));
    return deployment(all);
  }
  static std::string review_with(int images) { return review_of(object_with(images)); }

  std::unique_ptr<handler> make(compute_thread* on) const {
    return std::make_unique<handler>(tags, std::make_shared<registry::shared_credentials>(credentials),
                                     std::make_shared<const rulebook>(policy, rules), on);
  }

  static std::string replaced(std::string text, std::string_view from, std::string_view to) {
    return text.replace(text.find(from), from.size(), to);
  }

  // The thread is busy until `open`.
  void hold() {
    std::function<void()> work = [this] {
      entered.set_value();
      open.get_future().wait();
    };
    asio::co_spawn(io, aside.run("other", std::move(work)),
                   [this](const std::exception_ptr&, bool ran) { gate_ended = ran; });
    io.poll();
    entered.get_future().wait();
  }

  struct asked {
    asio::cancellation_signal cancel;
    std::exception_ptr thrown;
    std::optional<verdict> got;
  };
  using handler_fixture::ask;
  void ask(const handler& h, const std::string& body, asked& into, pin::mode mode = pin::mode::best_effort,
           deadline d = deadline::never()) {
    asio::co_spawn(io, h.handle(body, mode, d),
                   asio::bind_cancellation_slot(into.cancel.slot(), [&into](std::exception_ptr e, verdict v) {
                     into.thrown = std::move(e);
                     into.got = std::move(v);
                   }));
    io.restart();
    io.poll();
  }
};

TEST_F(LargeReview, ASmallOneIsAnsweredWhileItWaits) {
  const auto h = make(&aside);
  hold();
  asked first, second;
  ask(*h, large, first);
  ask(*h, small, second);
  ASSERT_TRUE(second.got);
  EXPECT_EQ(second.got->outcome, outcome::pinned);
  EXPECT_FALSE(first.got);
  EXPECT_EQ(aside.waiting(), 1U);
  open.set_value();
  io.run();
  ASSERT_TRUE(first.got);
  EXPECT_EQ(first.got->slots.size(), 400U);
}

// By images and by bytes.
TEST_F(LargeReview, IsOneOfManyImagesOrManyBytes) {
  const auto h = make(&aside);
  hold();
  std::vector<std::pair<std::string, bool>> table;
  table.emplace_back(review_with(static_cast<int>(max_small_images)), false);
  table.emplace_back(review_with(static_cast<int>(max_small_images) + 1), true);
  table.emplace_back(small + std::string(max_small_body - small.size(), ' '), false);
  table.emplace_back(small + std::string(max_small_body - small.size() + 1, ' '), true);
  table.emplace_back(review_of(deployment(container("a", "app:1")), object_with(100)), true);
  std::vector<std::unique_ptr<asked>> all;
  for (const auto& [body, is_large] : table) {
    all.push_back(std::make_unique<asked>());
    ask(*h, body, *all.back());
    EXPECT_EQ(all.back()->got.has_value(), !is_large) << body.size();
  }
  open.set_value();
  io.run();
  for (const auto& one : all) EXPECT_TRUE(one->got);
}

TEST_F(LargeReview, IsAnsweredAsItWouldBeWithoutThatThread) {
  std::string update = review_of(deployment(container("a", "app:1") + "," + container("b", "nginx")),
                                 deployment(container("a", "app:1") + "," + container("b", "nginx:1")));
  // Spaces behind a value are part of no value.
  std::string long_update = update + std::string(max_small_body, ' ');
  std::string shrunk = review_of(deployment(container("a", "app:1")), object_with(400));
  std::string no_json(max_small_body + 1, '[');
  std::string too_many = review_with(1001);
  std::string too_deep =
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1","kind":{)"
      R"("group":"example.com","version":"v1","kind":"Odd"},"operation":"CREATE","object":{"a":)" +
      std::string(300, '[') + std::string(300, ']') + "}}}";
  std::string just_small = review_with(static_cast<int>(max_small_images));
  std::string just_large = review_with(static_cast<int>(max_small_images) + 1);
  const auto with = make(&aside);
  const auto without = make(nullptr);
  for (std::string* body :
       {&large, &update, &long_update, &shrunk, &no_json, &too_many, &too_deep, &just_small, &just_large, &small}) {
    for (const auto mode : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
      const verdict a = testing::run(with->handle(*body, mode, deadline::never()));
      const verdict b = testing::run(without->handle(*body, mode, deadline::never()));
      EXPECT_EQ(a.http_status, b.http_status);
      EXPECT_EQ(a.body, b.body);
      EXPECT_EQ(a.outcome, b.outcome);
      EXPECT_EQ(a.name, b.name);
      EXPECT_EQ(a.slots.size(), b.slots.size());
    }
  }
}

// The mode decides, as about what is too large.
TEST_F(LargeReview, OnOneWhoseTurnDoesNotComeInTimeTheModeDecides) {
  const std::string why = "large requests were not worked on in time; try again";
  const std::string deny = "[{name: own, require: {registry: [ghcr.io]}, action: deny}]";
  struct row {
    pin::mode mode;
    std::string rules;
    std::string body;
    outcome expected;
    unsigned code;
    std::string message;
    std::vector<std::string> warnings;
  };
  const std::string system = replaced(large, R"("namespace":"shop")", R"("namespace":"kube-system")");
  const std::string removal = replaced(large, "CREATE", "DELETE");
  const std::vector<row> rows{
      {pin::mode::enforce, "[]", large, outcome::denied, 504, "pinhook cannot pin this object: " + why, {}},
      {pin::mode::best_effort, "[]", large, outcome::unchanged, 0, "", {"the object is not pinned: " + why}},
      {pin::mode::audit, deny, large, outcome::audited, 0, "", {"the object would not be pinned: " + why}},
      {pin::mode::best_effort,
       deny,
       large,
       outcome::denied,
       504,
       "pinhook cannot ask the rules about this object: " + why,
       {}},
      {pin::mode::enforce, "[]", system, outcome::unchanged, 0, "", {}},
      {pin::mode::enforce, "[]", removal, outcome::unchanged, 0, "", {}},
  };
  hold();
  for (const row& r : rows) {
    use_rules(r.rules);
    const auto h = make(&aside);
    asked late;
    ask(*h, r.body, late, r.mode, deadline::at(std::chrono::steady_clock::now()));
    while (!late.got) io.run_one();
    EXPECT_EQ(late.got->outcome, r.expected) << r.message;
    EXPECT_EQ(late.got->http_status, 200U);
    EXPECT_EQ(late.got->uid, "u-1");
    EXPECT_EQ(late.got->kind, "Deployment");
    show(*late.got);
    EXPECT_EQ(lines().empty() ? "" : lines().front(), r.message);
    EXPECT_EQ(warnings(), r.warnings);
    EXPECT_EQ(has("status") ? field("status")["code"].GetUint() : 0, r.code);
    EXPECT_FALSE(has("patch"));
  }
  open.set_value();
  io.restart();
  io.run();
  EXPECT_TRUE(tags->asked().empty());
}

// A body that API servers do not write: the uid comes too late.
TEST_F(LargeReview, OneWithoutAUidBeforeItsObjectsIsAnHttpError) {
  const std::string body =
      replaced(replaced(large, R"("uid":"u-1",)", ""), R"("oldObject":null)", R"("oldObject":null,"uid":"u-1")");
  const auto h = make(&aside);
  hold();
  asked late;
  ask(*h, body, late, pin::mode::enforce, deadline::at(std::chrono::steady_clock::now()));
  while (!late.got) io.run_one();
  EXPECT_EQ(late.got->http_status, 504U);
  EXPECT_EQ(late.got->body, "large requests were not worked on in time; try again\n");
  open.set_value();
  io.restart();
  io.run();
}

TEST_F(LargeReview, BeyondTheLimitOfTheLineTheNamespaceThatHasMostGivesWay) {
  const auto h = make(&aside);
  hold();
  std::vector<std::unique_ptr<asked>> all;
  for (std::size_t i = 0; i <= compute_thread::most_waiting; ++i) {
    all.push_back(std::make_unique<asked>());
    ask(*h, large, *all.back());
  }
  ASSERT_TRUE(all.back()->got);
  show(*all.back()->got);
  EXPECT_EQ(warnings(),
            std::vector<std::string>{"the object is not pinned: too many large requests at one time; try again"});
  EXPECT_FALSE(all[all.size() - 2]->got);
  asked other;
  const std::string quiet = replaced(large, R"("namespace":"shop")", R"("namespace":"quiet")");
  ask(*h, quiet, other, pin::mode::enforce);
  EXPECT_FALSE(other.got) << "it has a place";
  EXPECT_TRUE(all[all.size() - 2]->got) << "and this one gave way";
  asked refused;
  ask(*h, large, refused, pin::mode::enforce);
  ASSERT_TRUE(refused.got);
  show(*refused.got);
  EXPECT_EQ(lines().at(0), "pinhook cannot pin this object: too many large requests at one time; try again");
  EXPECT_EQ(field("status")["code"].GetUint(), 503U);
  for (const auto& one : all) one->cancel.emit(asio::cancellation_type::terminal);
  other.cancel.emit(asio::cancellation_type::terminal);
  open.set_value();
  io.restart();
  io.run();
}

TEST_F(LargeReview, OneThatIsGivenUpWhileItWaitsIsLeft) {
  const auto h = make(&aside);
  hold();
  asked only;
  auto body = std::make_unique<std::string>(large);
  ask(*h, *body, only);
  EXPECT_EQ(aside.waiting(), 1U);
  only.cancel.emit(asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  ASSERT_TRUE(only.got);
  // The body is not read any more.
  body.reset();
  EXPECT_EQ(aside.waiting(), 0U);
  open.set_value();
  io.run();
  EXPECT_TRUE(tags->asked().empty());
}

// Where it is worked on already, the caller stays until that is over: the work reads the caller's body.
TEST_F(LargeReview, OneThatIsGivenUpWhileItIsWorkedOnEndsAfterThat) {
  const auto h = make(&aside);
  asked only;
  ask(*h, large, only);
  only.cancel.emit(asio::cancellation_type::terminal);
  io.restart();
  io.run();
  EXPECT_TRUE(only.got);
  EXPECT_EQ(aside.waiting(), 0U);
}

// Look-ups are compared one by one up to some number, and by hash beyond.
TEST_F(LargeReview, ManySlotsOfFewImagesAskOnceForEach) {
  for (const int images : {5, 15, 16, 17, 18, 40, 300}) {
    std::string all;
    for (int i = 0; i < 3 * images; ++i)
      all += (i == 0 ? "" : ",") + container(fmt::format("c{}", i), fmt::format("app:{}", (i * 7) % images));
    const std::size_t before = tags->asked().size();
    ask(review_of(deployment(all)), pin::mode::best_effort);
    EXPECT_EQ(tags->asked().size() - before, static_cast<std::size_t>(images));
  }
}

}  // namespace
}  // namespace pinhook::admission
