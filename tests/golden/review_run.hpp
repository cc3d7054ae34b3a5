// A golden case's request answered in its world, and the pieces of a response.
#pragma once

#include "golden/scripted_resolver.hpp"
#include "support/fake_proof_source.hpp"
#include "support/review_case.hpp"
#include "support/run.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/resolve/locked_resolver.hpp>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

struct answered {
  admission::verdict verdict;
  std::vector<std::string> asked;
  bool any_past_cache = false;
  bool all_past_cache = false;
};

// The case's lock file before its registry, when it has one.
inline std::shared_ptr<resolve::resolver> behind_lock(const review_case& c,
                                                      std::shared_ptr<resolve::resolver> registry) {
  if (c.lock.empty() && !c.lock_required) return registry;
  auto images = std::make_shared<resolve::image_lock>();
  for (const auto& [ref, digest] : c.lock)
    images->put(registry::reference::parse(ref).value(), {registry::digest::parse(digest).value(), {}});
  auto out = std::make_shared<resolve::locked_resolver>(std::move(registry), c.lock_required);
  out->use(std::move(images));
  return out;
}

inline std::shared_ptr<fake_proofs> signatures_of(const review_case& c) {
  auto out = std::make_shared<fake_proofs>();
  for (const auto& [text, scripted] : c.signatures) {
    const auto digest = registry::digest::parse(text).value();
    for (const std::string& verifier : scripted.accepted_by) out->accepts(verifier, digest);
    for (const auto& [verifier, reasons] : scripted.refused_by) out->refuses(verifier, digest, reasons);
    if (!scripted.error.empty()) out->fails(digest, error{code_of(scripted.error), scripted.message, {}});
  }
  return out;
}

// Null: the case has no file of moved tags.
inline std::shared_ptr<const resolve::tag_moves> moves_of(const review_case& c) {
  if (c.moved_from.empty()) return nullptr;
  auto out = std::make_shared<resolve::tag_moves>();
  for (const auto& [ref, digest] : c.moved_from)
    out->put(registry::reference::parse(ref).value(),
             {registry::digest::parse(c.registry.at(ref).digest).value(),
              resolve::tag_before{.digest = registry::digest::parse(digest).value()}});
  return out;
}

inline answered answer(const review_case& c, const std::string& body, pin::mode mode) {
  auto resolver = std::make_shared<scripted_resolver>(c);
  admission::handler handler(behind_lock(c, resolver),
                             std::make_shared<registry::shared_credentials>(std::make_shared<anonymous_credentials>()),
                             std::make_shared<const admission::rulebook>(c.policy, c.rules), nullptr, signatures_of(c));
  handler.use(moves_of(c));
  // The handler can read 32 bytes behind the body; their value must not matter.
  const std::string padded = body + std::string(32, '}');
  answered out;
  out.verdict = run(handler.handle(std::string_view(padded).substr(0, body.size()), mode, deadline::never()));
  out.asked = resolver->asked();
  out.any_past_cache = resolver->any_past_cache();
  out.all_past_cache = resolver->all_past_cache();
  return out;
}

inline std::string text_of(const json::value& v) { return json::to_text(v); }

inline std::string from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return {};
  const auto padding = std::min<std::size_t>(2, text.size() - (text.find_last_not_of('=') + 1));
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

/// The decoded patch; an empty array when there is none.
inline json::document patch_of(const json::value& response) {
  json::document none;
  none.SetArray();
  const auto encoded = json::find_string(response, "patch");
  if (!encoded) return none;
  auto patch = json::parse(from_base64(*encoded));
  EXPECT_TRUE(patch && patch->IsArray()) << "the patch is no JSON array";
  return patch && patch->IsArray() ? std::move(*patch) : std::move(none);
}

inline json::document with_member(const json::document& review, const char* name, const json::value& value) {
  json::document out;
  out.CopyFrom(review, out.GetAllocator());
  json::value copy(value, out.GetAllocator());
  auto& request = out["request"];
  if (request.HasMember(name))
    request[name] = copy;
  else
    request.AddMember(rapidjson::StringRef(name), copy, out.GetAllocator());
  return out;
}

}  // namespace pinhook::testing
