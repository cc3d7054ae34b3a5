#include <pinhook/http/header_lines.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::http {
namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

result<void> add_secret(header_lines& to, std::string_view name, const secret& value) {
  if (!is_field_value(value.reveal()))
    return fail(error_code::invalid_input, fmt::format("the {} header cannot be sent: it contains line ends", name));
  std::string line = fmt::format("{}: {}", name, value.reveal());
  to.add(line);
  OPENSSL_cleanse(line.data(), line.size());
  return {};
}

// The names curl signs beside the request's own.
std::vector<std::string> signed_names(const request& r) {
  std::vector<std::string> out{"host", "x-amz-date"};
  if (!r.sign->session_token.is_empty()) out.emplace_back("x-amz-security-token");
  for (const auto& h : r.headers) out.push_back(lowered(h.name));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

result<void> check_signing(const request& r) {
  if (r.authorization) return fail(error_code::invalid_input, "a request has either a signature or an Authorization");
  const aws_signature& s = *r.sign;
  for (const std::string* part : {&s.region, &s.service, &s.access_key_id})
    if (!is_token(*part) || part->find(':') != std::string::npos)
      return fail(error_code::invalid_input, "a signature requires a region, a service and the id of an access key");
  if (r.body && !r.body->is_empty() && !find_header(r.headers, "Content-Type"))
    return fail(error_code::invalid_input, "a signed request with a body must have a Content-Type");
  if (r.body && r.body->reveal().size() > max_signed_body)
    return fail(error_code::invalid_input,
                fmt::format("a signed request's body has at most {} bytes", max_signed_body));
  for (const auto& h : r.headers)
    if (h.value.find_first_not_of(" \t") == std::string::npos)
      return fail(error_code::invalid_input, fmt::format("the empty header {} cannot be signed", quoted(h.name, 40)));
  const auto names = signed_names(r);
  for (std::size_t i = 1; i < names.size(); ++i)
    if (names[i].starts_with(names[i - 1]))
      return fail(error_code::invalid_input, fmt::format("the headers {} and {} cannot be signed together",
                                                         quoted(names[i - 1], 40), quoted(names[i], 40)));
  return {};
}

}  // namespace

header_lines::~header_lines() {
  for (curl_slist* one = first_; one != nullptr; one = one->next) OPENSSL_cleanse(one->data, std::strlen(one->data));
  curl_slist_free_all(first_);
}

header_lines::header_lines(header_lines&& other) noexcept : first_(std::exchange(other.first_, nullptr)) {}

header_lines& header_lines::operator=(header_lines&& other) noexcept {
  std::swap(first_, other.first_);
  return *this;
}

void header_lines::add(const std::string& line) {
  curl_slist* longer = curl_slist_append(first_, line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  first_ = longer;
}

result<header_lines> make_header_lines(const request& r) {
  header_lines out;
  for (const auto& h : r.headers) {
    if (!is_token(h.name) || !is_field_value(h.value))
      return fail(error_code::invalid_input, fmt::format("the header {} cannot be sent", quoted(h.name, 40)));
    out.add(h.value.empty() ? h.name + ";" : fmt::format("{}: {}", h.name, h.value));
  }
  if (r.authorization) {
    if (auto added = add_secret(out, "Authorization", *r.authorization); !added) return fail(added.error());
  }
  if (r.sign) {
    if (auto good = check_signing(r); !good) return fail(std::move(good.error()));
    if (!r.sign->session_token.is_empty()) {
      if (auto added = add_secret(out, "X-Amz-Security-Token", r.sign->session_token); !added)
        return fail(added.error());
    }
    // Nothing is switched off here: curl 7.88 would sign that line as a header, but not send it. Its own "Accept: */*"
    // is unsigned, which is allowed.
    return out;
  }
  for (const char* name : {"Accept", "Content-Type", "Expect"})
    if (!find_header(r.headers, name)) out.add(fmt::format("{}:", name));
  return out;
}

}  // namespace pinhook::http
