#include <pinhook/trust/tuf_file.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pinhook::trust {
namespace {

std::unexpected<error> malformed_tuf(std::string_view type, std::string_view reason) {
  return fail(error_code::malformed, fmt::format("the {} file {}", type, reason));
}

std::optional<public_key> key_of(std::string_view kind, std::string_view text) {
  const auto bytes = decode_any_base64(text);
  if (!bytes) return std::nullopt;
  auto read = [&]() -> result<public_key> {
    if (kind == "ed25519") return public_key::of_ed25519(*bytes);
    if (kind.ends_with("-x509")) return public_key::parse_pem(*bytes);
    return public_key::parse_der(*bytes);
  }();
  if (!read) return std::nullopt;
  return std::move(*read);
}

bool is_made_by(const public_key& key, std::string_view method, std::string_view message, std::string_view value) {
  if (method == "eddsa") return key.type() == public_key::kind::ed25519 && key.verifies(message, value, hash::sha256);
  // Notary hashes by SHA-256 whatever the curve and the modulus; its other method is PSS.
  if (method == "ecdsa" || method == "rsapss") return key.verifies_numbers_or_pss(message, value, hash::sha256);
  return false;
}

}  // namespace

result<tuf_file> tuf_file::parse(std::string_view text, std::string_view type) {
  constexpr std::string_view before = R"({"signed":)";
  constexpr std::string_view between = R"(,"signatures":)";
  const auto end = text.rfind(between);
  if (text.size() > max_tuf_bytes || !text.starts_with(before) || end == std::string_view::npos || end < before.size())
    return malformed_tuf(type, "is not signed JSON");
  tuf_file out;
  // The signed bytes and the read ones are the same.
  out.signed_text_ = std::string(text.substr(before.size(), end - before.size()));
  auto content = json::parse(out.signed_text_, {.depth = 32, .size = max_tuf_bytes});
  std::string_view rest = text.substr(end + between.size());
  const auto last = rest.rfind('}');
  const auto lines = json::parse(rest.substr(0, last), {.depth = 8, .size = max_tuf_bytes});
  if (!content || !lines || !lines->IsArray()) return malformed_tuf(type, "is not signed JSON");
  if (text_in(*content, "_type") != type) return malformed_tuf(type, "says that it is another one");
  const auto version = json::find_integer(*content, "version");
  const auto expires = parse_timestamp(text_in(*content, "expires"));
  if (!version || *version < 0 || !expires)
    return malformed_tuf(type, "has no valid version or no valid time of expiry");
  for (const json::value& one : lines->GetArray()) {
    auto value = bytes_in(one, "sig");
    if (!value || value->empty()) return malformed_tuf(type, "has a signature that is not base64");
    out.signatures_.push_back(
        {std::string(text_in(one, "keyid")), std::string(text_in(one, "method")), std::move(*value)});
    if (out.signatures_.size() > 64) return malformed_tuf(type, "has more than 64 signatures");
  }
  out.content_ = std::make_shared<json::document>(std::move(*content));
  out.version_ = *version;
  out.expires_ = *expires;
  return out;
}

bool tuf_file::is_signed_by(const tuf_role& role, const tuf_keys& keys) const {
  std::set<std::string_view> good;
  for (const signature_line& one : signatures_) {
    if (std::ranges::find(role.key_ids, one.key_id) == role.key_ids.end() || good.contains(one.key_id)) continue;
    const auto key = keys.find(one.key_id);
    if (key != keys.end() && is_made_by(key->second, one.method, signed_text_, one.value)) good.insert(one.key_id);
  }
  return role.threshold > 0 && std::ssize(good) >= role.threshold;
}

tuf_keys tuf_keys_in(const json::value& keys) {
  tuf_keys out;
  if (!keys.IsObject()) return out;
  for (const auto& [id, value] : keys.GetObject()) {
    const std::string_view kind = text_in(value, "keytype");
    const json::value* held = json::find(value, "keyval");
    const std::string_view text = held == nullptr ? std::string_view() : text_in(*held, "public");
    const std::string own =
        sha256(fmt::format(R"({{"keytype":"{}","keyval":{{"private":null,"public":"{}"}}}})", kind, text));
    if (encode_hexadecimal(own) != json::text_of(id)) continue;
    if (auto key = key_of(kind, text)) out.emplace(json::text_of(id), std::move(*key));
  }
  return out;
}

std::optional<tuf_role> tuf_role_in(const json::value& role) {
  tuf_role out;
  for (const json::value* one : list_in(role, "keyids"))
    if (one->IsString()) out.key_ids.emplace_back(json::text_of(*one));
  out.threshold = json::find_integer(role, "threshold").value_or(0);
  if (out.threshold <= 0 || out.key_ids.empty()) return std::nullopt;
  return out;
}

}  // namespace pinhook::trust
