#include <pinhook/signatures/load_verifier.hpp>

#include <pinhook/signatures/verifier_content.hpp>
#include <pinhook/signatures/verifier_files.hpp>
#include <pinhook/trust/openssl_owned.hpp>
#include <pinhook/trust/pem.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook::signatures {
namespace {

constexpr std::size_t max_certificates = 100;

using texts_by_path = std::map<std::string, std::string>;

std::unexpected<error> unusable(std::string_view key, std::string_view message) {
  return fail(error_code::invalid_input, fmt::format("{}: {}", key, message));
}

// The text of a setting, and its name in messages: the file, when there is one.
struct sourced_text {
  std::string text;
  std::string key;
};

sourced_text text_of(std::string key, const std::string& setting, const texts_by_path& files) {
  if (is_written_inline(setting)) return {setting, std::move(key)};
  const auto found = files.find(setting);
  return {found == files.end() ? std::string() : found->second, fmt::format("{}: {}", key, setting)};
}

result<std::vector<trust::public_key>> keys_of(const cosign_setting& s, const texts_by_path& files) {
  std::vector<trust::public_key> out;
  for (std::size_t i = 0; i < s.keys.size(); ++i) {
    const auto from = text_of(fmt::format("cosign.keys[{}]", i), s.keys[i], files);
    auto key = trust::public_key::parse_pem(from.text);
    if (!key) return unusable(from.key, key.error().message);
    out.push_back(std::move(*key));
  }
  return out;
}

std::function<bool(const std::string&)> matcher_of(const std::optional<std::string>& text,
                                                   const std::optional<std::string>& regexp) {
  if (text) return [wanted = *text](const std::string& found) { return found == wanted; };
  RE2::Options options;
  options.set_log_errors(false);
  const auto compiled = std::make_shared<const RE2>(regexp.value_or(".*"), options);
  // A pattern that is not valid matches nothing.
  return [compiled](const std::string& found) { return RE2::FullMatch(found, *compiled); };
}

bool demands(const cosign_setting& s, proof one) {
  return s.required && std::ranges::find(*s.required, one) != s.required->end();
}

// What a policy wants of its trusted root; empty: it is there.
std::string missing_in_root(const trust::cosign_policy& policy) {
  const trust::trusted_root& root = *policy.root;
  std::vector<std::string_view> missing;
  const bool has_identities = policy.keys.empty();
  if (has_identities && root.authorities.empty()) missing.push_back("certificateAuthorities");
  if (policy.needs_log && root.logs.empty()) missing.push_back("tlogs");
  if (policy.needs_timestamp && root.timestamp_authorities.empty()) missing.push_back("timestampAuthorities");
  if (has_identities && policy.needs_sct && root.certificate_logs.empty()) missing.push_back("ctlogs");
  // Only these prove when a short-lived certificate was used.
  if (has_identities && root.logs.empty() && root.timestamp_authorities.empty() && missing.empty())
    missing.push_back("tlogs or timestampAuthorities");
  return fmt::format("{}", fmt::join(missing, ", "));
}

result<cosign_verifier> load(const cosign_setting& s, const texts_by_path& files) {
  trust::cosign_policy common;
  common.annotations = s.annotations;
  common.needs_timestamp = demands(s, proof::timestamp);
  std::string root_key;
  if (!s.trusted_root.empty()) {
    const auto from = text_of("cosign.trusted_root", s.trusted_root, files);
    auto root = trust::trusted_root::parse(from.text);
    if (!root) return unusable(from.key, root.error().message);
    common.root = std::make_shared<const trust::trusted_root>(std::move(*root));
    root_key = from.key;
  }
  cosign_verifier out;
  auto keys = keys_of(s, files);
  if (!keys) return fail(std::move(keys.error()));
  if (!keys->empty()) {
    trust::cosign_policy by_key = common;
    by_key.keys = std::move(*keys);
    by_key.needs_log = demands(s, proof::log);
    constexpr std::array<std::string_view, 3> algorithms{"sha256", "sha384", "sha512"};
    const auto* const named = std::ranges::find(algorithms, s.digest_algorithm);
    if (named != algorithms.end()) by_key.digest_algorithm = static_cast<trust::hash>(named - algorithms.begin());
    out.policies.push_back(std::move(by_key));
  }
  if (!s.identities.empty()) {
    trust::cosign_policy by_identity = common;
    by_identity.needs_log = s.required ? demands(s, proof::log) : true;
    by_identity.needs_sct = s.sct.value_or(true);
    for (const identity_setting& one : s.identities)
      by_identity.identities.push_back(
          {matcher_of(one.issuer, one.issuer_regexp), matcher_of(one.subject, one.subject_regexp)});
    out.policies.push_back(std::move(by_identity));
  }
  for (const trust::cosign_policy& policy : out.policies)
    if (const auto missing = policy.root ? missing_in_root(policy) : std::string(); !missing.empty())
      return unusable(root_key, fmt::format("the trusted root has no {}, which this verifier needs", missing));
  return out;
}

result<std::vector<std::string>> certificates_of(std::string_view text) {
  auto out = trust::certificates_in_pem(text, max_certificates);
  if (out.empty()) out.emplace_back(text);
  if (std::ranges::any_of(out, [](const std::string& der) { return trust::read_certificate(der) == nullptr; }))
    return fail(error_code::invalid_input, "has no certificate in PEM or DER");
  return out;
}

result<notation_verifier> load(const notation_setting& s, const texts_by_path& files) {
  const auto from = text_of("notation.trust_policy", s.trust_policy, files);
  auto policy = trust::notation_policy::parse(from.text);
  if (!policy) return unusable(from.key, policy.error().message);
  notation_verifier out{std::move(*policy), {}};
  for (const auto& [path, text] : files) {
    const std::string store_name = store_of(s, path);
    if (store_name.empty()) continue;
    auto certificates = certificates_of(text);
    if (!certificates)
      return unusable("notation.trust_store", fmt::format("{} {}", path, certificates.error().message));
    auto& store = out.stores[store_name];
    store.insert(store.end(), certificates->begin(), certificates->end());
  }
  for (const trust::notation_rule& rule : out.policy.rules)
    for (const std::string& store : rule.stores)
      if (!out.stores.contains(store))
        return unusable("notation.trust_store",
                        fmt::format("{} has no certificates for {}, which the policy {} names; they belong into {}",
                                    s.trust_store, store, quoted(rule.name, 60), directory_of(s, store)));
  return out;
}

result<content_trust_verifier> load(const content_trust_setting& s, const texts_by_path& files) {
  content_trust_verifier out;
  out.server = s.server;
  while (out.server.ends_with('/')) out.server.pop_back();
  out.anchor.root_key_ids = s.root_key_ids;
  if (s.root.empty()) return out;
  const auto from = text_of("content_trust.root", s.root, files);
  if (auto good = trust::check_root(from.text); !good) return unusable(from.key, good.error().message);
  out.anchor.root = from.text;
  return out;
}

result<verifier> load_one(const verifier_setting& setting, const texts_by_path& texts) {
  const texts_by_path own = own_files(setting, texts);
  verifier out;
  out.name = setting.name;
  out.platforms = setting.platforms;
  out.content = content_of(setting, own);
  const auto take = [&](const auto& s) -> result<void> {
    auto loaded = load(s, own);
    if (!loaded) return fail(std::move(loaded.error()));
    out.by = std::move(*loaded);
    return {};
  };
  if (auto good = std::visit(take, setting.by); !good) return fail(std::move(good.error()));
  return out;
}

}  // namespace

result<std::vector<verifier>> load_verifiers(const std::vector<verifier_setting>& settings,
                                             const file_contents& files) {
  for (const verifier_setting& one : settings)
    if (const auto fault = fault_of(one))
      return fail(error_code::invalid_input, fmt::format("verifier {}: {}", one.name, *fault));
  if (files.problem) return fail(*files.problem);
  const texts_by_path texts = texts_in(files);
  std::vector<verifier> out;
  for (const verifier_setting& one : settings) {
    auto loaded = load_one(one, texts);
    if (!loaded) return fail(std::move(loaded.error()).at(fmt::format("verifier {}", one.name)));
    out.push_back(std::move(*loaded));
  }
  return out;
}

result<std::vector<verifier>> load_verifiers(const std::vector<verifier_setting>& settings) {
  return load_verifiers(settings, read_verifier_files(settings));
}

}  // namespace pinhook::signatures
