#include <pinhook/admission/inquiry.hpp>

#include "support/handler_fixture.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {
namespace {

using testing::container;
using testing::deployment;
using testing::review_of;

// What was found, or the error, as one text.
std::string told(const result<inquiry>& got) {
  if (!got) return fmt::format("{} {}", to_string(got.error().code), got.error().message);
  std::string out = fmt::format("{} {} {} {} {}\n", got->request.uid, got->request.name, got->request.object,
                                got->request.old_object, got->request.is_dry_run);
  for (const pin::slot& s : got->now.found.slots)
    out += fmt::format("slot {} {} {} {} {}\n", s.pointer, s.image, s.container, s.pull_policy, s.pod);
  for (const pin::pod_template& t : got->now.found.templates) out += fmt::format("template {} {}\n", t.pointer, t.text);
  for (const slot_work& w : got->work)
    out += fmt::format("work {} {} {}\n", static_cast<int>(w.decision.action), w.lookup, w.image_before);
  for (const lookup& l : got->lookups) out += l.ref.canonical() + "\n";
  for (const std::string& w : got->plan.warnings) out += w + "\n";
  for (const registry::tenant& t : got->tenants) out += fmt::format("{} {}\n", t.ns, t.service_account);
  return out + (got->not_planned ? got->not_planned->message : "");
}

// Objects are read while the review is decoded. It must give what reading them afterwards gives.
std::string expect_same(const std::string& body, const rulebook& book, std::size_t most = pin::max_slots) {
  const std::string early = told(prepare(body, pin::mode::enforce, book, most));
  auto decoded = decode_review(body);
  const result<inquiry> late = decoded ? prepare(std::move(*decoded), pin::mode::enforce, book, most)
                                       : result<inquiry>(fail(std::move(decoded.error())));
  EXPECT_EQ(early, told(late)) << body;
  // One with too many images is prepared again, as large ones are.
  for (const std::size_t up_to : {std::size_t{1}, std::size_t{2}, most}) {
    decoded_review read{.most = up_to};
    if (!decode(body, book, read)) break;
    auto twice = prepare(read, pin::mode::enforce, book, 1);
    if (twice || twice.error().code != error_code::unsupported) continue;
    EXPECT_EQ(told(prepare(read, pin::mode::enforce, book, most)), told(late)) << body;
  }
  return early;
}

const std::string object = deployment(
    container("web", "nginx:1.25") + R"(,{"name":"db","image":"redis","imagePullPolicy":"Always","env":[{"a":"b"}]})",
    R"("name":"web","annotations":{"pinhook.dev/updates":"keep","a":"[{\"\\"},"managedFields":[{"f:a":{}}])");

std::vector<std::string> bodies() {
  std::string pod =
      review_of(R"({"metadata":{"name":"p"},"spec":{"serviceAccountName":"s","containers":[)" +
                container("web", "nginx") + R"(],"volumes":[{"name":"v","image":{"reference":"a/b:1"}}]}})");
  const std::string kind = R"("group":"apps","version":"v1","kind":"Deployment")";
  pod.replace(pod.find(kind), kind.size(), R"("group":"","version":"v1","kind":"Pod")");
  std::string searched = review_of(object);
  searched.replace(searched.find(kind), kind.size(), R"("group":"x.io","version":"v1","kind":"Thing")");
  // The kind behind the object.
  const std::string of_kind = R"("kind":{)" + kind + "},";
  std::string late = review_of(object);
  late.erase(late.find(of_kind), of_kind.size());
  late.insert(late.size() - 2, "," + of_kind.substr(0, of_kind.size() - 1));
  return {review_of(object), review_of(object, deployment(container("web", "nginx:1.24"))), pod, searched, late};
}

TEST(Prepare, ObjectsReadWhileDecodingAreThoseReadAfterwards) {
  const rulebook book;
  for (const std::string& body : bodies()) {
    EXPECT_NE(expect_same(body, book).find("slot"), std::string::npos) << body;
    expect_same(body, book, 1);
  }
}

TEST(Prepare, AnObjectWithTooManyImagesIsNotReadAgain) {
  const rulebook book;
  const std::string body = review_of(object, object);
  decoded_review read{.most = 2};
  ASSERT_TRUE(decode(body, book, read));
  ASSERT_TRUE(read.now && read.before);
  const pin::slot* const slots = read.now->found.slots.data();
  const auto refused = prepare(read, pin::mode::enforce, book, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, error_code::unsupported);
  EXPECT_EQ(refused.error().message, "it has more than 1 images");
  const auto taken = prepare(read, pin::mode::enforce, book);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->now.found.slots.data(), slots);
  // Beyond the images up to which it was to be read, it is not there.
  read = {.most = 1};
  ASSERT_TRUE(decode(body, book, read));
  EXPECT_TRUE(read.has_more);
  EXPECT_FALSE(read.now || read.before);
}

TEST(Prepare, FaultsAreToldAlikeWhereverTheyAre) {
  const rulebook book;
  std::size_t refused = 0;
  for (const std::string& body : bodies()) {
    for (std::size_t at = 0; at < body.size(); ++at) {
      for (const char c : {'"', '{', '}', ']', ',', '\\', ' ', '\x01', 'x'}) {
        std::string broken = body;
        broken[at] = c;
        refused += expect_same(broken, book).starts_with("invalid") ? 1 : 0;
      }
      expect_same(body.substr(0, at), book);
      expect_same(body.substr(0, at) + body.substr(at + 1), book);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(refused, 1'000U);
}

TEST(Prepare, DuplicateKeysAreToldAlike) {
  const rulebook book;
  const std::string body = review_of(object);
  for (const std::string_view key : {"object", "kind", "metadata", "spec", "template", "containers", "image", "name"}) {
    const std::string quoted = fmt::format("\"{}\":", key);
    for (std::size_t at = body.find(quoted); at != std::string::npos; at = body.find(quoted, at + 1))
      for (const std::string_view value : {"1,", "{},", "[],", "null,", "\"x\","})
        expect_same(body.substr(0, at) + quoted + std::string(value) + body.substr(at), book);
  }
}

}  // namespace
}  // namespace pinhook::admission
