#include "support/paths.hpp"
#include "support/signature_case.hpp"
#include "support/verifier_case.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <stdexcept>

namespace pinhook::testing {
namespace {

using trust::text_in;

std::optional<std::string> text_or_none(const json::value& v, std::string_view name) {
  const auto found = text_in(v, name);
  return found.empty() ? std::nullopt : std::optional(std::string(found));
}

signatures::cosign_setting cosign_of(const json::value& policy, const std::string& folder) {
  signatures::cosign_setting out;
  if (const auto file = text_in(policy, "key"); !file.empty()) out.keys.push_back(fmt::format("{}/{}", folder, file));
  if (const auto file = text_in(policy, "trusted_root"); !file.empty())
    out.trusted_root = fmt::format("{}/{}", folder, file);
  out.digest_algorithm = text_in(policy, "digest_algorithm");
  if (const json::value* all = json::find(policy, "annotations"))
    for (const auto& [name, value] : all->GetObject())
      out.annotations.emplace(json::text_of(name), json::text_of(value));
  if (json::find(policy, "require") != nullptr) {
    out.required.emplace();
    for (const json::value* one : trust::list_in(policy, "require"))
      out.required->push_back(json::text_of(*one) == "log" ? signatures::proof::log : signatures::proof::timestamp);
  }
  if (out.keys.empty()) {
    out.sct = json::find_bool(policy, "sct");
    out.identities.push_back({text_or_none(policy, "issuer"), std::nullopt, text_or_none(policy, "identity"),
                              text_or_none(policy, "identity_regexp")});
  }
  return out;
}

std::vector<std::string> cases_of(const std::vector<std::string>& flavours) {
  std::vector<std::string> out;
  for (const std::string& flavour : flavours)
    for (std::string& name : signature_cases(flavour)) out.push_back(std::move(name));
  return out;
}

}  // namespace

verifier_case read_verifier_case(const std::string& name) {
  const std::string folder = fmt::format("{}/tests/corpus/signatures/{}", source_dir(), name);
  const auto read = json::parse(signature_file(name, "case.json"));
  if (!read) throw std::runtime_error(read.error().message);
  const json::value& policy = *json::find(*read, "policy");
  verifier_case out;
  out.repository = text_in(*read, "repository");
  out.verify_at = text_in(*read, "verify_at");
  out.setting.name = "case";
  const std::string_view kind = text_in(policy, "kind");
  if (kind.starts_with("cosign")) {
    out.setting.by = cosign_of(policy, folder);
  } else if (kind == "notation") {
    out.setting.by = signatures::notation_setting{fmt::format("{}/{}", folder, text_in(policy, "trust_policy")),
                                                  fmt::format("{}/truststore", folder)};
  } else {
    out.repository = text_in(policy, "gun");
    out.tag = text_in(policy, "tag");
    signatures::content_trust_setting trusted{"https://notary.example", {}, {}};
    for (const json::value* id : trust::list_in(policy, "pinned_root_key_ids"))
      trusted.root_key_ids.emplace_back(json::text_of(*id));
    if (const auto file = text_in(policy, "trusted_root_file"); !file.empty())
      trusted.root = fmt::format("{}/{}", folder, file);
    out.setting.by = std::move(trusted);
  }
  return out;
}

std::vector<std::string> cases_of_digests() { return cases_of({"cosign", "notation"}); }
std::vector<std::string> cases_of_tags() { return cases_of({"notary-v1"}); }

}  // namespace pinhook::testing
