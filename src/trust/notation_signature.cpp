#include <pinhook/trust/notation_signature.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/cbor_reader.hpp>
#include <pinhook/trust/signature.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <utility>

namespace pinhook::trust {
namespace {

std::unexpected<error> malformed_envelope(std::string_view reason) {
  return fail(error_code::malformed, fmt::format("the signature's {}", reason));
}

constexpr std::string_view scheme_header = "io.cncf.notary.signingScheme";
constexpr std::string_view signing_time_header = "io.cncf.notary.signingTime";
constexpr std::string_view authentic_time_header = "io.cncf.notary.authenticSigningTime";
constexpr std::string_view expiry_header = "io.cncf.notary.expiry";
constexpr std::string_view timestamp_header = "io.cncf.notary.timestampSignature";

std::optional<error> take_protected(const json::value& v, notation_signature& out) {
  out.algorithm = std::string(text_in(v, "alg"));
  out.content_type = std::string(text_in(v, "cty"));
  out.scheme = std::string(text_in(v, scheme_header));
  for (const json::value* one : list_in(v, "crit")) {
    if (!one->IsString()) return malformed_envelope("header crit has a value that is not a text").error();
    out.critical.emplace_back(json::text_of(*one));
  }
  struct time_header {
    std::string_view name;
    std::optional<wall_time> notation_signature::* to;
  };
  constexpr std::array<time_header, 3> times{{{signing_time_header, &notation_signature::signing_time},
                                              {authentic_time_header, &notation_signature::authentic_signing_time},
                                              {expiry_header, &notation_signature::expiry}}};
  for (const auto& [name, to] : times) {
    if (json::find(v, name) == nullptr) continue;
    out.*to = parse_timestamp(text_in(v, name));
    if (!(out.*to)) return malformed_envelope(fmt::format("header {} is not RFC 3339", name)).error();
  }
  return std::nullopt;
}

// One map of COSE headers: labels are numbers or texts.
class cose_headers {
 public:
  explicit cose_headers(notation_signature& to) : to_(to) {}

  // False: malformed.
  [[nodiscard]] bool read(cbor_reader& in, bool is_protected) {
    const auto map = in.next(cbor_item::kind::map);
    if (!map || map->number > 64) return false;
    for (std::int64_t i = 0; i < map->number; ++i) {
      const auto label = in.next();
      if (!label) return false;
      const bool is_good = label->type == cbor_item::kind::integer ? take_number(label->number, in, is_protected)
                                                                   : take_text(*label, in, is_protected);
      if (!is_good) return false;
    }
    return true;
  }

 private:
  // RFC 9052 §3.1, RFC 9360 §2.
  bool take_number(std::int64_t label, cbor_reader& in, bool is_protected) {
    switch (label) {
      case 1:
        return is_protected ? take_algorithm(in) : in.skip();
      case 2:
        return is_protected ? take_critical(in) : in.skip();
      case 3:
        return is_protected ? take_string(in, to_.content_type) : in.skip();
      case 33:
        return take_chain(in);
      default:
        return in.skip();
    }
  }

  bool take_text(const cbor_item& label, cbor_reader& in, bool is_protected) {
    if (label.type != cbor_item::kind::text) return false;
    if (label.content == timestamp_header) {
      const auto bytes = in.next(cbor_item::kind::bytes);
      if (bytes) to_.timestamp = std::string(bytes->content);
      return bytes.has_value();
    }
    if (!is_protected) return in.skip();
    if (label.content == scheme_header) return take_string(in, to_.scheme);
    if (label.content == signing_time_header) return take_time(in, to_.signing_time);
    if (label.content == authentic_time_header) return take_time(in, to_.authentic_signing_time);
    if (label.content == expiry_header) return take_time(in, to_.expiry);
    return in.skip();
  }

  static bool take_string(cbor_reader& in, std::string& to) {
    const auto text = in.next(cbor_item::kind::text);
    if (text) to = std::string(text->content);
    return text.has_value();
  }

  // Tag 1: seconds since 1970.
  static bool take_time(cbor_reader& in, std::optional<wall_time>& to) {
    constexpr std::int64_t last_second = 9'000'000'000;
    const auto tag = in.next(cbor_item::kind::tag);
    const auto seconds = tag && tag->number == 1 ? in.next(cbor_item::kind::integer) : std::nullopt;
    if (!seconds || seconds->number < 0 || seconds->number > last_second) return false;
    to = wall_time(std::chrono::seconds(seconds->number));
    return true;
  }

  bool take_algorithm(cbor_reader& in) {
    struct row {
      std::int64_t number;
      std::string_view name;
    };
    constexpr std::array<row, 6> known{
        {{-7, "ES256"}, {-35, "ES384"}, {-36, "ES512"}, {-37, "PS256"}, {-38, "PS384"}, {-39, "PS512"}}};
    const auto number = in.next(cbor_item::kind::integer);
    if (!number) return false;
    for (const row& one : known)
      if (one.number == number->number) to_.algorithm = std::string(one.name);
    return true;
  }

