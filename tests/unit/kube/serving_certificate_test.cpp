#include <pinhook/kube/serving_certificate.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_serving_api.hpp"
#include "support/fake_serving_sink.hpp"
#include "support/run.hpp"

#include <pinhook/kube/serving_state.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct ServingCertificate : ::testing::Test {
  testing::fake_clock time;
  testing::fake_serving_api api;
  testing::fake_serving_sink sink;
  asio::io_context io{1};
  std::vector<std::chrono::nanoseconds> waits;
  std::unique_ptr<serving_certificate> certificate;

  ServingCertificate() {
    api.set_entries({"enforce", "audit"});
    certificate = replica(sink);
  }
  std::unique_ptr<serving_certificate> replica(serving_sink& to) {
    serving_options o;
    o.ns = "pinhook";
    o.policy.names.dns_names = {"pinhook.pinhook.svc"};
    wait_seams seams;
    seams.random = [] { return 0.5; };
    seams.sleep = [this](std::chrono::nanoseconds span) -> awaitable<void> {
      waits.push_back(span);
      time.advance(span);
      if (waits.size() >= 20) throw std::length_error("that is enough");
      co_return;
    };
    return std::make_unique<serving_certificate>(api, time, std::move(o), to, std::move(seams));
  }
  bool look() { return testing::run_on(io, certificate->look()); }
  stored_state stored() const { return parse_state(api.secret_now()->data); }
};

const error outage{error_code::unavailable, "connection refused", std::nullopt};
const error no_right{error_code::denied, "our user lacks a Role with verb \"patch\"", std::nullopt};

TEST_F(ServingCertificate, FirstLookMakesEverything) {
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted) << sink.distrust;
  EXPECT_THAT(sink.events, ElementsAre("trusted"));
  EXPECT_THAT(sink.shown, ElementsAre(stored().usable.served->pem.certificate));
  EXPECT_THAT(sink.written, ElementsAre(HasSubstr("Secret pinhook/pinhook-serving-certificate: there is no Secret"),
                                        HasSubstr("MutatingWebhookConfiguration pinhook: the caBundle")));
  EXPECT_THAT(api.calls(), ElementsAre("get configuration", "get secret", "create", "get configuration", "get secret",
                                       "bundles", "get configuration", "get secret"));
  EXPECT_TRUE(look());
  EXPECT_EQ(api.writes(), 2U);
  EXPECT_THAT(sink.shown, SizeIs(1));
  EXPECT_THAT(sink.failures, IsEmpty());
}

TEST_F(ServingCertificate, AFailureAtEachStepIsSaidOnceAndMadeUpFor) {
  for (const std::string line : {"get configuration", "get secret", "create", "bundles"}) {
    SCOPED_TRACE(line);
    api.remove_secret();
    api.set_entries({"enforce", "audit"});
    sink = {};
    certificate = replica(sink);
    api.fail(line, outage);
    EXPECT_FALSE(look());
    EXPECT_FALSE(look());
    EXPECT_FALSE(sink.is_trusted);
    EXPECT_THAT(sink.distrust, HasSubstr("connection refused"));
    EXPECT_THAT(sink.failures, SizeIs(1));
    EXPECT_THAT(sink.failures.at(0), HasSubstr("connection refused"));
    api.heal();
    EXPECT_TRUE(look());
    EXPECT_TRUE(sink.is_trusted) << sink.distrust;
    api.fail(line == "create" || line == "bundles" ? "get secret" : line, outage);
    EXPECT_FALSE(look());
    EXPECT_THAT(sink.failures, SizeIs(2)) << "it is a new one after a success";
    api.heal();
  }
}

TEST_F(ServingCertificate, ALostWriteIsReadAnewAtOnce) {
  testing::fake_serving_sink others;
  auto other = replica(others);
  for (const std::string line : {"create", "bundles", "update"}) {
    SCOPED_TRACE(line);
    if (line == "update") {
      auto data = api.secret_now()->data;
      data.erase("tls.key");
      api.set_secret(std::move(data));
    }
    bool is_done = false;
    api.when_asked([&](const std::string& call) {
      if (call != line || is_done) return;
      is_done = true;
      asio::io_context own(1);
      testing::run_on(own, other->look());
    });
    EXPECT_TRUE(look());
    EXPECT_TRUE(is_done || line == "bundles");
    EXPECT_TRUE(sink.is_trusted && others.is_trusted) << sink.distrust << others.distrust;
    EXPECT_EQ(sink.shown.back(), others.shown.back());
    EXPECT_THAT(sink.failures, IsEmpty());
    api.when_asked({});
  }
}

