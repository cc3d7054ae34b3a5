#include <pinhook/demo/made_up_cluster.hpp>

#include <pinhook/base/clock.hpp>
#include <pinhook/base/wait_seams.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace pinhook::demo {
namespace {

// A watch ends after this time, as an API server's does after some minutes.
constexpr std::chrono::minutes watch_length{5};

struct made_up_workload {
  std::string ns, name, image;
  /// The digest that each of its Pods runs.
  std::vector<registry::digest> running;
};

void append(std::string& items, const std::string& one) {
  if (!items.empty()) items += ',';
  items += one;
}

std::string namespace_text(std::string_view name, std::string_view mode) {
  const std::string labels = mode.empty() ? "" : fmt::format(R"(,"labels":{{"pinhook.dev/pin":"{}"}})", mode);
  return fmt::format(R"({{"metadata":{{"name":"{}"{}}}}})", name, labels);
}

std::string deployment_text(const made_up_workload& of) {
  return fmt::format(R"({{"metadata":{{"name":"{1}","namespace":"{0}"}},"spec":{{"template":{{"spec":{{"containers":)"
                     R"([{{"name":"{1}","image":"{2}"}}]}}}}}}}})",
                     of.ns, of.name, of.image);
}

// As of a Deployment's Pod, without the ReplicaSet between them, which is not listed either.
std::string pod_text(const made_up_workload& of, std::size_t number) {
  return fmt::format(
      R"({{"metadata":{{"name":"{1}-{2}","namespace":"{0}","ownerReferences":[{{"apiVersion":"apps/v1",)"
      R"("kind":"Deployment","name":"{1}","controller":true}}]}},"spec":{{"containers":[{{"name":"{1}",)"
      R"("image":"{3}"}}]}},"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}],)"
      R"("containerStatuses":[{{"name":"{1}","image":"{3}","imageID":"made-up@{4}"}}]}}}})",
      of.ns, of.name, number, of.image, of.running[number].to_string());
}

}  // namespace

made_up_cluster::made_up_cluster(embedded_registry& images, std::string_view host) : images_(images) {
  const auto named = [host](std::string_view rest) { return fmt::format("{}/{}", host, rest); };
  const auto old_web = images.push("shop/web", "1.4", image_index("web 1.4, as it was"));
  const auto web = images.push("shop/web", "1.4", image_index("web 1.4"));
  web_ = {old_web.to_string(), web.to_string()};
  const auto api = images.push("shop/api", "2.1.0", image_index("api 2.1.0"));
  const auto pay = images.push("shop/pay", "3.0", image_manifest("pay 3.0"));
  const auto proxy = images.push("tools/proxy", "latest", image_manifest("proxy"));
  const auto mail = images.push("tools/mail", "0.9", image_manifest("mail 0.9"));
  const auto gone = registry::digest::of(image_manifest("report, which was removed").bytes);
  pins_ = {pay.to_string(), gone.to_string()};
  const std::vector<made_up_workload> all{
      {"shop", "web", named("shop/web:1.4"), {old_web, web, web}},
      {"shop", "api", named("shop/api:2.1.0"), {api, api}},
      {"shop", "pay", named(fmt::format("shop/pay:3.0@{}", pay.to_string())), {pay, pay}},
      {"office", "report", named(fmt::format("office/report@{}", gone.to_string())), {gone}},
      {"office", "mail", named("tools/mail:0.9"), {mail}},
      {"lab", "proxy", named("tools/proxy"), {proxy}},
      {"lab", "trial", named("tools/proxy:latest"), {proxy}},
  };
  std::string& namespaces = items_["/api/v1/namespaces"];
  for (const auto& [name, mode] : {std::pair{"shop", "enforce"}, std::pair{"office", "audit"}, std::pair{"lab", ""}})
    append(namespaces, namespace_text(name, mode));
  for (const made_up_workload& one : all) {
    const std::string text = deployment_text(one);
    append(items_["/apis/apps/v1/deployments"], text);
    // Lists leave out kind and apiVersion.
    objects_[fmt::format("/apis/apps/v1/namespaces/{}/deployments/{}", one.ns, one.name)] =
        R"({"apiVersion":"apps/v1","kind":"Deployment",)" + text.substr(1);
    for (std::size_t i = 0; i < one.running.size(); ++i) append(items_["/api/v1/pods"], pod_text(one, i));
  }
}

awaitable<result<http::response>> made_up_cluster::send(http::request r, deadline d) {
  const std::string_view target = std::string_view(r.url).substr(std::min(address.size(), r.url.size()));
  const std::string_view path = target.substr(0, target.find('?'));
  http::response out;
  out.status = 200;
  if (target.find("watch=true") != std::string_view::npos) {
    const auto left = d.remaining(machine_clock().now());
    co_await sleep_on_timer(std::min<std::chrono::nanoseconds>(left, watch_length));
    co_return out;
  }
  std::string body = R"({"groups":[]})";
  if (const auto object = objects_.find(path); object != objects_.end()) {
    body = object->second;
  } else if (path != "/apis") {
    const auto found = items_.find(path);
    body = fmt::format(R"({{"metadata":{{"resourceVersion":"1"}},"items":[{}]}})",
                       found == items_.end() ? std::string() : found->second);
  }
  if (r.on_body)
    r.on_body(body);
  else
    out.body = std::move(body);
  co_return out;
}

void made_up_cluster::move_a_tag() const { images_.push("shop/api", "2.1.0", image_index("api 2.1.0, built again")); }

}  // namespace pinhook::demo
