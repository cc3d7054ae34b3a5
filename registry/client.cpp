#include <pinhook/base/log.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/registry/exchange.hpp>
#include <pinhook/registry/manifest.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace pinhook::registry {
namespace {

class registry_client final : public client {
 public:
  registry_client(http::client& http, client_options options, const clock& time, observer* watch, exchange_seams seams)
      : options_(std::move(options)), time_(time), exchange_(http, options_, time, watch, std::move(seams)) {}

  awaitable<result<descriptor>> resolve(reference ref, credential who, deadline d) override {
    try {
      auto outcome = co_await ask(std::move(ref), std::move(who), d);
      co_return outcome;
    } catch (const boost::system::system_error& e) {
      // Asio throws at the next co_await of a coroutine that was canceled.
      if (e.code() != boost::asio::error::operation_aborted) throw;
    }
    co_return fail(error_code::canceled, "the look-up was canceled");
  }

 private:
  awaitable<result<descriptor>> ask(reference ref, credential who, deadline d) {
    const std::string tag_or_digest = ref.digest() ? ref.digest()->to_string() : std::string(ref.effective_tag());
    auto url = web_url::parse(fmt::format("{}/v2/{}/manifests/{}", exchange_.base_url(ref.registry(), ref.wire_host()),
                                          ref.repository(), tag_or_digest));
    if (!url) co_return fail(error_code::invalid_input, url.error().message);

    manifest_question question;
    question.about = {fmt::format("registry {}", ref.registry()),
                      quoted(fmt::format("{}{}{}", ref.repository(), ref.digest() ? "@" : ":", tag_or_digest), 512),
                      who.kind == credential_kind::anonymous ? std::string() : who.source};
    question.expected = ref.digest();
    question.get_is_costly = ref.registry() == "docker.io";

    int tries_made = 1;
    manifest_request request{ref.registry(), std::move(*url), ref.repository(), std::move(who)};
    request.tries_made = &tries_made;
    if (!options_.verify_by_get) {
      manifest_request by_head = request;
      auto response = co_await exchange_.ask(std::move(by_head), d);
      if (!response) co_return fail(std::move(response).error());
      head_decision decision = decide_head(question, *response, time_.wall());
      if (auto* known = std::get_if<descriptor>(&decision)) co_return std::move(*known);
      if (auto* failed = std::get_if<error>(&decision)) co_return fail(std::move(*failed));
      log::debug("asking by GET", {{"image", ref.canonical()}, {"reason", std::get<ask_by_get>(decision).why}});
    }
    request.verb = http::method::get;
    auto response = co_await exchange_.ask(std::move(request), d);
    if (!response) co_return fail(std::move(response).error());
    co_return decide_get(question, *response, time_.wall());
  }

  client_options options_;
  const clock& time_;
  exchange exchange_;
};

}  // namespace

std::unique_ptr<client> make_client(http::client& http, client_options options, const clock& time, observer* watch,
                                    exchange_seams seams) {
  return std::make_unique<registry_client>(http, std::move(options), time, watch, std::move(seams));
}

std::unique_ptr<client> make_client(http::client& http, client_options options, const clock& time, observer* watch) {
  return make_client(http, std::move(options), time, watch, exchange_seams{});
}

}  // namespace pinhook::registry
