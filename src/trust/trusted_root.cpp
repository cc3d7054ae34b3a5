#include <pinhook/trust/trusted_root.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::trust {
namespace {

constexpr std::size_t max_entries = 64;

// The host and port of an address.
std::string host_in(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

// Without it: always. A beginning that is missing must not become one without a limit.
std::optional<validity> parse_validity(const json::value* v) {
  validity out;
  if (v == nullptr) return out;
  const auto start = parse_timestamp(text_in(*v, "start"));
  if (!start) return std::nullopt;
  out.start = *start;
  if (const auto end = text_in(*v, "end"); !end.empty()) {
    out.end = parse_timestamp(end);
    if (!out.end) return std::nullopt;
  }
  return out;
}

// Nothing: a key of a kind that is not supported.
result<std::optional<trusted_log>> parse_log(const json::value& v) {
  const json::value* key = json::find(v, "publicKey");
  const json::value* id = json::find(v, "logId");
  auto bytes = key == nullptr ? std::nullopt : bytes_in(*key, "rawBytes");
  auto named = id == nullptr ? std::nullopt : bytes_in(*id, "keyId");
  if (!bytes || bytes->empty() || !named || named->size() != 32)
    return fail(error_code::invalid_input, "has no publicKey.rawBytes or no logId.keyId of 32 bytes");
  const auto valid = parse_validity(json::find(*key, "validFor"));
  if (!valid)
    return fail(error_code::invalid_input, "has a validFor without a start, or with a time that is not RFC 3339");
  auto parsed = public_key::parse_der(*bytes);
  if (!parsed) return std::optional<trusted_log>();
  return trusted_log{std::move(*named), std::move(*parsed), host_in(text_in(v, "baseUrl")), *valid};
}

result<trusted_authority> parse_authority(const json::value& v) {
  trusted_authority out;
  const json::value* chain = json::find(v, "certChain");
  if (chain != nullptr) {
    for (const json::value* one : list_in(*chain, "certificates")) {
      auto der = bytes_in(*one, "rawBytes");
      if (!der || der->empty()) return fail(error_code::invalid_input, "has a certificate that is not base64");
      out.chain.push_back(std::move(*der));
    }
  }
  if (out.chain.empty()) return fail(error_code::invalid_input, "has no certificate");
  const auto valid = parse_validity(json::find(v, "validFor"));
  if (!valid)
    return fail(error_code::invalid_input, "has a validFor without a start, or with a time that is not RFC 3339");
  out.valid = *valid;
  return out;
}

}  // namespace

result<trusted_root> trusted_root::parse(std::string_view text) {
  const auto parsed = json::parse(text, {.depth = 32, .size = max_trusted_root_bytes});
  if (!parsed)
    return fail(error_code::invalid_input, fmt::format("the trusted root is not JSON: {}", parsed.error().message));
  const std::string_view type = text_in(*parsed, "mediaType");
  if (!type.starts_with("application/vnd.dev.sigstore.trustedroot"))
    return fail(error_code::invalid_input, fmt::format("the media type {} is not that of a trusted root "
                                                       "(application/vnd.dev.sigstore.trustedroot+json;version=0.1)",
                                                       quoted(type, 80)));
  trusted_root out;
  const auto take = [&](std::string_view name, const auto& each) -> std::optional<error> {
    const auto all = list_in(*parsed, name);
    if (all.size() > max_entries)
      return error{error_code::invalid_input, fmt::format("{} has more than {} entries", name, max_entries),
                   std::nullopt};
    for (std::size_t i = 0; i < all.size(); ++i)
      if (auto failed = each(*all[i]))
        return error{error_code::invalid_input, fmt::format("{}[{}] {}", name, i, failed->message), std::nullopt};
    return std::nullopt;
  };
  const auto into_logs = [](std::vector<trusted_log>& to) {
    return [&to](const json::value& v) -> std::optional<error> {
      auto read = parse_log(v);
      if (!read) return std::move(read.error());
      if (*read) to.push_back(std::move(**read));
      return std::nullopt;
    };
  };
  const auto into_authorities = [](std::vector<trusted_authority>& to) {
    return [&to](const json::value& v) -> std::optional<error> {
      auto read = parse_authority(v);
      if (!read) return std::move(read.error());
      to.push_back(std::move(*read));
      return std::nullopt;
    };
  };
  if (auto failed = take("tlogs", into_logs(out.logs))) return fail(std::move(*failed));
  if (auto failed = take("ctlogs", into_logs(out.certificate_logs))) return fail(std::move(*failed));
  if (auto failed = take("certificateAuthorities", into_authorities(out.authorities))) return fail(std::move(*failed));
  if (auto failed = take("timestampAuthorities", into_authorities(out.timestamp_authorities)))
    return fail(std::move(*failed));
  return out;
}

}  // namespace pinhook::trust
