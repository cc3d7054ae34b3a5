#include <pinhook/signatures/verifier_content.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/trust/public_key.hpp>

#include <fmt/core.h>

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhook::signatures {
namespace {

// Parts of a text that is hashed: no two lists of parts give the same text.
class fingerprint {
 public:
  fingerprint& add(std::string_view part) {
    text_ += fmt::format("{}:{}", part.size(), part);
    return *this;
  }
  fingerprint& add_all(const std::vector<std::string>& parts) {
    add(std::to_string(parts.size()));
    for (const auto& one : parts) add(one);
    return *this;
  }
  fingerprint& add_optional(const std::optional<std::string>& part) { return part ? add("+").add(*part) : add("-"); }
  [[nodiscard]] std::string hash() const { return encode_hexadecimal(trust::sha256(text_)); }

 private:
  std::string text_;
};

void add_to(fingerprint& out, const cosign_setting& s) {
  out.add("cosign").add_all(s.keys).add(s.digest_algorithm).add(s.trusted_root);
  for (const auto& [name, value] : s.annotations) out.add(name).add(value);
  out.add(s.required ? "+" : "-");
  for (const proof one : s.required.value_or(std::vector<proof>())) out.add(one == proof::log ? "log" : "timestamp");
  out.add(!s.sct ? "-" : *s.sct ? "sct" : "no sct");
  for (const auto& one : s.identities)
    out.add_optional(one.issuer)
        .add_optional(one.issuer_regexp)
        .add_optional(one.subject)
        .add_optional(one.subject_regexp);
}

void add_to(fingerprint& out, const notation_setting& s) { out.add("notation").add(s.trust_policy).add(s.trust_store); }

void add_to(fingerprint& out, const content_trust_setting& s) {
  out.add("content_trust").add(s.server).add_all(s.root_key_ids).add(s.root);
}

}  // namespace

std::string content_of(const verifier_setting& setting, const std::map<std::string, std::string>& files) {
  fingerprint out;
  out.add(setting.name);
  std::visit([&](const auto& s) { add_to(out, s); }, setting.by);
  for (const auto& one : setting.platforms) out.add(one.to_string());
  out.add("files");
  for (const auto& [path, text] : files) out.add(path).add(text);
  return out.hash();
}

}  // namespace pinhook::signatures
