#include <pinhook/trust/notation_policy.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <utility>

namespace pinhook::trust {
namespace {

constexpr std::string_view subject_prefix = "x509.subject:";
constexpr std::array<std::string_view, 3> store_types{"ca", "signingAuthority", "tsa"};

std::unexpected<error> invalid(std::string message) { return fail(error_code::invalid_input, std::move(message)); }

struct level_row {
  std::string_view name;
  check_action authenticity;
  check_action authentic_timestamp;
  check_action expiry;
  check_action revocation;
};
constexpr std::array<level_row, 3> levels{{
    {"strict", check_action::enforce, check_action::enforce, check_action::enforce, check_action::enforce},
    {"permissive", check_action::enforce, check_action::log, check_action::log, check_action::log},
    {"audit", check_action::log, check_action::log, check_action::log, check_action::log},
}};

struct check_row {
  std::string_view name;
  check_action notation_level::* to;
};
constexpr std::array<check_row, 4> checks{{
    {"authenticity", &notation_level::authenticity},
    {"authenticTimestamp", &notation_level::authentic_timestamp},
    {"expiry", &notation_level::expiry},
    {"revocation", &notation_level::revocation},
}};

std::optional<check_action> action_of(std::string_view name) {
  if (name == "enforce") return check_action::enforce;
  if (name == "log") return check_action::log;
  if (name == "skip") return check_action::skip;
  return std::nullopt;
}

result<notation_level> parse_level(const json::value& v) {
  notation_level out;
  out.name = std::string(text_in(v, "level"));
  const json::value* overridden = json::find(v, "override");
  if (out.name == "skip") {
    if (overridden != nullptr) return invalid("level skip takes no override");
    out.is_skipped = true;
    return out;
  }
  const auto* const row = std::ranges::find(levels, out.name, &level_row::name);
  if (row == levels.end())
    return invalid(
        fmt::format("signatureVerification.level {} is none of strict, permissive, audit, skip", quoted(out.name, 40)));
  out.authenticity = row->authenticity;
  out.authentic_timestamp = row->authentic_timestamp;
  out.expiry = row->expiry;
  out.revocation = row->revocation;
  if (overridden == nullptr) return out;
  if (!overridden->IsObject()) return invalid("signatureVerification.override is not an object");
  for (const auto& [name, value] : overridden->GetObject()) {
    const auto* const check = std::ranges::find(checks, json::text_of(name), &check_row::name);
    const auto action = value.IsString() ? action_of(json::text_of(value)) : std::nullopt;
    if (check == checks.end() || !action)
      return invalid(fmt::format("signatureVerification.override {} is not a check with enforce, log or skip",
                                 quoted(json::text_of(name), 40)));
    out.*(check->to) = *action;
  }
  return out;
}

std::optional<error> take_stores(const json::value& v, notation_rule& to) {
  for (const json::value* one : list_in(v, "trustStores")) {
    const std::string_view text = one->IsString() ? json::text_of(*one) : std::string_view();
    const auto colon = text.find(':');
    const std::string_view name = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    const bool is_name = !name.empty() && std::ranges::all_of(name, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
    });
    if (!is_name || name == "." || name == ".." ||
        std::ranges::find(store_types, text.substr(0, colon)) == store_types.end())
      return invalid(fmt::format("trustStores {} is not ca:NAME, signingAuthority:NAME or tsa:NAME", quoted(text, 80)))
          .error();
    to.stores.emplace_back(text);
  }
  return std::nullopt;
}

std::optional<error> take_identities(const json::value& v, notation_rule& to) {
  for (const json::value* one : list_in(v, "trustedIdentities")) {
    const std::string_view text = one->IsString() ? json::text_of(*one) : std::string_view();
    if (text == "*") {
      to.trusts_every_subject = true;
      continue;
    }
    // Other kinds of identities are for plugins.
    if (!text.starts_with(subject_prefix))
      return invalid(fmt::format("trustedIdentities {} is not * or \"x509.subject: …\"", quoted(text, 120))).error();
    auto subject = parse_subject(text.substr(subject_prefix.size()));
    if (!subject)
      return invalid(fmt::format("trustedIdentities {}: {}", quoted(text, 120), subject.error().message)).error();
    for (const std::string_view needed : {"C", "ST", "O"})
      if (!subject->contains(std::string(needed)))
        return invalid(
                   fmt::format("trustedIdentities {} has no {}: C, ST and O must be in it", quoted(text, 120), needed))
            .error();
    to.subjects.push_back(std::move(*subject));
  }
  if (to.trusts_every_subject && !to.subjects.empty())
    return invalid("trustedIdentities has * beside other identities").error();
  return std::nullopt;
}

// The registry in small letters, without port 443 (that of HTTPS) and zeros before a port: all spellings of a name are
// the same image, and none of them must get round the rule that names it.
std::string in_common_spelling(std::string_view repository) {
  const std::size_t slash = std::min(repository.find('/'), repository.size());
  std::string out(repository.substr(0, slash));
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (const std::size_t colon = out.rfind(':'); colon != std::string::npos && !out.ends_with(']')) {
    out.erase(colon + 1, std::min(out.find_first_not_of('0', colon + 1), out.size()) - colon - 1);
    if (std::string_view(out).substr(colon) == ":443") out.resize(colon);
  }
  return out.append(repository.substr(slash));
}

// "registry/repository", without a tag or digest: another text would name no image, and leave its own to the rule for
// all.
bool is_scope(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || text.ends_with('/') || text.contains("//")) return false;
  return std::ranges::all_of(text.substr(slash + 1),
                             [](unsigned char c) {
                               return std::islower(c) != 0 || std::isdigit(c) != 0 ||
                                      std::string_view("/._-").contains(static_cast<char>(c));
                             }) &&
         std::ranges::all_of(text.substr(0, slash), [](unsigned char c) {
           return std::isalnum(c) != 0 || std::string_view(".-:[]").contains(static_cast<char>(c));
         });
}

