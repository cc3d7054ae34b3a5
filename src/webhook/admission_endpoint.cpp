#include <pinhook/webhook/admission_endpoint.hpp>

#include <pinhook/webhook/request_deadline.hpp>

#include <array>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace pinhook::webhook {
namespace {

const std::vector<server::route> admission_routes{
    {"POST", "/v1/pin/enforce", "application/json", 0},
    {"POST", "/v1/pin/best-effort", "application/json", 1},
    {"POST", "/v1/pin/audit", "application/json", 2},
};
// In the order of the routes.
constexpr std::array modes{pin::mode::enforce, pin::mode::best_effort, pin::mode::audit};

}  // namespace

std::shared_ptr<const admission::rulebook> admission_endpoint::book_of(const config::settings& s) const {
  pin::policy policy = s.pin;
  if (!s.own_namespace.empty()) policy.excluded_namespaces.push_back(s.own_namespace);
  auto book = std::make_shared<admission::rulebook>(std::move(policy), s.rules, s.help);
  book->meaning_of = meaning_of_;
  return book;
}

admission_endpoint::admission_endpoint(telemetry& seen, server::metrics& numbers, const clock& time,
                                       const config::settings& s)
    : seen_(seen),
      numbers_(numbers),
      time_(time),
      limits_(s.deadline),
      callers_(s, numbers, time),
      lookups_(s.callers.lookups, numbers, time) {}

void admission_endpoint::open(std::shared_ptr<resolve::resolver> resolver,
                              std::shared_ptr<registry::tenant_credentials> tenants, const config::settings& s,
                              pin::name_meaning meaning_of, compute_thread& large,
                              std::shared_ptr<admission::proof_source> signatures) {
  large_ = &large;
  meaning_of_ = std::move(meaning_of);
  handler_ = std::make_unique<admission::handler>(std::move(resolver), std::move(tenants), book_of(s), &large,
                                                  std::move(signatures), time_);
  numbers_.set_rules(s.rules.rules().size());
}

void admission_endpoint::use(const config::settings& s) {
  handler_->use(book_of(s));
  numbers_.set_rules(s.rules.rules().size());
}

void admission_endpoint::use(std::shared_ptr<const resolve::tag_moves> moves) { handler_->use(std::move(moves)); }

server::endpoint admission_endpoint::endpoint(server::tls_context& tls) {
  server::endpoint out{.routes = admission_routes, .handlers = {}, .tls = &tls};
  for (const auto mode : modes)
    out.handlers.emplace_back([this, mode](server::request r) { return admit(mode, std::move(r)); });
  out.gate = [this](const server::client& from) { return callers_.check(from); };
  return out;
}

awaitable<server::response> admission_endpoint::admit(pin::mode mode, server::request r) {
  const deadline d = request_deadline(r.received, r.query("timeout"), limits_);
  std::optional<caller_limits::share> share;
  if (r.from && lookups_.limits() && !callers_.is_known(*r.from)) share.emplace(lookups_, r.from->address);
  admission::verdict v = co_await handler_->handle(r.body, mode, d, share ? &*share : nullptr);
  const auto took = time_.now() - r.received;
  if (v.slots.size() > admission::max_small_images) {
    std::function<void()> note = [&] { seen_.admitted(v, mode, took); };
    co_await large_->run(v.ns, std::move(note));
  } else {
    seen_.admitted(v, mode, took);
  }
  server::response out;
  out.status = v.http_status;
  out.content_type = std::move(v.content_type);
  out.body = std::move(v.body);
  co_return out;
}

}  // namespace pinhook::webhook