TEST_F(ServingCertificate, GivesWayWhenWritesAreLostWithoutEnd) {
  look();
  api.set_all_bundles("");
  api.when_asked([&](const std::string& call) {
    if (call == "bundles") api.set_all_bundles("");
  });
  api.forget_calls();
  EXPECT_FALSE(look());
  EXPECT_LE(api.calls("bundles"), 10U);
  api.when_asked({});
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);
}

TEST_F(ServingCertificate, AnOutageChangesNothingUntilTheCertificateExpires) {
  look();
  api.fail("", outage);
  for (int day = 0; day < 90; ++day) {
    EXPECT_FALSE(look());
    EXPECT_TRUE(sink.is_trusted);
    time.advance(24h);
  }
  time.advance(1s);
  EXPECT_FALSE(look());
  EXPECT_FALSE(sink.is_trusted);
  EXPECT_THAT(sink.distrust, HasSubstr("expired"));
  api.heal();
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);
}

TEST_F(ServingCertificate, ALackingRightIsSaidAndTheOtherWriteDone) {
  look();
  auto data = api.secret_now()->data;
  data.erase("ca.key");
  api.set_secret(std::move(data));
  api.set_all_bundles("");
  api.fail("bundles", no_right);
  EXPECT_FALSE(look());
  EXPECT_TRUE(stored().is_whole());
  EXPECT_THAT(sink.distrust, AllOf(HasSubstr("is empty"), HasSubstr("lacks a Role")));
  api.heal();
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);

  data = api.secret_now()->data;
  data.erase("ca.key");
  api.set_secret(std::move(data));
  api.fail("update", no_right);
  EXPECT_FALSE(look());
  EXPECT_TRUE(sink.is_trusted) << "the served certificate is still trusted";
}

TEST_F(ServingCertificate, WaitsForTheConfiguration) {
  api.remove_configuration();
  EXPECT_FALSE(look());
  EXPECT_EQ(sink.distrust, "MutatingWebhookConfiguration pinhook does not exist yet");
  EXPECT_THAT(sink.failures, IsEmpty());
  EXPECT_THAT(sink.shown, SizeIs(1));
  api.set_entries({"enforce"});
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);
}

TEST_F(ServingCertificate, APairThatCannotBeUsedIsOfferedAgain) {
  sink.refusal = error{error_code::invalid_input, "too weak", std::nullopt};
  EXPECT_FALSE(look());
  EXPECT_FALSE(sink.is_trusted);
  EXPECT_THAT(sink.distrust, HasSubstr("too weak"));
  sink.refusal.reset();
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);
}

TEST_F(ServingCertificate, KeepsWhatOthersPutIntoTheSecret) {
  api.set_secret({{"note", secret("theirs")}});
  EXPECT_TRUE(look());
  EXPECT_EQ(api.secret_now()->data.find("note")->second.reveal(), "theirs");
  EXPECT_TRUE(stored().is_whole());
}

TEST_F(ServingCertificate, LooksAgainSoonAfterFailuresAndElseAtItsInterval) {
  api.fail("get secret", outage);
  api.when_asked([&](const std::string& line) {
    if (line == "get secret" && waits.size() == 6) api.heal();
  });
  auto keep = [](serving_certificate& c) -> awaitable<int> {
    co_await c.keep();
    co_return 0;
  };
  EXPECT_THROW(testing::run_on(io, keep(*certificate)), std::length_error);
  waits.resize(8);
  EXPECT_THAT(waits, ElementsAre(1s, 2s, 4s, 8s, 15s, 15s, 15s, 15s));
  EXPECT_TRUE(sink.is_trusted);
}

TEST_F(ServingCertificate, EndsWhenItIsCanceled) {
  serving_options o;
  o.ns = "pinhook";
  o.policy.names.dns_names = {"x.svc"};
  serving_certificate real(api, time, o, sink);
  asio::cancellation_signal stop;
  bool is_done = false;
  asio::co_spawn(io, real.keep(), asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr& e) {
                   is_done = e != nullptr;
                 }));
  io.poll();
  EXPECT_TRUE(sink.is_trusted);
  EXPECT_FALSE(is_done);
  stop.emit(asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  EXPECT_TRUE(is_done);
}

TEST(LookPace, HasATenthOfJitter) {
  look_pace pace(10s);
  EXPECT_EQ(pace.next(true, 0), 9s);
  EXPECT_EQ(pace.next(true, 1), 11s);
  EXPECT_EQ(pace.next(false, 0.5), 1s);
  EXPECT_EQ(pace.next(false, 0.5), 2s);
  EXPECT_EQ(pace.next(true, 0.5), 10s);
  EXPECT_EQ(pace.next(false, 0.5), 1s);
}

}  // namespace
}  // namespace pinhook::kube
