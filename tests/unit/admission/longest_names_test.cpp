// Every sentence of an answer with the longest names that are allowed, and with the names of the clouds: the fault and
// the advice are not cut, and each limit holds.
#include "support/handler_fixture.hpp"
#include "support/longest_names.hpp"

#include <pinhook/admission/failure.hpp>
#include <pinhook/admission/slot_words.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/resolve/advice.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::admission {
namespace {

using testing::all_names;
using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::names;
using testing::review_of;
using ::testing::StartsWith;

struct failure {
  error_code code;
  /// {0}: the registry, {1}: the request to it.
  std::string message;
  remedy mended_by = remedy::of_code;
  /// As long as the limit of a warning demands it: without the status and text of the answer.
  std::string short_message = {};
};

// As the floors below put them.
const std::vector<failure>& failures() {
  static const std::vector<failure> all{
      {error_code::not_found, R"(registry {0} does not have "{1}" (404: MANIFEST_UNKNOWN: "manifest unknown"))",
       remedy::of_code, R"(registry {0} does not have "{1}")"},
      {error_code::denied, R"(registry {0} does not give access to "{1}" (403: DENIED: "denied"))", remedy::of_code,
       R"(registry {0} does not give access to "{1}")"},
      {error_code::unauthorized, R"(registry {0} requires other credentials for "{1}" (401))", remedy::of_code,
       R"(registry {0} requires other credentials for "{1}")"},
      {error_code::rate_limited, R"(registry {0} limits the rate of requests, now for "{1}" (429))", remedy::of_code,
       R"(registry {0} limits the rate of requests, now for "{1}")"},
      {error_code::unavailable, R"(registry {0}: no connection: Connection refused)"},
      {error_code::timed_out, R"(registry {0} did not answer in time)"},
      {error_code::malformed, R"(registry {0} answered for "{1}" with two digests that differ)"},
      {error_code::unsupported, R"(registry {0} has "{1}" in no usable form)"},
      {error_code::canceled, R"(looking up "{1}" was canceled)"},
      {error_code::internal, R"(looking up "{1}" failed)"},
      {error_code::invalid_input, R"("{1}" is no reference)"},
      {error_code::denied, "registry {0}: it answers TLS in plain HTTP. Write in pinhook's configuration: plain_http",
       remedy::in_message},
      {error_code::unavailable, "registry {0}: the host name does not resolve", remedy::name_resolution},
      {error_code::denied, R"({0} is not allowed: "*.example.com" in registry.deny)", remedy::other_source},
      {error_code::unavailable, "registry {0}: its certificate is signed by itself: name it in ca_file",
       remedy::configuration},
      {error_code::not_found, "{1} is not in the lock file", remedy::lock_file},
  };
  return all;
}

std::string filled(std::string text, const names& n) {
  for (const auto& [mark, with] : {std::pair{"{0}", n.host}, {"{1}", n.repository + ":" + n.tag}})
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + with.size()))
      text.replace(at, 3, with);
  return text;
}

// The words of a reason without the names: those must all be there, in their order.
std::vector<std::string> words_of(std::string rest) {
  std::vector<std::string> out;
  for (std::size_t at = rest.find('{'); at != std::string::npos; at = rest.find('{')) {
    out.push_back(rest.substr(0, at));
    rest = rest.substr(at + 3);
  }
  out.push_back(rest);
  return out;
}

void expect_words(const std::string& text, const std::string& message) {
  std::size_t at = 0;
  for (const std::string& word : words_of(message)) {
    at = text.find(word, at);
    ASSERT_NE(at, std::string::npos) << word << " in: " << text;
    at += word.size();
  }
}

std::string advice_of(const failure& f) {
  const std::string advice =
      resolve::advice_for({f.code, f.message, std::nullopt, f.mended_by}, {.at = resolve::audience::place::webhook});
  return advice.empty() ? advice : ". " + advice;
}

struct LongestNames : testing::handler_fixture {
  std::string reviewed(const names& n) { return review_of(deployment(container(n.container, n.image()))); }
};

