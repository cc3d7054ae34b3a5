// Admission reviews of one Deployment, and a handler that answers them.
//
//   tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
//   ask(review_of(deployment(container("web", "nginx:1.25"))));
//   EXPECT_EQ(patch(), …);
//
// One thread. Needs pinhook_admission; no part of pinhook_support.
#pragma once

#include "support/fake_clock.hpp"
#include "support/fake_credentials.hpp"
#include "support/fake_proof_source.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/admission/review.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

inline std::string base64_decoded(std::string_view text) {
  std::string out(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(std::max(size, 0)));
  while (!text.empty() && text.back() == '=') {
    out.pop_back();
    text.remove_suffix(1);
  }
  return out;
}

inline std::string container(std::string_view name, std::string_view image) {
  return fmt::format(R"({{"name":"{}","image":"{}"}})", name, image);
}

inline std::string deployment(std::string_view containers, std::string_view metadata = R"("name":"web")") {
  return fmt::format(R"({{"metadata":{{{}}},"spec":{{"template":{{"spec":{{"containers":[{}]}}}}}}}})", metadata,
                     containers);
}

inline std::string review_of(std::string_view object, std::string_view old_object = "null") {
  return fmt::format(
      R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u-1","kind":{{"group":"apps","version":"v1","kind":"Deployment"}},)"
      R"("namespace":"shop","name":"web","operation":"{}","object":{},"oldObject":{}}}}})",
      old_object == "null" ? "CREATE" : "UPDATE", object, old_object);
}

inline std::string sha(char c) { return digest_of_digit(c).to_string(); }

/// A handler with a resolver that knows the test's digests; `response` is its last answer.
struct handler_fixture : ::testing::Test {
  std::shared_ptr<fake_resolver> tags = std::make_shared<fake_resolver>();
  std::shared_ptr<fake_credentials> credentials = fake_credentials::make("operator");
  std::shared_ptr<registry::tenant_credentials> tenants;
  std::shared_ptr<fake_proofs> signatures = std::make_shared<fake_proofs>();
  pin::policy policy;
  rules::rule_set rules;
  /// The setting `help`.
  std::string help;
  /// Of short names.
  pin::name_meaning meaning_of;
  /// The setting `moves.file`; null: there is none.
  std::shared_ptr<const resolve::tag_moves> moves;
  fake_clock time;
  json::document response;

  admission::verdict ask(const std::string& body, pin::mode mode = pin::mode::enforce) {
    const auto book = std::make_shared<admission::rulebook>(policy, rules, help);
    book->meaning_of = meaning_of;
    admission::handler h(tags, tenants ? tenants : std::make_shared<registry::shared_credentials>(credentials), book,
                         nullptr, signatures, time);
    h.use(moves);
    admission::verdict v = run(h.handle(body, mode, deadline::never()));
    if (v.http_status == 200) show(v);
    return v;
  }
  /// Makes it the last answer.
  void show(const admission::verdict& v) {
    auto parsed = json::parse(v.body);
    ASSERT_TRUE(parsed) << v.body;
    response = std::move(*parsed);
  }
  /// The setting `rules`, as YAML.
  void use_rules(std::string_view yaml) {
    const auto list = yaml::parse(yaml);
    ASSERT_TRUE(list) << list.error().message;
    auto read = rules::read_rules(*list);
    ASSERT_TRUE(read) << read.error().message;
    rules = std::move(*read);
  }
  const json::value& field(const char* name) { return response["response"][name]; }
  bool has(const char* name) { return json::find(response["response"], name) != nullptr; }
  std::string patch() { return has("patch") ? base64_decoded(json::text_of(field("patch"))) : ""; }
  std::string message() { return has("status") ? std::string(json::text_of(field("status")["message"])) : ""; }
  /// The lines of `message`.
  std::vector<std::string> lines() {
    std::vector<std::string> out;
    std::istringstream all(message());
    for (std::string line; std::getline(all, line);) out.push_back(line);
    return out;
  }
  std::string annotation(const char* name) {
    if (!has("auditAnnotations")) return "";
    return std::string(json::find_string(field("auditAnnotations"), name).value_or(""));
  }
  std::vector<std::string> warnings() {
    std::vector<std::string> out;
    if (has("warnings"))
      for (const auto& w : field("warnings").GetArray()) out.emplace_back(json::text_of(w));
    return out;
  }
};

}  // namespace pinhook::testing
