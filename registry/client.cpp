#include <pinhook/registry/client.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/registry/exchange.hpp>
#include <pinhook/registry/manifest.hpp>
#include <pinhook/registry/platform_walk.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/core.h>

namespace pinhook::registry {
namespace {

class registry_client final : public client {
 public:
  registry_client(http::client& http, client_options options, const clock& time, observer* watch, wait_seams seams)
      : options_(std::move(options)),
        rules_(access_rules::make(options_.allow, options_.deny)),
        time_(time),
        exchange_(http, options_, rules_ ? *rules_ : no_rules_, time, watch, std::move(seams)) {}

  awaitable<result<descriptor>> resolve_by(std::shared_ptr<const route> by, reference ref,
                                           registry::credential credential, deadline d) override {
    if (!rules_) co_return fail(rules_.error());
    if (auto refused = rules_->refusal(ref)) co_return fail(std::move(*refused));
    try {
      auto outcome = co_await ask(std::move(by), std::move(ref), std::move(credential), d);
      co_return outcome;
    } catch (const boost::system::system_error& e) {
      // Asio throws at the next co_await of a coroutine that was canceled.
      if (e.code() != boost::asio::error::operation_aborted) throw;
    }
    co_return fail(error_code::canceled, "the look-up was canceled");
  }

  awaitable<result<document>> read_by(std::shared_ptr<const route> by, reference ref, document_name what,
                                      registry::credential credential, deadline d) override {
    if (!rules_) co_return fail(rules_.error());
    if (auto refused = rules_->refusal(ref)) co_return fail(std::move(*refused));
    try {
      auto outcome = co_await read(std::move(by), std::move(ref), std::move(what), std::move(credential), d);
      co_return outcome;
    } catch (const boost::system::system_error& e) {
      if (e.code() != boost::asio::error::operation_aborted) throw;
    }
    co_return fail(error_code::canceled, "the look-up was canceled");
  }

 private:
  // A wildcard of registries.conf may cover any number of hosts.
  static constexpr std::size_t most_plain_hosts = 1000;

  awaitable<result<document>> read(std::shared_ptr<const route> by, reference ref, document_name what,
                                   registry::credential credential, deadline d) {
    constexpr std::string_view folders[] = {"manifests", "blobs", "referrers", "_trust/tuf"};
    const std::string_view folder = folders[static_cast<std::size_t>(what.of)];
    auto url = web_url::parse(address(by.get(), ref, folder, what.name));
    if (!url) co_return fail(error_code::invalid_input, url.error().message);
    const std::string host = host_of(by.get(), ref);
    if (by && !by->headers.empty()) credential.identity = identity_with(by->headers, credential.identity);
    refused_request about = request_named(by.get(), host, credential);
    about.subject = quoted(fmt::format("{}/{}/{}", repository_of(by.get(), ref), folder, what.name), 512);
    int tries_made = 1;
    manifest_request request{host, std::move(*url), repository_of(by.get(), ref), std::move(credential)};
    request.verb = http::method::get;
    request.tries_made = &tries_made;
    request.most_bytes = what.most;
    request.by = by;
    auto response = co_await send(std::move(request), d);
    if (!response) co_return fail(std::move(response).error());
    if (response->status != 200) co_return fail(from_status(about, *response, time_.wall()));
    if (what.of == document_name::kind::manifest || what.of == document_name::kind::blob)
      if (auto failed = check_digest(about, what.name, response->body)) co_return fail(std::move(*failed));
    document out{media_type_of(*response), std::move(response->body)};
    co_return out;
  }

  // A tag has none to compare with.
  static std::optional<error> check_digest(const refused_request& about, const std::string& name,
                                           std::string_view bytes) {
    const auto wanted = digest::parse(name);
    if (!wanted) return std::nullopt;
    if (wanted->algorithm() != "sha256")
      return error{
          error_code::unsupported, fmt::format("{}: {} is not named by SHA-256", about.peer, about.subject), {}};
    if (digest::of(bytes) == *wanted) return std::nullopt;
    return error{
        error_code::malformed, fmt::format("{}: the bytes of {} have another digest", about.peer, about.subject), {}};
  }

  // A host that need not speak HTTPS is asked by plain HTTP where that fails, as nodes ask an insecure registry; which
  // one it speaks is remembered.
  awaitable<result<http::response>> send(manifest_request request, deadline d) {
    const bool may_change = request.by && request.by->may_be_plain && request.url.where().scheme == "https";
    if (!may_change) {
      auto only = co_await exchange_.ask(std::move(request), d);
      co_return only;
    }
    const std::string authority = request.url.where().authority();
    const bool is_known = plain_.find(authority) != nullptr;
    auto plain = web_url::parse("http" + request.url.text().substr(std::string_view("https").size()));
    if (!plain) co_return fail(std::move(plain).error());
    manifest_request by_plain = request;
    by_plain.url = std::move(*plain);
    result<http::response> secure = fail(error_code::internal, "not asked");
    if (!is_known) {
      int last_try = http::retry_options{}.tries;
      request.tries_made = &last_try;
      secure = co_await exchange_.ask(std::move(request), d);
      if (secure || secure.error().code != error_code::unavailable) co_return secure;
    }
    auto open = co_await exchange_.ask(std::move(by_plain), d);
    if (open)
      plain_.put(authority, true);
    else if (is_known)
      plain_.erase(authority);
    else
      co_return secure;
    co_return open;
  }

  // The repository's name at the host of the route.
  static const std::string& repository_of(const route* by, const reference& ref) {
    return by != nullptr && by->named ? by->named->repository() : ref.repository();
  }