TEST_F(LongestNames, LeaveReasonAndAdviceOfAWarningWhole) {
  for (const names& n : all_names()) {
    for (const failure& f : failures()) {
      SCOPED_TRACE(std::string(n.about) + ": " + f.message);
      const std::string whole = filled(f.message, n);
      tags->fails(registry::reference::parse(n.image())->canonical(), {f.code, whole, std::nullopt, f.mended_by});
      for (const auto& [mode, head] :
           {std::pair{pin::mode::best_effort, "not pinned: "}, {pin::mode::audit, "would not be pinned: "}}) {
        ask(reviewed(n), mode);
        ASSERT_EQ(warnings().size(), 1U);
        const std::string text = warnings().front();
        EXPECT_LE(text.size(), max_warning_size);
        EXPECT_THAT(text, StartsWith(head));
        expect_words(text, f.short_message.empty() ? f.message : f.short_message);
        EXPECT_THAT(text, HasSubstr(advice_of(f) + " (container " + n.container.substr(0, 8)));
        EXPECT_THAT(text, HasSubstr(n.tag.substr(n.tag.size() - 2))) << "in the reason or behind it";
        EXPECT_EQ(annotation("skipped"), n.container + ": " + whole) << "the whole reason";
      }
    }
  }
}

TEST_F(LongestNames, LeaveReasonAndAdviceOfADenialWhole) {
  for (const names& n : all_names()) {
    for (const failure& f : failures()) {
      SCOPED_TRACE(std::string(n.about) + ": " + f.message);
      tags->fails(registry::reference::parse(n.image())->canonical(),
                  {f.code, filled(f.message, n), std::nullopt, f.mended_by});
      ask(reviewed(n));
      ASSERT_EQ(lines().size(), 2U);
      EXPECT_THAT(lines()[0], StartsWith("pinhook cannot pin 1 of 1 images: container " + n.container + ", image \""));
      expect_words(lines()[0], f.message);
      EXPECT_THAT(lines()[0], EndsWith(advice_of(f)));
      EXPECT_LE(message().size(), 1'200U);
    }
  }
}

TEST_F(LongestNames, LeaveWhatRulesSayWhole) {
  const std::string name(63, 'n');
  use_rules("[{name: " + name + ", require: tag, action: warn}]");
  for (names n : all_names()) {
    const std::string image = n.host + "/" + n.repository;
    tags->holds(registry::reference::parse(image)->canonical(), digest_of_digit('a'));
    for (const pin::mode mode : {pin::mode::best_effort, pin::mode::audit}) {
      ask(review_of(deployment(container(n.container, image))), mode);
      ASSERT_FALSE(warnings().empty());
      EXPECT_THAT(warnings().front(), StartsWith("rule " + name));
      EXPECT_THAT(warnings().front(), HasSubstr("without a tag it runs whatever was pushed last"));
      for (const std::string& w : warnings()) {
        EXPECT_LE(w.size(), max_warning_size);
        const auto at = w.find("write ");
        EXPECT_TRUE(at == std::string::npos || w.find(testing::sha('a')) != std::string::npos) << w;
      }
    }
  }
}

TEST_F(LongestNames, FitWhatElseIsWarnedOf) {
  for (const names& n : all_names()) {
    const std::string canonical = registry::reference::parse(n.image())->canonical();
    tags->holds(canonical, digest_of_digit('a'));
    ask(reviewed(n), pin::mode::audit);
    ASSERT_EQ(warnings().size(), 1U);
    EXPECT_THAT(warnings().front(), StartsWith("would be pinned to sha256:aaaaaaaaaaaa (container "));
    EXPECT_LE(warnings().front().size(), max_warning_size);

    const std::string record = fmt::format(R"("name":"web","annotations":{{"pinhook.dev/pins":"{{\"{}\":\"{}\"}}"}})",
                                           canonical, testing::sha('a'));
    tags->knows(canonical, digest_of_digit('b'));
    ask(review_of(deployment(container(n.container, n.image()), record),
                  deployment(container(n.container, n.host + "/" + n.repository + "@" + testing::sha('a')), record)));
    ASSERT_EQ(warnings().size(), 1U);
    EXPECT_THAT(warnings().front(), StartsWith("the tag moved to sha256:bbbbbbbbbbbb; kept sha256:aaaaaaaaaaaa: "
                                               "annotation pinhook.dev/refresh takes it (container "));
    EXPECT_LE(warnings().front().size(), max_warning_size);
  }
}

