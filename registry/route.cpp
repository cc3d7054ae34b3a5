#include <pinhook/registry/route.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pinhook::registry {
namespace {

// Removes double and trailing slashes.
std::string clean_path(std::string_view path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || !out.ends_with('/')) out += c;
  while (out.ends_with('/')) out.pop_back();
  return out;
}

result<web_url> api_root(const mirror_setting& setting) {
  const bool has_scheme = setting.url.find("://") != std::string::npos;
  const auto given = web_url::parse(has_scheme ? setting.url : fmt::format("https://{}", setting.url));
  if (!given) return fail(given.error().at("the address of a mirror"));
  std::string path = clean_path(given->path());
  const auto has_dots = path.find("/..") != std::string::npos || path.find("/./") != std::string::npos;
  if (given->has_query() || has_dots)
    return fail(error_code::invalid_input,
                fmt::format("the address of a mirror: {} has a query or dots in its path", quoted(setting.url)));
  if (!setting.override_path && !path.ends_with("/v2")) path += "/v2";
  return web_url::parse(fmt::format("{}://{}{}", given->where().scheme, given->where().authority(), path));
}

// RFC 9110 §5.6.2 and §5.5: no byte that could end the line or begin another header.
std::optional<error> header_fault(const route_header& h) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const bool is_name = !h.name.empty() && std::all_of(h.name.begin(), h.name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
  if (!is_name)
    return error{error_code::invalid_input, fmt::format("{} is not a valid header name", quoted(h.name)), std::nullopt};
  const std::string& value = h.value.reveal();
  if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }))
    return error{error_code::invalid_input, fmt::format("header {} has control characters in its value", h.name),
                 std::nullopt};
  return std::nullopt;
}

// pinhook sets the headers that describe the connection or the requested types.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 7> names{"host",       "content-length", "transfer-encoding", "connection",
                                                  "keep-alive", "accept",         "accept-encoding"};
  return std::find(names.begin(), names.end(), lowered(name)) != names.end();
}

std::shared_ptr<const http::tls_settings> make_tls(const mirror_setting& setting) {
  if (setting.ca_files.empty() && setting.client_certificate_file.empty() && !setting.skip_verify) return nullptr;
  auto out = std::make_shared<http::tls_settings>();
  for (const auto& file : setting.ca_files) {
    http::pem one;
    one.file = file;
    out->authorities.push_back(std::move(one));
  }
  out->certificate.file = setting.client_certificate_file;
  out->key.file = setting.client_key_file;
  out->verify = !setting.skip_verify;
  return out;
}

std::shared_ptr<const http::tls_settings> authorities_of(std::shared_ptr<const http::tls_settings> tls) {
  if (!tls || (tls->verify && tls->certificate.is_empty())) return tls;
  if (tls->authorities.empty()) return nullptr;
  auto out = std::make_shared<http::tls_settings>();
  out->authorities = tls->authorities;
  return out;
}

// One value for all, since requests with the same one may share connections.
std::shared_ptr<const http::tls_settings> any_certificate() {
  static const auto out = [] {
    auto made = std::make_shared<http::tls_settings>();
    made->verify = false;
    return std::shared_ptr<const http::tls_settings>(std::move(made));
  }();
  return out;
}

route route_to(const node_place& place, const reference& ref) {
  route out;
  out.named = place.named;
  out.host = place.named.registry();
  out.is_upstream = out.host == ref.registry();
  out.is_source = !place.is_mirror;
  out.is_named = true;
  out.object = place.object;
  if (place.is_insecure) {
    out.may_be_plain = true;
    out.tls = any_certificate();
  }
  return out;
}

error blocked_place(const node_place& place) {
  const conf_registry& by = *place.blocked_by;
  const std::string registry = fmt::format("registry {} is blocked for nodes by ", place.named.registry());
  if (!by.block_reason.empty())
    return {error_code::denied, registry + by.block_reason, std::nullopt, remedy::in_message};
  return {error_code::denied, fmt::format("{}the entry {} of {}", registry, quoted(by.prefix), by.file), std::nullopt,
          remedy::configuration};
}

bool is_same_place(const route& a, const route& b) {
  if (a.is_upstream != b.is_upstream) return false;
  if (a.is_upstream) return true;
  return a.base->text() == b.base->text();
}

}  // namespace