  static std::string host_of(const route* by, const reference& ref) {
    return by != nullptr && !by->is_upstream ? by->host : ref.registry();
  }

  // For messages; the subject is left to the caller.
  static refused_request request_named(const route* by, const std::string& host,
                                       const registry::credential& credential) {
    const bool is_mirror = by != nullptr && !by->is_source;
    return {fmt::format("{} {}", is_mirror ? "mirror" : "registry", host),
            {},
            credential.kind == credential_kind::anonymous ? std::string() : credential.source};
  }

  awaitable<result<descriptor>> ask(std::shared_ptr<const route> by, reference ref, registry::credential credential,
                                    deadline d) {
    const std::string tag_or_digest = ref.digest() ? ref.digest()->to_string() : std::string(ref.effective_tag());
    auto url = web_url::parse(address(by.get(), ref, "manifests", tag_or_digest));
    if (!url) co_return fail(error_code::invalid_input, url.error().message);
    const std::string host = host_of(by.get(), ref);
    // An answer obtained with these headers must not be shared with requests without them.
    if (by && !by->headers.empty()) credential.identity = identity_with(by->headers, credential.identity);

    manifest_query query;
    query.about = request_named(by.get(), host, credential);
    query.about.subject =
        quoted(fmt::format("{}{}{}", repository_of(by.get(), ref), ref.digest() ? "@" : ":", tag_or_digest), 512);
    if (url->where().scheme == "http") query.about.tls_advice = scheme_advice(by.get(), host, false);
    query.expected = ref.digest();
    query.get_is_costly = host == "docker.io";

    int tries_made = 1;
    manifest_request request{host, std::move(*url), repository_of(by.get(), ref), std::move(credential)};
    request.tries_made = &tries_made;
    request.by = by;
    if (!options_.verify_by_get && !options_.of_platform) {
      manifest_request by_head = request;
      auto response = co_await send(std::move(by_head), d);
      if (!response) co_return fail(std::move(response).error());
      head_decision decision = decide_head(query, *response, time_.wall());
      if (auto* known = std::get_if<descriptor>(&decision)) co_return std::move(*known);
      if (auto* failed = std::get_if<error>(&decision)) co_return fail(std::move(*failed));
      log::debug("asking by GET", {{"image", ref.canonical()}, {"reason", std::get<ask_by_get>(decision).reason}});
    }
    request.verb = http::method::get;
    manifest_request by_get = request;
    auto response = co_await send(std::move(by_get), d);
    if (!response) co_return fail(std::move(response).error());
    auto known = decide_get(query, *response, time_.wall());
    if (!known || !options_.of_platform) co_return known;
    platform_walk walk(query.about, *options_.of_platform);
    platform_walk::step step = walk.read_manifest(known->digest, response->body);
    for (;;) {
      if (auto* failed = std::get_if<error>(&step)) co_return fail(std::move(*failed));
      if (auto* found = std::get_if<digest>(&step))
        co_return *found == known->digest ? *known : descriptor{std::move(*found), {}};
      const auto* const deeper = std::get_if<ask_manifest>(&step);
      const digest part_digest = deeper != nullptr ? deeper->digest : std::get<ask_configuration>(step).digest;
      auto next =
          web_url::parse(address(by.get(), ref, deeper != nullptr ? "manifests" : "blobs", part_digest.to_string()));
      if (!next) co_return fail(error_code::invalid_input, next.error().message);
      manifest_request part = request;
      part.url = std::move(*next);
      auto text = co_await send(std::move(part), d);
      if (!text) co_return fail(std::move(text).error());
      if (deeper == nullptr) {
        if (text->status != 200) co_return fail(from_status(query.about, *text, time_.wall()));
        step = walk.read_configuration(text->body);
        continue;
      }
      query.expected = part_digest;
      if (auto good = decide_get(query, *text, time_.wall()); !good) co_return good;
      step = walk.read_manifest(part_digest, text->body);
    }
  }

  // `kind`: the folder of the address.
  [[nodiscard]] std::string address(const route* by, const reference& ref, std::string_view kind,
                                    const std::string& tag_or_digest) const {
    const bool is_placed = by != nullptr && by->base;
    const reference& named = by != nullptr && by->named ? *by->named : ref;
    std::string out = is_placed ? by->base->text() : exchange_.base_url(by, named) + "/v2";
    out += fmt::format("/{}/{}/{}", named.repository(), kind, tag_or_digest);
    // Of a registry's name a query has to escape the brackets of IPv6 alone (RFC 3986, 3.4).
    if (!is_placed || by->ns.empty()) return out;
    out += "?ns=";
    for (const char c : by->ns) out += c == '[' ? "%5B" : c == ']' ? "%5D" : std::string(1, c);
    return out;
  }

  static std::string identity_with(const std::vector<route_header>& headers, const std::string& identity) {
    std::string all = identity;
    for (const auto& h : headers) all += fmt::format("\n{}: {}", h.name, h.value.reveal());
    std::string out = keyed_hash(all);
    const secret wiped(std::move(all));
    return out;
  }

  client_options options_;
  result<access_rules> rules_;
  access_rules no_rules_;
  const clock& time_;
  exchange exchange_;
  // Hosts of routes with may_be_plain that were found to speak plain HTTP.
  lru_map<std::string, bool> plain_{most_plain_hosts};
};

}  // namespace

std::unique_ptr<client> make_client(http::client& http, client_options options, const clock& time, observer* watch,
                                    wait_seams seams) {
  return std::make_unique<registry_client>(http, std::move(options), time, watch, std::move(seams));
}

}  // namespace pinhook::registry
