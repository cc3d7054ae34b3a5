#include "support/object_lists.hpp"

#include <pinhook/base/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

namespace pinhook::testing {
namespace {

std::string parameter(const std::string& query, const std::string& name) {
  std::smatch m;
  const std::regex pattern("(^|&)" + name + "=([^&]*)");
  return std::regex_search(query, m, pattern) ? m[2].str() : "";
}

// "apps" of "/apis/apps/v1"; "" of "/api/v1".
std::string group_of(const std::string& api) {
  static const std::regex pattern("/apis/([^/]+)/[^/]+");
  std::smatch m;
  return std::regex_match(api, m, pattern) ? m[1].str() : "";
}

}  // namespace

void object_lists::set(const resource& of, const std::string& ns, std::vector<std::string> objects) {
  table& to = tables_[of.api + "/" + of.name];
  to.of = of;
  to.objects[ns] = std::move(objects);
}

std::optional<api_answer> object_lists::discovery(const std::string& place) const {
  std::set<std::string> apis;
  for (const auto& [name, one] : tables_)
    if (one.of.api.starts_with("/apis/")) apis.insert(one.of.api);
  if (place == "/apis") {
    std::string groups;
    for (const auto& api : apis)
      groups += fmt::format(R"({}{{"name":"{}","preferredVersion":{{"groupVersion":"{}","version":"{}"}}}})",
                            groups.empty() ? "" : ",", group_of(api), api.substr(6), api.substr(api.rfind('/') + 1));
    return api_answer{200, R"({"kind":"APIGroupList","apiVersion":"v1","groups":[)" + groups + "]}", {}};
  }
  if (!apis.contains(place)) return std::nullopt;
  std::string resources;
  for (const auto& [name, one] : tables_)
    if (one.of.api == place)
      resources +=
          fmt::format(R"({0}{{"name":"{1}","kind":"{2}","namespaced":{3}}},{{"name":"{1}/status","kind":"{2}",)"
                      R"("namespaced":{3}}})",
                      resources.empty() ? "" : ",", one.of.name, one.of.kind, one.of.is_namespaced);
  return api_answer{200, R"({"kind":"APIResourceList","apiVersion":"v1","resources":[)" + resources + "]}", {}};
}

api_answer object_lists::page(const table& from, const std::string& ns, const std::string& query) {
  std::vector<const std::string*> all;
  for (const auto& [name, objects] : from.objects)
    if (ns.empty() || ns == name)
      for (const auto& one : objects) all.push_back(&one);
  const std::string next = parameter(query, "continue");
  const std::string limit = parameter(query, "limit");
  if (!next.empty() && expiring_ > 0) {
    --expiring_;
    return status_object(410, "Expired", "The provided continue parameter is too old");
  }
  const std::size_t begin = next.empty() ? 0 : std::stoul(next);
  const std::size_t count = limit.empty() ? all.size() : std::stoul(limit);
  const std::size_t end = std::min(all.size(), begin + count);
  std::string items;
  for (std::size_t i = begin; i < end; ++i) {
    if (!items.empty()) items += ',';
    items += *all[i];
  }
  return {200,
          fmt::format(R"({{"kind":"{}List","apiVersion":"v1","metadata":{{"resourceVersion":"1"{}}},"items":[{}]}})",
                      from.of.kind, end < all.size() ? fmt::format(R"(,"continue":"{}")", end) : "", items),
          {}};
}

std::optional<api_answer> object_lists::answer(const std::string& method, const std::string& path,
                                               const api_rules& rules) {
  static const std::regex pattern("(/api/v1|/apis/[^/]+/[^/]+)(/namespaces/([^/]+))?/([^/]+)");
  static const std::regex one_namespace("/api/v1/namespaces/([^/]+)");
  if (method != "GET") return std::nullopt;
  const auto mark = path.find('?');
  const std::string place = path.substr(0, mark);
  if (auto found = discovery(place)) return found;
  std::smatch m;
  api_target t;
  t.verb = "get";
  t.resource = "namespaces";
  if (std::regex_match(place, m, one_namespace) && tables_.contains("/api/v1/namespaces")) {
    t.name = m[1];
    if (!rules.allows("get", t)) return api_rules::forbidden("get", t);
    for (const auto& one : tables_.at("/api/v1/namespaces").objects.at("")) {
      const auto object = json::parse(one);
      if (const json::value* metadata = json::find(*object, "metadata"); json::find_string(*metadata, "name") == t.name)
        return api_answer{200, one, {}};
    }
    return status_object(404, "NotFound", fmt::format("namespaces \"{}\" not found", t.name));
  }
  if (!std::regex_match(place, m, pattern)) return std::nullopt;
  const auto found = tables_.find(m[1].str() + "/" + m[4].str());
  const bool is_built_in = m[1] == "/api/v1" || m[1] == "/apis/apps/v1" || m[1] == "/apis/batch/v1";
  if (found == tables_.end() && (!is_built_in || m[4] == "secrets" || m[4] == "serviceaccounts")) return std::nullopt;
  t.verb = "list";
  t.resource = m[4];
  t.ns = m[3];
  t.group = group_of(m[1]);
  if (!rules.allows("list", t)) return api_rules::forbidden("list", t);
  // A resource of Kubernetes' own is there without objects, too.
  static const table nothing;
  return page(found == tables_.end() ? nothing : found->second, t.ns,
              mark == std::string::npos ? "" : path.substr(mark + 1));
}

}  // namespace pinhook::testing