// The longest texts: 1,000 containers, names of ten kilobytes, nothing that a terminal obeys.
TEST_F(LongestNames, ANameOfTenKilobytesLeavesTheReasonWhole) {
  const std::string long_name = "begin-" + std::string(10'000, 'c') + "-end";
  const std::string bad_name = R"(a\u001b[2J\u202e\n)";
  const std::string body = review_of(deployment(container(long_name, "nope:1") + "," + container(bad_name, "nope:2")));
  for (const pin::mode mode : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
    const verdict v = ask(body, mode);
    std::vector<std::string> texts = warnings();
    std::ranges::copy(lines(), std::back_inserter(texts));
    texts.push_back(annotation("skipped"));
    for (const std::string& text : texts) {
      EXPECT_EQ(printable(text), text);
      EXPECT_LE(text.size(), max_message_size);
    }
    if (mode == pin::mode::enforce) {
      ASSERT_EQ(lines().size(), 4U) << message();
      EXPECT_EQ(lines()[0], "pinhook cannot pin 2 of 2 images:");
      EXPECT_THAT(lines()[1], StartsWith("- container begin-ccc"));
      EXPECT_THAT(lines()[1], EndsWith("ccc-end, image \"nope:1\": the fake resolver does not hold "
                                       "docker.io/library/nope:1. Check the name and the tag"));
      EXPECT_THAT(lines()[2], StartsWith("- container a\\x1b[2J\\u202e\\x0a, image \"nope:2\": "));
    } else {
      ASSERT_EQ(warnings().size(), 2U);
      EXPECT_THAT(warnings()[0],
                  HasSubstr("does not hold docker.io/library/nope:1. Check the name and the tag (container begin-"));
      EXPECT_THAT(warnings()[1], EndsWith("(container a\\x1b[2J\\u202e\\x0a, image nope:2)"));
      EXPECT_THAT(annotation("skipped"), HasSubstr("a\\x1b[2J\\u202e\\x0a: the fake resolver"));
    }
  }
}

// The answer grows with the images alone: a path, a new reference, an annotation entry each.
TEST_F(LongestNames, ThePatchOf253ImagesWithNamesOf255LettersIsBounded) {
  constexpr int images = 253;
  std::string containers;
  for (int i = 0; i < images; ++i) {
    const std::string name = "registry.example/" + std::string(250, 'r') + fmt::format("{:05}", i);
    tags->holds(name + ":1", testing::digest_of_digit('a'));
    containers += (containers.empty() ? "" : ",") + container(fmt::format("c{}", i), name + ":1");
  }
  const verdict v = ask(review_of(deployment(containers)));
  EXPECT_EQ(v.outcome, outcome::pinned);
  EXPECT_EQ(v.slots.size(), static_cast<std::size_t>(images));
  EXPECT_LT(v.body.size(), images * std::size_t{1024});
}

TEST_F(LongestNames, AllWarningsOfAnAnswerAreLessThanApiServersCut) {
  std::string containers;
  for (int i = 0; i < 100; ++i)
    containers += (i == 0 ? "" : ",") + container(fmt::format("{}{}", std::string(60, 'c'), i),
                                                  std::string(250, 'r') + fmt::format(":{}", i));
  ask(review_of(deployment(containers)), pin::mode::best_effort);
  std::size_t size = 0;
  for (const std::string& w : warnings()) size += w.size();
  EXPECT_EQ(warnings().size(), max_warnings);
  EXPECT_LE(size, 4'096U);
  EXPECT_LE(annotation("skipped").size(), max_message_size);
}

TEST_F(LongestNames, AnAuditAnnotationHasWholeEntriesAndCountsTheRest) {
  std::string containers;
  for (int i = 0; i < 100; ++i) {
    const std::string image = fmt::format("ghcr.io/acme/{}{}:1", std::string(60, 'r'), i);
    tags->holds(image, digest_of_digit('a'));
    containers += (i == 0 ? "" : ",") + container(fmt::format("c{}", i), image);
  }
  ask(review_of(deployment(containers)));
  const std::string text = annotation("pins");
  EXPECT_LE(text.size(), max_message_size);
  std::size_t shown = 0;
  for (std::size_t at = text.find(testing::sha('a')); at != std::string::npos;
       at = text.find(testing::sha('a'), at + 1))
    ++shown;
  EXPECT_GT(shown, 15U);
  EXPECT_EQ(std::ranges::count(text, ';'), static_cast<std::ptrdiff_t>(shown));
  EXPECT_THAT(text, EndsWith(fmt::format("; and {} more", 100 - shown)));
}

}  // namespace
}  // namespace pinhook::admission