result<notation_rule> parse_rule(const json::value& v) {
  notation_rule out;
  out.name = std::string(text_in(v, "name"));
  if (out.name.empty()) return invalid("it has no name");
  for (const json::value* one : list_in(v, "registryScopes")) {
    const std::string_view text = one->IsString() ? json::text_of(*one) : std::string_view();
    if (text != "*" && !is_scope(text))
      return invalid(fmt::format("registryScopes {} is not * or registry/repository", quoted(text, 120)));
    out.scopes.push_back(in_common_spelling(text));
  }
  if (out.scopes.empty()) return invalid("registryScopes is empty");
  if (out.scopes.size() > 1 && std::ranges::find(out.scopes, "*") != out.scopes.end())
    return invalid("registryScopes has * beside other scopes");
  const json::value* verification = json::find(v, "signatureVerification");
  if (verification == nullptr) return invalid("signatureVerification is missing");
  auto level = parse_level(*verification);
  if (!level) return fail(std::move(level.error()));
  out.level = std::move(*level);
  const std::string_view when = text_in(*verification, "verifyTimestamp");
  if (!when.empty() && when != "always" && when != "afterCertExpiry")
    return invalid(fmt::format("verifyTimestamp {} is not always or afterCertExpiry", quoted(when, 40)));
  out.is_timestamp_after_expiry_only = when == "afterCertExpiry";
  if (auto failed = take_stores(v, out)) return fail(std::move(*failed));
  if (auto failed = take_identities(v, out)) return fail(std::move(*failed));
  if (!out.level.is_skipped && (out.stores.empty() || (!out.trusts_every_subject && out.subjects.empty())))
    return invalid("trustStores or trustedIdentities is empty");
  return out;
}

// One value of RFC 4514 §3, up to a separator that is not escaped.
std::optional<std::string> take_value(std::string_view& rest) {
  std::string out;
  std::size_t kept = 0;  // spaces at the end do not count unless they are escaped
  while (!rest.empty() && rest.front() != ',' && rest.front() != '+' && rest.front() != ';') {
    char c = rest.front();
    rest.remove_prefix(1);
    if (c == '\\') {
      if (rest.empty()) return std::nullopt;
      const auto byte = rest.size() >= 2 ? decode_hexadecimal(rest.substr(0, 2)) : std::nullopt;
      c = byte ? byte->front() : rest.front();
      rest.remove_prefix(byte ? 2 : 1);
      out.push_back(c);
      kept = out.size();
      continue;
    }
    out.push_back(c);
    if (c != ' ') kept = out.size();
  }
  out.resize(kept);
  return out;
}

}  // namespace

result<subject_attributes> parse_subject(std::string_view text) {
  subject_attributes out;
  // A space at the end may be escaped, and then belongs to the value.
  std::string_view rest = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  if (rest.empty()) return invalid("it is empty");
  while (!rest.empty()) {
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return invalid("an attribute has no \"=\"");
    std::string name(trimmed(rest.substr(0, equals)));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    rest.remove_prefix(equals + 1);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    auto value = take_value(rest);
    if (name.empty() || !value || value->empty()) return invalid("an attribute has no name or no value");
    if (!out.emplace(name, std::move(*value)).second) return invalid(fmt::format("{} is in it twice", name));
    if (!rest.empty()) rest.remove_prefix(1);
  }
  return out;
}

result<notation_policy> notation_policy::parse(std::string_view text) {
  const auto parsed = json::parse(text, {.depth = 16, .size = max_trust_policy_bytes});
  if (!parsed) return invalid(fmt::format("the trust policy is not JSON: {}", parsed.error().message));
  if (const auto version = text_in(*parsed, "version"); version != "1.0")
    return invalid(fmt::format("version {} of the trust policy is not supported; 1.0 is", quoted(version, 20)));
  notation_policy out;
  std::set<std::string> names;
  std::set<std::string> scopes;
  for (const json::value* one : list_in(*parsed, "trustPolicies")) {
    auto rule = parse_rule(*one);
    if (!rule)
      return invalid(fmt::format("trustPolicies {}: {}", quoted(text_in(*one, "name"), 60), rule.error().message));
    if (!names.insert(rule->name).second)
      return invalid(fmt::format("two trustPolicies have the name {}", quoted(rule->name, 60)));
    for (const std::string& scope : rule->scopes)
      if (!scopes.insert(scope).second)
        return invalid(fmt::format("two trustPolicies have the scope {}", quoted(scope, 120)));
    out.rules.push_back(std::move(*rule));
  }
  if (out.rules.empty()) return invalid("trustPolicies is empty");
  return out;
}

const notation_rule* notation_policy::rule_for(std::string_view repository) const {
  const notation_rule* all = nullptr;
  const std::string wanted = in_common_spelling(repository);
  for (const notation_rule& one : rules) {
    for (const std::string& scope : one.scopes) {
      if (scope == wanted) return &one;
      if (scope == "*") all = &one;
    }
  }
  return all;
}

}  // namespace pinhook::trust
