#include <pinhook/access/access_report.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace pinhook::access {
namespace {

std::string text_of(const access_report::host& h) {
  std::string out = fmt::format("{}{}, ", h.is_mirror ? "mirror " : "", h.url);
  if (!h.repository.empty()) out += fmt::format("as {}, ", h.repository);
  if (!h.refusal.empty()) return out + "never: " + h.refusal;
  out += h.proxy.empty() ? "directly" : "through the proxy " + h.proxy;
  return h.from.empty() ? out : fmt::format("{} (by {})", out, h.from);
}

std::string text_of(const registry::credential_match& m) {
  return m.pattern.empty() ? m.source : fmt::format("{} ({})", m.source, m.pattern);
}

std::string text_of(const access_report::attempt& a) {
  return fmt::format("{}, {}: {}", a.host, a.credential, a.answer ? *a.answer : a.answer.error().message);
}

std::string text_of(const std::string& text) { return text; }

// The name precedes the first of its lines.
template <class T>
void add_lines(std::string& out, std::string_view name, const std::vector<T>& all) {
  for (std::size_t i = 0; i < all.size(); ++i)
    out += fmt::format("{:<12}{}\n", i == 0 ? name : std::string_view(), printable(text_of(all[i])));
}

using member = std::pair<std::string_view, const std::string*>;

void add_object(std::string& out, std::initializer_list<member> members) {
  out += out.ends_with('[') ? "{" : ",{";
  for (const auto& [key, text] : members) {
    if (!out.ends_with('{')) out += ',';
    json::append_string(out, key);
    out += ':';
    if (text == nullptr)
      out += "null";
    else
      json::append_string(out, valid_utf8(*text));
  }
  out += '}';
}

const std::string* null_if_empty(const std::string& text) { return text.empty() ? nullptr : &text; }

void add_hosts(std::string& out, std::string_view name, const std::vector<access_report::host>& all) {
  out += fmt::format(",\"{}\":[", name);
  for (const auto& h : all) {
    const std::string kind = h.is_mirror ? "mirror" : "registry";
    add_object(out, {{"url", &h.url},
                     {"kind", &kind},
                     {"proxy", null_if_empty(h.proxy)},
                     {"refusal", null_if_empty(h.refusal)},
                     {"repository", null_if_empty(h.repository)},
                     {"from", null_if_empty(h.from)}});
  }
  out += ']';
}

}  // namespace

bool access_report::has_failed() const {
  return attempts && std::ranges::none_of(*attempts, [](const attempt& a) { return a.answer.has_value(); });
}

std::string to_lines(const access_report& r) {
  std::string out;
  if (!r.meaning.empty()) add_lines(out, "nodes read", std::vector<std::string>{r.meaning});
  add_lines(out, "asked at", r.hosts);
  if (r.pulled_from) {
    if (r.pulled_from->empty())
      add_lines(out, "pulled from", std::vector<std::string>{"nowhere: no place may serve it by digest"});
    else
      add_lines(out, "pulled from", *r.pulled_from);
  }
  if (r.credentials.empty())
    add_lines(out, "credentials", std::vector<std::string>{"none: it is asked anonymously"});
  else
    add_lines(out, "credentials", r.credentials);
  add_lines(out, "trouble", r.troubles);
  if (r.attempts) add_lines(out, "tried", *r.attempts);
  return out;
}

std::string to_json_members(const access_report& r) {
  std::string out = "\"meaning\":";
  if (r.meaning.empty())
    out += "null";
  else
    json::append_string(out, valid_utf8(r.meaning));
  add_hosts(out, "hosts", r.hosts);
  add_hosts(out, "pulledFrom", r.pulled_from.value_or(r.hosts));
  out += ",\"credentials\":[";
  for (const auto& m : r.credentials)
    add_object(out, {{"source", &m.source}, {"pattern", m.pattern.empty() ? nullptr : &m.pattern}});
  out += "],\"troubles\":[";
  for (const auto& text : r.troubles) {
    if (!out.ends_with('[')) out += ',';
    json::append_string(out, valid_utf8(text));
  }
  out += ']';
  if (!r.attempts) return out;
  out += ",\"attempts\":[";
  for (const auto& a : *r.attempts)
    add_object(out, {{"host", &a.host},
                     {"credential", &a.credential},
                     {"digest", a.answer ? &*a.answer : nullptr},
                     {"error", a.answer ? nullptr : &a.answer.error().message}});
  return out + ']';
}

}  // namespace pinhook::access
