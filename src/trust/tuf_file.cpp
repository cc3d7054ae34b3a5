#include <pinhook/trust/tuf_file.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/canonical_json.hpp>
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

constexpr std::size_t max_signatures = 64;
constexpr json::parse_limits file_limits{.depth = 32, .size = max_tuf_bytes};

std::unexpected<error> not_signed_json() { return fail(error_code::malformed, "is not signed JSON"); }

}  // namespace

result<void> tuf_file::take_signatures(const json::value& lines, tuf_coding in) {
  if (!lines.IsArray()) return not_signed_json();
  for (const json::value& one : lines.GetArray()) {
    if (signatures_.size() == max_signatures)
      return fail(error_code::malformed, fmt::format("has more than {} signatures", max_signatures));
    std::optional<std::string> value =
        in == tuf_coding::notary ? bytes_in(one, "sig") : decode_hexadecimal(text_in(one, "sig"));
    if (in == tuf_coding::notary && (!value || value->empty()))
      return fail(error_code::malformed, "has a signature that is not base64");
    // The place of a key that has not signed is kept empty by the tool of the public Sigstore instance.
    if (!value || value->empty()) continue;
    signatures_.push_back({std::string(text_in(one, "keyid")), std::string(text_in(one, "method")), std::move(*value)});
  }
  return {};
}

result<tuf_file> tuf_file::split(std::string_view text, tuf_coding in) {
  tuf_file out;
  if (text.size() > max_tuf_bytes) return fail(error_code::malformed, "is larger than any such file");
  if (in == tuf_coding::standard) {
    auto parsed = json::parse(text, file_limits);
    if (!parsed) return not_signed_json();
    const auto whole = std::make_shared<json::document>(std::move(*parsed));
    const json::value* content = json::find(*whole, "signed");
    const json::value* lines = json::find(*whole, "signatures");
    if (content == nullptr || lines == nullptr || !content->IsObject()) return not_signed_json();
    auto canonical = canonical_json(*content);
    if (!canonical) return fail(std::move(canonical.error()));
    if (auto good = out.take_signatures(*lines, in); !good) return fail(std::move(good.error()));
    out.signed_text_ = std::move(*canonical);
    out.content_ = std::shared_ptr<const json::value>(whole, content);
    return out;
  }
  constexpr std::string_view before = R"({"signed":)";
  constexpr std::string_view between = R"(,"signatures":)";
  const auto end = text.rfind(between);
  if (!text.starts_with(before) || end == std::string_view::npos || end < before.size()) return not_signed_json();
  // The signed bytes and the read ones are the same.
  out.signed_text_ = std::string(text.substr(before.size(), end - before.size()));
  auto content = json::parse(out.signed_text_, file_limits);
  const std::string_view rest = text.substr(end + between.size());
  const auto lines = json::parse(rest.substr(0, rest.rfind('}')), {.depth = 8, .size = max_tuf_bytes});
  if (!content || !lines) return not_signed_json();
  if (auto good = out.take_signatures(*lines, in); !good) return fail(std::move(good.error()));
  out.content_ = std::make_shared<json::document>(std::move(*content));
  return out;
}

result<tuf_file> tuf_file::parse(std::string_view text, std::string_view type, tuf_coding in) {
  const auto malformed_file = [&](std::string_view reason) {
    return in == tuf_coding::notary ? malformed_tuf(type, reason) : fail(error_code::malformed, std::string(reason));
  };
  auto out = split(text, in);
  if (!out) return malformed_file(out.error().message);
  const json::value& content = out->content();
  if (text_in(content, "_type") != type) return malformed_file("says that it is another one");
  if (in == tuf_coding::standard && !text_in(content, "spec_version").starts_with("1."))
    return malformed_file("is not of version 1 of the specification");
  const auto version = json::find_integer(content, "version");
  const auto expires = parse_timestamp(text_in(content, "expires"));
  const std::int64_t least = in == tuf_coding::standard ? 1 : 0;
  if (!version || *version < least || !expires)
    return malformed_file("has no valid version or no valid time of expiry");
  out->version_ = *version;
  out->expires_ = *expires;
  return out;
}

bool tuf_file::is_signed_by(const tuf_role& role, const tuf_keys& keys) const {
  // By the keys themselves, since an ID is no more than a name.
  std::set<std::string_view> good;
  for (const signature_line& one : signatures_) {
    if (std::ranges::find(role.key_ids, one.key_id) == role.key_ids.end()) continue;
    const auto key = keys.find(one.key_id);
    if (key == keys.end() || good.contains(key->second.key.spki())) continue;
    if (key->second.verifies(signed_text_, one.value, one.method)) good.insert(key->second.key.spki());
  }
  return role.threshold > 0 && std::ssize(good) >= role.threshold;
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
