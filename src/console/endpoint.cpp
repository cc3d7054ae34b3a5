#include <pinhook/console/endpoint.hpp>

#include <pinhook/base/deadline.hpp>
#include <pinhook/console/answers.hpp>
#include <pinhook/console/page_files.hpp>
#include <pinhook/console/row_query.hpp>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::console {
namespace {

constexpr std::string_view object_prefix = "/api/v1/objects/";
constexpr std::string_view entity_prefix = "/api/v1/entities/";

// A viewer waits for the reviews of the API server at most so long.
constexpr std::chrono::seconds answer_limit{25};

// Nothing but the page's own files, no frame around it, nothing kept, nothing told to others.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> strict_headers{
    {{"Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'"},
     {"X-Content-Type-Options", "nosniff"},
     {"Cache-Control", "no-store"},
     {"Referrer-Policy", "no-referrer"},
     {"Cross-Origin-Resource-Policy", "same-origin"},
     {"Cross-Origin-Opener-Policy", "same-origin"}}};

server::response strict(server::response of) {
  for (const auto& [name, value] : strict_headers) of.headers.emplace_back(name, value);
  return of;
}

server::response refused(const server::refusal& r) {
  server::response out = server::to_response(r);
  // RFC 9110 §11.6.1.
  if (r.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"pinhook\"");
  return strict(std::move(out));
}

server::response refused(const error& e) {
  return refused(server::refusal{e.code == error_code::not_found ? 404U : 400U, e.message, {}});
}

server::response answered(std::string body, std::string_view content_type = "application/json") {
  server::response out;
  out.content_type = content_type;
  out.body = std::move(body);
  return strict(std::move(out));
}

// A page of the API: what it answers for one viewer.
using page = server::response (*)(const server::request& r, const endpoint_parts& of, const fleet_view& view,
                                  const visible_namespaces& sees);

server::response overview_page(const server::request&, const endpoint_parts& of, const fleet_view& view,
                               const visible_namespaces& sees) {
  return answered(overview_answer(view, sees, of.state()));
}

server::response console_page(const server::request&, const endpoint_parts& of, const fleet_view&,
                              const visible_namespaces& sees) {
  return answered(console_answer(sees, of.state()));
}

template <std::string (*answer)(const fleet_view&, const visible_namespaces&, const row_query&)>
server::response query_page(const server::request& r, const endpoint_parts&, const fleet_view& view,
                            const visible_namespaces& sees) {
  const auto query = row_query::parse(r.target);
  return query ? answered(answer(view, sees, *query)) : refused(query.error());
}

server::response entity_page(const server::request& r, const endpoint_parts&, const fleet_view& view,
                             const visible_namespaces& sees) {
  const auto id = entity_id::parse(r.path().substr(entity_prefix.size()));
  if (!id) return refused(id.error());
  auto out = entity_answer(view, sees, *id);
  return out ? answered(std::move(*out)) : refused(out.error());
}

server::response rules_page(const server::request&, const endpoint_parts&, const fleet_view& view,
                            const visible_namespaces& sees) {
  return answered(rules_answer(view, sees));
}

server::response metrics_page(const server::request&, const endpoint_parts& of, const fleet_view& view,
                              const visible_namespaces& sees) {
  return answered(of.numbers.render() + metrics_answer(view, sees, of.state()), server::metrics::content_type);
}

constexpr std::array<std::pair<std::string_view, page>, 7> pages{{
    {"/api/v1/overview", overview_page},
    {"/api/v1/console", console_page},
    {"/api/v1/entities", query_page<entities_answer>},
    {"/api/v1/entities/*", entity_page},
    {"/api/v1/images", query_page<images_answer>},
    {"/api/v1/rules", rules_page},
    {"/metrics", metrics_page},
}};

awaitable<server::response> show(std::shared_ptr<const endpoint_parts> of, page with, server::request r) {
  const auto view = of->view();
  std::vector<std::string> names;
  for (const auto& [name, part] : view->namespaces) names.push_back(name);
  const auto limit = deadline::after(of->time.now(), answer_limit);
  const auto sees = co_await of->gate.admit(r, std::move(names), limit);
  if (!sees) co_return refused(sees.error());
  // What came while the viewer was looked up counts, too.
  const auto now = of->view();
  co_return with(r, *of, *now, *sees);
}

// The only page that asks the API server for an object. A viewer who sees the images of a namespace need not be allowed
// to read its workloads, so that is asked, too.
awaitable<server::response> show_object(std::shared_ptr<const endpoint_parts> of, server::request r) {
  const auto view = of->view();
  const auto id = entity_id::parse(r.path().substr(object_prefix.size()));
  if (!id) co_return refused(id.error());
  std::vector<std::string> names;
  for (const auto& [name, part] : view->namespaces) names.push_back(name);
  const auto limit = deadline::after(of->time.now(), answer_limit);
  const auto sees = co_await of->gate.admit(r, std::move(names), limit);
  if (!sees) co_return refused(sees.error());
  const auto pointers = pointers_of(*view, *sees, *id);
  const auto kind = of->kind(*id);
  if (pointers.empty() || !kind)
    co_return refused(error{error_code::not_found, "there is no such object with an image, or it is not shown", {}});
  kube::asked_access right{.verb = "get", .group = kind->group, .resource = kind->resource, .ns = id->ns};
  const auto may = co_await of->gate.allow(r, std::move(right), limit);
  if (!may) co_return refused(may.error());
  entity_id asked = *id;
  access::fleet_kind of_kind = *kind;
  const auto object = co_await of->object(std::move(asked), std::move(of_kind), limit);
  if (!object && object.error().code != error_code::not_found)
    co_return refused(server::refusal{503U, object.error().message, {}});
  if (!object) co_return refused(object.error());
  auto text = object_answer(*id, *object, pointers);
  if (!text) co_return refused(server::refusal{503U, text.error().message, {}});
  co_return answered(std::move(*text));
}

awaitable<server::response> give(server::response of) { co_return strict(std::move(of)); }

}  // namespace

server::endpoint make_endpoint(endpoint_parts parts) {
  const auto of = std::make_shared<const endpoint_parts>(std::move(parts));
  server::endpoint out;
  out.tls = of->tls;
  const auto add = [&](std::string_view path, server::handler handler) {
    out.routes.push_back({"GET", path, "", out.handlers.size()});
    out.handlers.push_back(std::move(handler));
  };
  for (const auto& [path, with] : pages) {
    const page by = with;
    add(path, [of, by](server::request r) { return show(of, by, std::move(r)); });
  }
  add("/api/v1/objects/*", [of](server::request r) { return show_object(of, std::move(r)); });
  for (const page_file& file : page_files())
    add(file.path, [&file](const server::request&) {
      server::response answer;
      answer.content_type = file.content_type;
      answer.body = file.text;
      return give(std::move(answer));
    });
  const server::health& health = of->health;
  for (const std::string_view path : {"/livez", "/healthz"})
    add(path, [&health](const server::request&) { return give(health.livez()); });
  add("/readyz", [&health](const server::request& r) { return give(health.readyz(r.has_query("verbose"))); });
  return out;
}

}  // namespace pinhook::console
