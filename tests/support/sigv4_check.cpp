#include "support/sigv4_check.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace pinhook::testing {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(at);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4U];
    out += digits[bytes[i] & 15U];
  }
  return out;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha256(), nullptr);
  return hex(out.data(), size);
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

// RFC 3986: all but unreserved characters, in capital hexadecimal digits.
std::string percent_encoded(std::string_view text, bool keeps_slashes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos ||
        (keeps_slashes && c == '/')) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string canonical_query(const std::string& query) {
  if (query.empty()) return "";
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& one : split(query, '&')) {
    const auto equals = one.find('=');
    all.emplace_back(
        percent_encoded(percent_decoded(one.substr(0, equals)), false),
        equals == std::string::npos ? "" : percent_encoded(percent_decoded(one.substr(equals + 1)), false));
  }
  std::sort(all.begin(), all.end());
  std::string out;
  for (const auto& [name, value] : all) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

// Spaces around it gone, runs of spaces within it one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string joined_values(const recorded_request& r, const std::string& name) {
  std::string out;
  bool is_first = true;
  for (const auto& [header, value] : r.headers) {
    if (lower(header) != name) continue;
    out += (is_first ? "" : ",") + canonical_value(value);
    is_first = false;
  }
  return out;
}

std::string canonical_request(const recorded_request& r, const std::vector<std::string>& signed_headers) {
  std::string out = r.method + "\n" + percent_encoded(r.path(), true) + "\n" + canonical_query(r.query()) + "\n";
  std::string names;
  for (const auto& name : signed_headers) {
    out += name + ":" + joined_values(r, name) + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  return out + "\n" + names + "\n" + sha256_hex(r.body);
}

std::optional<std::string> coverage_fault(const recorded_request& r, const sigv4_claim& claim) {
  const auto& names = claim.signed_headers;
  const auto is_signed = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!std::is_sorted(names.begin(), names.end())) return "the signed headers are not sorted";
  for (const auto& name : names)
    if (!r.has_header(name)) return "it signs " + name + ", which was not sent";
  if (!is_signed("host")) return "host is not signed";
  for (const auto& [header, value] : r.headers) {
    const std::string name = lower(header);
    if ((name == "content-type" || name.starts_with("x-amz-")) && !is_signed(name)) return name + " is not signed";
  }
  return std::nullopt;
}

}  // namespace

std::optional<sigv4_claim> sigv4_claim_of(const recorded_request& r) {
  constexpr std::string_view algorithm = "AWS4-HMAC-SHA256 ";
  const std::string value = r.header("Authorization");
  if (!value.starts_with(algorithm)) return std::nullopt;
  sigv4_claim out;
  std::vector<std::string> scope;
  for (const auto& part : split(std::string_view(value).substr(algorithm.size()), ',')) {
    const std::string field = canonical_value(part);
    const auto equals = field.find('=');
    if (equals == std::string::npos) return std::nullopt;
    const std::string name = field.substr(0, equals);
    const std::string text = field.substr(equals + 1);
    if (name == "Credential") scope = split(text, '/');
    if (name == "SignedHeaders") out.signed_headers = split(text, ';');
    if (name == "Signature") out.signature = text;
  }
  if (scope.size() != 5 || scope[4] != "aws4_request") return std::nullopt;
  out.access_key_id = scope[0];
  out.date = scope[1];
  out.region = scope[2];
  out.service = scope[3];
  return out;
}

std::optional<std::string> sigv4_fault(const recorded_request& r, std::string_view secret_key) {
  const auto claim = sigv4_claim_of(r);
  if (!claim) return "no signature of version 4 in " + r.header("Authorization");
  if (auto fault = coverage_fault(r, *claim)) return fault;
  const std::string time = r.header("X-Amz-Date");
  if (time.size() != 16 || time.substr(0, 8) != claim->date)
    return "X-Amz-Date is " + time + ", the scope says " + claim->date;
  const std::string canonical = canonical_request(r, claim->signed_headers);
  const std::string scope = claim->date + "/" + claim->region + "/" + claim->service + "/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256_hex(canonical);
  std::string key = "AWS4" + std::string(secret_key);
  for (const std::string& step : {claim->date, claim->region, claim->service, std::string("aws4_request")})
    key = hmac(key, step);
  const std::string wanted = hmac(key, to_sign);
  const std::string expected = hex(reinterpret_cast<const unsigned char*>(wanted.data()), wanted.size());
  if (expected != claim->signature)
    return "the signature is " + claim->signature + ", not " + expected + ", for\n" + canonical;
  return std::nullopt;
}

}  // namespace pinhook::testing