result<route> make_route(const mirror_setting& setting, const reference& ref) {
  route out;
  out.can_pull = setting.can_pull;
  out.can_resolve = setting.can_resolve;
  out.tls = make_tls(setting);
  out.tls_elsewhere = authorities_of(out.tls);
  out.dial_timeout = setting.dial_timeout;
  out.rewrite = setting.rewrite;
  for (const auto& h : setting.headers) {
    if (auto fault = header_fault(h)) return fail(std::move(*fault));
    if (!is_ours(h.name)) out.headers.push_back(h);
  }
  out.host = ref.registry();
  if (setting.url.empty()) return out;

  auto base = api_root(setting);
  if (!base) {
    base.error().code = error_code::invalid_input;
    return fail(std::move(base.error()));
  }
  out.is_named = true;
  const std::string authority = base->where().authority();
  out.is_upstream = authority == lowered(ref.registry()) || authority == lowered(ref.wire_host());
  out.is_source = out.is_upstream;
  if (!out.is_upstream) {
    out.host = authority;
    out.ns = ref.registry();
  }
  out.base = std::move(*base);
  return out;
}

result<routes> make_routes(const std::vector<mirror_setting>& settings, const mirror_setting& upstream,
                           const reference& ref) {
  routes out;
  const auto add = [&](const mirror_setting& one) -> std::optional<error> {
    auto made = make_route(one, ref);
    if (!made) return std::move(made.error());
    // A repeated route would give the same answer; one that must not answer does not replace another.
    const bool is_there = std::any_of(out.in_order.begin(), out.in_order.end(), [&](const auto& held) {
      return is_same_place(*held, *made) && held->can_resolve == made->can_resolve && held->can_pull == made->can_pull;
    });
    if (!is_there) out.in_order.push_back(std::make_shared<const route>(std::move(*made)));
    return std::nullopt;
  };
  for (const auto& one : settings) {
    if (out.in_order.size() + 1 >= max_routes) {
      out.trouble = error{
          error_code::invalid_input,
          fmt::format("{} mirrors for {}; no more than {} are used", settings.size(), ref.registry(), max_routes - 1),
          std::nullopt};
      break;
    }
    if (auto failed = add(one)) return fail(std::move(*failed));
  }
  if (auto failed = add(upstream)) return fail(std::move(*failed));
  return out;
}

result<std::shared_ptr<const routes>> for_reference(std::shared_ptr<const routes> all, const reference& ref) {
  const auto rewrites = [](const auto& one) { return one->rewrite != nullptr; };
  if (std::none_of(all->in_order.begin(), all->in_order.end(), rewrites)) return all;
  auto out = std::make_shared<routes>(*all);
  const std::string suffix =
      ref.digest() ? fmt::format("@{}", ref.digest()->to_string()) : fmt::format(":{}", ref.effective_tag());
  for (auto& one : out->in_order) {
    if (!rewrites(one)) continue;
    const std::string name = one->rewrite(ref.repository());
    if (name == ref.repository()) continue;
    auto named = reference::parse(fmt::format("{}/{}{}", one->host, name, suffix));
    if (!named || named->registry() != one->host)
      return fail({error_code::denied,
                   fmt::format("{} turns {} into {} for {}, which is not a valid name", all->source, ref.repository(),
                               quoted(name), one->host),
                   std::nullopt, remedy::configuration});
    auto renamed = std::make_shared<route>(*one);
    renamed->named = std::move(*named);
    one = std::move(renamed);
  }
  return out;
}

result<routes> make_routes(const node_places& places, const reference& ref) {
  routes out;
  out.source = places.entry->file;
  for (const auto& place : places.in_order) {
    if (place.blocked_by != nullptr) {
      if (!out.trouble) out.trouble = blocked_place(place);
      continue;
    }
    // The last one is the source, which no number of mirrors may crowd out.
    if (out.in_order.size() + 1 >= max_routes && place.is_mirror) continue;
    out.in_order.push_back(std::make_shared<const route>(route_to(place, ref)));
  }
  if (out.in_order.empty()) return fail(std::move(*out.trouble));
  return out;
}

}  // namespace pinhook::registry
