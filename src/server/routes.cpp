#include <pinhook/server/routes.hpp>

#include <pinhook/base/error.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::server {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// "application/json; charset=utf-8" → "application/json"
std::string_view without_parameters(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t'))
    content_type.remove_suffix(1);
  while (!content_type.empty() && (content_type.front() == ' ' || content_type.front() == '\t'))
    content_type.remove_prefix(1);
  return content_type;
}

bool takes(const route& r, std::string_view method) {
  return r.method == method || (r.method == "GET" && method == "HEAD");
}

bool covers(const route& r, std::string_view path) {
  if (!r.path.ends_with("/*")) return r.path == path;
  return path.starts_with(r.path.substr(0, r.path.size() - 1));
}

refusal unknown_path(std::span<const route> table, std::string_view path) {
  std::string known;
  for (const auto& r : table) known += fmt::format("\n  {} {}", r.method, r.path);
  return {404, fmt::format("{} not found; the known paths are:{}", quoted(path), known), {}};
}

refusal wrong_method(std::span<const route> table, std::string_view method, std::string_view path) {
  std::string allow;
  for (const auto& r : table) {
    if (!covers(r, path)) continue;
    allow += fmt::format("{}{}", allow.empty() ? "" : ", ", r.method);
    if (r.method == "GET") allow += ", HEAD";
  }
  return {405, fmt::format("{} is not for {}; use {}", path, quoted(method), allow), allow};
}

}  // namespace

std::expected<const route*, refusal> find_route(std::span<const route> table, std::string_view method,
                                                std::string_view path, std::string_view content_type) {
  bool known = false;
  for (const auto& r : table) {
    if (!covers(r, path)) continue;
    known = true;
    if (!takes(r, method)) continue;
    if (r.media_type.empty() || same_ignoring_case(without_parameters(content_type), r.media_type)) return &r;
    return std::unexpected(refusal{415,
                                   fmt::format("{} takes Content-Type {} and was sent {}", path, r.media_type,
                                               content_type.empty() ? std::string("none") : quoted(content_type)),
                                   {}});
  }
  return std::unexpected(known ? wrong_method(table, method, path) : unknown_path(table, path));
}

response to_response(const refusal& r) {
  response out;
  out.status = r.status;
  out.content_type = "text/plain; charset=utf-8";
  out.body = r.reason + "\n";
  if (!r.allow.empty()) out.headers.emplace_back("Allow", r.allow);
  if (r.status == 503) out.headers.emplace_back("Retry-After", "1");
  return out;
}

}  // namespace pinhook::server
