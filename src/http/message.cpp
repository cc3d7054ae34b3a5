#include <pinhook/http/message.hpp>

#include <algorithm>

namespace pinhook::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view to_string(method m) noexcept {
  switch (m) {
    case method::get:
      return "GET";
    case method::head:
      return "HEAD";
    case method::post:
      return "POST";
    case method::put:
      return "PUT";
    case method::patch:
      return "PATCH";
    case method::remove:
      return "DELETE";
  }
  return "GET";
}

std::optional<std::string_view> find_header(const headers& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const header& h) { return same_name(h.name, name); });
  if (found == all.end()) return std::nullopt;
  return found->value;
}

std::vector<std::string_view> find_headers(const headers& all, std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& h : all)
    if (same_name(h.name, name)) out.emplace_back(h.value);
  return out;
}

std::shared_ptr<const tls_settings> trusting(std::string ca_file) {
  if (ca_file.empty()) return nullptr;
  auto out = std::make_shared<tls_settings>();
  out->authorities.push_back(pem{std::move(ca_file), {}});
  return out;
}

}  // namespace pinhook::http