  bool take_critical(cbor_reader& in) {
    const auto list = in.next(cbor_item::kind::array);
    if (!list || list->number > 64) return false;
    for (std::int64_t i = 0; i < list->number; ++i) {
      const auto one = in.next();
      if (!one) return false;
      // Numbers are the standard's own headers, of which 3 is all that notation marks.
      to_.critical.push_back(one->type == cbor_item::kind::text ? std::string(one->content)
                                                                : fmt::format("{}", one->number));
    }
    return true;
  }

  bool take_chain(cbor_reader& in) {
    const auto first = in.next();
    if (!first) return false;
    if (first->type == cbor_item::kind::bytes) {
      to_.certificates.emplace_back(first->content);
      return true;
    }
    if (first->type != cbor_item::kind::array || first->number > static_cast<std::int64_t>(max_chain)) return false;
    for (std::int64_t i = 0; i < first->number; ++i) {
      const auto one = in.next(cbor_item::kind::bytes);
      if (!one) return false;
      to_.certificates.emplace_back(one->content);
    }
    return true;
  }

  notation_signature& to_;
};

// The head of a byte string or a short text (RFC 8949 §3.1).
void append_head(std::string& out, unsigned major, std::size_t size) {
  const auto put = [&](unsigned more, int bytes) {
    out.push_back(static_cast<char>((major << 5U) | more));
    for (int i = bytes - 1; i >= 0; --i)
      out.push_back(static_cast<char>((size >> (8U * static_cast<unsigned>(i))) & 0xFFU));
  };
  if (size < 24) {
    put(static_cast<unsigned>(size), 0);
  } else if (size <= 0xFF) {
    put(24, 1);
  } else if (size <= 0xFFFF) {
    put(25, 2);
  } else {
    put(26, 4);
  }
}

// RFC 9052 §4.4: ["Signature1", protected, external data (none), payload].
std::string sig_structure(std::string_view protected_headers, std::string_view payload) {
  constexpr std::string_view context = "Signature1";
  std::string out("\x84", 1);
  append_head(out, 3, context.size());
  out += context;
  append_head(out, 2, protected_headers.size());
  out += protected_headers;
  append_head(out, 2, 0);
  append_head(out, 2, payload.size());
  out += payload;
  return out;
}

}  // namespace

result<notation_signature> parse_notation_jws(std::string_view text) {
  const auto parsed = json::parse(text, {.depth = 16, .size = max_bundle_bytes});
  if (!parsed) return malformed_envelope(fmt::format("envelope is not JSON: {}", parsed.error().message));
  const std::string_view header = text_in(*parsed, "protected");
  const std::string_view payload = text_in(*parsed, "payload");
  const auto header_text = decode_any_base64(header);
  auto payload_text = decode_any_base64(payload);
  auto value = decode_any_base64(text_in(*parsed, "signature"));
  if (!header_text || !payload_text || !value || value->empty())
    return malformed_envelope("protected header, payload or signature is not base64");
  const auto headers = json::parse(*header_text, {.depth = 16, .size = max_bundle_bytes});
  if (!headers) return malformed_envelope("protected header is not JSON");
  notation_signature out;
  if (auto failed = take_protected(*headers, out)) return fail(std::move(*failed));
  out.message = fmt::format("{}.{}", header, payload);
  out.payload = std::move(*payload_text);
  out.value = std::move(*value);
  const json::value* unprotected = json::find(*parsed, "header");
  if (unprotected == nullptr) return malformed_envelope("header with its certificates is missing");
  for (const json::value* one : list_in(*unprotected, "x5c")) {
    auto der = one->IsString() ? decode_any_base64(json::text_of(*one)) : std::nullopt;
    if (!der || out.certificates.size() >= max_chain) return malformed_envelope("certificates are invalid or too many");
    out.certificates.push_back(std::move(*der));
  }
  auto stamp = bytes_in(*unprotected, timestamp_header);
  if (!stamp) return malformed_envelope("timestamp is not base64");
  out.timestamp = std::move(*stamp);
  return out;
}

result<notation_signature> parse_notation_cose(std::string_view bytes) {
  const auto bad = [] { return malformed_envelope("envelope is not COSE_Sign1"); };
  if (bytes.size() > max_bundle_bytes) return bad();
  // Tag 18, by hand: libcbor 0.8 refuses tags that had no meaning when it was written.
  constexpr std::string_view sign1 = "\xd2";
  if (!bytes.starts_with(sign1)) return bad();
  cbor_reader in(bytes.substr(sign1.size()));
  const auto list = in.next(cbor_item::kind::array);
  const auto headers = in.next(cbor_item::kind::bytes);
  if (!list || list->number != 4 || !headers) return bad();
  notation_signature out;
  cose_headers taken(out);
  cbor_reader inside(headers->content);
  if (!taken.read(inside, true) || !inside.is_at_end()) return malformed_envelope("protected headers are invalid");
  if (!taken.read(in, false)) return malformed_envelope("headers are invalid");
  const auto payload = in.next(cbor_item::kind::bytes);
  const auto value = in.next(cbor_item::kind::bytes);
  if (!payload || !value || !in.is_at_end()) return bad();
  out.payload = std::string(payload->content);
  out.value = std::string(value->content);
  out.message = sig_structure(headers->content, payload->content);
  return out;
}

}  // namespace pinhook::trust
