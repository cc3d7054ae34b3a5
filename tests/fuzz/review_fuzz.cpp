// An AdmissionReview of any bytes never crashes the webhook, with rules and without; its patch changes images, pull
// policies beside them and the annotation alone; and the findings in the answer fit their limits.
#include "fuzz/json_mutator.hpp"

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/refusal_lines.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/yaml/document.hpp>

#include <openssl/evp.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace {

using namespace pinhook;

void require(bool holds) {
  if (!holds) std::abort();
}

// The patch inside the response, or nothing.
std::string patch_of(const admission::verdict& v) {
  const auto review = json::parse(v.body);
  require(review.has_value());
  const auto text = json::find_string((*review)["response"], "patch");
  if (!text) return {};
  std::string out(text->size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text->data()), static_cast<int>(text->size()));
  require(size > 0);
  out.resize(static_cast<std::size_t>(size) - (text->ends_with("==") ? 2 : text->ends_with("=") ? 1 : 0));
  return out;
}

// Of equal names RapidJSON finds the first and the API server the last: such an object is no yardstick here.
bool has_equal_names(const json::value& v) {
  if (v.IsArray()) return std::any_of(v.Begin(), v.End(), has_equal_names);
  if (!v.IsObject()) return false;
  std::set<std::string_view> names;
  for (const auto& member : v.GetObject())
    if (!names.insert(json::text_of(member.name)).second || has_equal_names(member.value)) return true;
  return false;
}

// The object with every image of the inquiry, the pull policies and the annotation blanked: it must be equal before
// and after.
void blank(json::document& object, const admission::inquiry& about) {
  const json::value nothing("");
  for (const pin::slot& s : about.now.found.slots) {
    rapidjson::Pointer pointer(s.pointer.data(), s.pointer.size());
    require(pointer.IsValid() && pointer.Get(object) != nullptr);
    pointer.Set(object, nothing);
    if (s.pull_policy_pointer.empty()) continue;
    rapidjson::Pointer policy(s.pull_policy_pointer.data(), s.pull_policy_pointer.size());
    require(policy.IsValid() && policy.Get(object) != nullptr);
    policy.Set(object, nothing);
  }
  rapidjson::Pointer("/metadata/annotations").Erase(object);
}

rules::rule_set some_rules() {
  const auto list = yaml::parse(R"(
- {name: left, images: ["**/proxy*", "quay.io/**"], pin: never}
- {name: foreign, images: ["**/nginx"], pin: always, format: tag-and-digest}
- {name: moving, containers: ["w*"], pin: refresh}
- {name: pulls, pullPolicy: if-not-present}
- {name: known, images: ["*:dev"], require: [tag, not-latest], action: allow}
- {name: own, kinds: [Deployment, core/Pod], require: {registry: [docker.io, "ghcr.io/**"]}, action: deny}
- {name: policies, types: [container, volume], require: {pull-policy: [IfNotPresent]}, action: warn}
- {preset: recommended, namespaces: [shop]}
- {preset: strict})");
  require(list.has_value());
  auto set = rules::read_rules(*list);
  require(set.has_value());
  return std::move(*set);
}

// A denial is one in the message, a finding is one in the annotation, and all of it is bounded.
void check_findings(const admission::verdict& v, pin::mode mode, const std::string& help) {
  const auto review = json::parse(v.body);
  require(review.has_value());
  const json::value& response = (*review)["response"];
  const bool denies =
      std::any_of(v.findings.begin(), v.findings.end(), [](const auto& f) { return f.taken == "deny"; });
  require(!denies || (mode != pin::mode::audit && v.outcome == admission::outcome::denied));
  require(*json::find_bool(response, "allowed") == (v.outcome != admission::outcome::denied));
  if (const auto* status = json::find(response, "status")) {
    const auto message = *json::find_string(*status, "message");
    require(message.size() <= admission::max_message_size && denies == message.starts_with("pinhook denies "));
    require(message.ends_with("\n" + admission::last_lines(v.ns, mode, help).back()));
  }
  if (const auto* warnings = json::find(response, "warnings")) {
    require(warnings->Size() <= admission::max_warnings);
    for (const auto& w : warnings->GetArray()) require(w.GetStringLength() <= admission::max_warning_size);
  }
  const auto* audit = json::find(response, "auditAnnotations");
  const auto noted = audit == nullptr ? std::nullopt : json::find_string(*audit, "findings");
  require(noted.has_value() == !v.findings.empty());
  require(!noted || noted->size() <= admission::max_message_size);
}

void check_patch(const admission::inquiry& about, const std::string& patch) {
  const auto operations = json::parse(patch);
  require(operations && operations->IsArray());
  auto before = json::parse(about.request.object);
  auto after = json::parse(about.request.object);
  // Values that the cursor skipped can be invalid JSON; the API server does not send such.
  if (!before || !after || has_equal_names(*before)) return;
  for (const auto& operation : operations->GetArray()) {
    const std::string_view path = *json::find_string(operation, "path");
    rapidjson::Pointer pointer(path.data(), path.size());
    require(pointer.IsValid());
    if (*json::find_string(operation, "op") == "replace") require(pointer.Get(*after) != nullptr);
    pointer.Set(*after, operation["value"], after->GetAllocator());
  }
  blank(*before, about);
  blank(*after, about);
  require(*before == *after);
}

// False when it is no usable review.
bool answer(std::string_view body, pin::mode mode, const admission::rulebook& book, const registry::digest& digest) {
  auto about = admission::prepare(body, mode, book);
  if (!about) {
    require(admission::refuse_request(about.error()).http_status == 400);
    return false;
  }
  std::vector<result<resolve::answer>> answers;
  for (std::size_t i = 0; i < about->lookups.size(); ++i) {
    if (mode == pin::mode::best_effort && i % 2 == 1)
      answers.push_back(fail(error_code::not_found, "no such tag"));
    else
      answers.push_back(resolve::answer{digest, resolve::origin::cache});
  }
  for (admission::judged_slot& j : about->judged) {
    require(book.rules.rules().size() != 0 && j.slot < about->now.found.slots.size());
    if (j.tenant != admission::no_tenant && j.slot % 2 == 0) j.known = digest;
  }
  const auto verdict = admission::compose(*about, mode, book, answers);
  const std::string patch = patch_of(verdict);
  require(!patch.empty() == (verdict.outcome == admission::outcome::pinned));
  if (!patch.empty()) check_patch(*about, patch);
  check_findings(verdict, mode, book.help);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::unique_ptr<char[]> bytes(new char[size]);
  std::memcpy(bytes.get(), data, size);
  const std::string_view body(bytes.get(), size);
  static const pin::policy policy = [] {
    pin::policy p;
    p.kinds = {{"example.com", "Fleet", {"spec.image", "spec.workers[*].image", "spec.tools{*}"}}};
    p.searches_keys = true;
    return p;
  }();
  static const std::array<admission::rulebook, 2> books{
      admission::rulebook(policy), admission::rulebook(policy, some_rules(), "see wiki/{namespace}")};
  static const auto digest = registry::digest::parse("sha256:" + std::string(64, 'a')).value();
  for (const auto& book : books) {
    for (const pin::mode mode : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit})
      if (!answer(body, mode, book, digest)) return 0;
  }
  return 0;
}
