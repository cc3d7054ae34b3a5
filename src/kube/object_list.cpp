#include <pinhook/kube/object_list.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_cursor.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::size_t shrink = 4;

request_attributes about_list(const listed_resource& which) {
  request_attributes out{.verb = "list", .resource = which.resource, .ns = which.ns, .name = {}};
  out.group = which.group;
  out.version = which.version;
  out.is_cluster_wide = which.ns.empty();
  return out;
}

request_attributes about_path(std::string path) {
  request_attributes out{.verb = "get", .resource = std::move(path), .ns = {}, .name = {}};
  out.is_cluster_wide = true;
  return out;
}

struct page_place {
  std::size_t objects = 0;
  /// The token of its place; empty: the first.
  const std::string& next;
};

api_call page_call(const request_attributes& about, const page_place& page, const std::string& labels,
                   const list_options& options) {
  api_call out{.attributes = about};
  out.query = fmt::format("limit={}", page.objects);
  if (!labels.empty()) out.query += "&labelSelector=" + percent_encoded(labels);
  if (!page.next.empty()) out.query += "&continue=" + percent_encoded(page.next);
  out.takes_gone = true;
  out.takes_missing = options.takes_missing;
  out.most = options.most_page;
  return out;
}

// The http floor's words for an answer that crosses its limit.
bool is_too_large(const error& e) {
  return e.code == error_code::malformed && e.message.find("the answer is larger than") != std::string::npos;
}

// Reads the member `metadata` of a list.
list_page read_list_metadata(json::cursor& at) {
  list_page out;
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    const bool is_text = at.peek() == json::kind::string;
    if (is_text && key == "continue")
      out.next = at.read_text();
    else if (is_text && key == "resourceVersion")
      out.version = at.read_text();
    else
      at.skip();
  }
  return out;
}

const json::value* array_in(const json::value& of, std::string_view name) {
  const json::value* found = json::find(of, name);
  return found != nullptr && found->IsArray() ? found : nullptr;
}

}  // namespace

result<list_page> read_page(std::string_view body, const std::function<result<void>(std::string_view object)>& take) {
  list_page out;
  bool has_items = false;
  json::cursor at(body);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "metadata" && at.peek() == json::kind::object) {
      out = read_list_metadata(at);
    } else if (key == "items") {
      has_items = true;
      // An empty list is null in some API servers.
      if (at.peek() == json::kind::null) {
        at.skip();
        continue;
      }
      for (at.enter_array(); at.next_element();) {
        const std::string_view object = at.skip();
        if (at.has_failed()) break;
        if (auto taken = take(object); !taken) return fail(std::move(taken.error()));
      }
    } else {
      at.skip();
    }
  }
  if (at.has_failed()) return fail(at.failure());
  if (!has_items) return fail(error_code::malformed, "the answer is no list of objects");
  return out;
}

awaitable<result<void>> list_objects(api_connection& to, listed_resource which, object_sink sink, list_options options,
                                     deadline d) {
  const request_attributes about = about_list(which);
  std::size_t objects = std::max<std::size_t>(options.page, 1);
  std::string next;
  for (int restarts = 0;;) {
    api_call call = page_call(about, {objects, next}, which.labels, options);
    auto answer = co_await to.ask(std::move(call), d);
    if (!answer && is_too_large(answer.error()) && objects > 1) {
      objects = std::max<std::size_t>(objects / shrink, 1);
      continue;
    }
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->is_missing()) co_return result<void>();
    if (answer->is_gone()) {
      if (restarts++ == options.restarts)
        co_return refuse(
            {error_code::unavailable,
             fmt::format("the API server forgot the place in the list {} times (HTTP 410); run it again", restarts),
             std::nullopt},
            about);
      sink.restart();
      next.clear();
      continue;
    }
    auto page = read_page(answer->body.reveal(), sink.take);
    if (!page) co_return refuse(std::move(page.error()), about);
    if (sink.on_version) sink.on_version(page->version);
    if (page->next.empty()) co_return result<void>();
    if (page->next == next)
      co_return refuse({error_code::malformed, "the list never ends: its next page is the same one", std::nullopt},
                       about);
    next = std::move(page->next);
  }
}

result<std::map<std::string, std::string, std::less<>>> read_groups(std::string_view body) {
  const auto document = json::parse(body);
  if (!document) return fail(document.error());
  const json::value* groups = array_in(*document, "groups");
  if (groups == nullptr) return fail(error_code::malformed, "the answer is no APIGroupList");
  std::map<std::string, std::string, std::less<>> out;
  for (const json::value& one : groups->GetArray()) {
    const auto name = json::find_string(one, "name");
    const json::value* preferred = json::find(one, "preferredVersion");
    const auto version = preferred == nullptr ? std::nullopt : json::find_string(*preferred, "version");
    if (name && version) out.emplace(*name, *version);
  }
  return out;
}

result<std::vector<api_resource>> read_resources(std::string_view body) {
  const auto document = json::parse(body);
  if (!document) return fail(document.error());
  const json::value* resources = array_in(*document, "resources");
  if (resources == nullptr) return fail(error_code::malformed, "the answer is no APIResourceList");
  std::vector<api_resource> out;
  for (const json::value& one : resources->GetArray()) {
    const auto name = json::find_string(one, "name");
    const auto kind = json::find_string(one, "kind");
    if (!name || !kind || name->find('/') != std::string_view::npos) continue;
    out.push_back({std::string(*name), std::string(*kind), json::find_bool(one, "namespaced").value_or(false)});
  }
  return out;
}

awaitable<result<std::map<std::string, std::string, std::less<>>>> find_groups(api_connection& to, deadline d) {
  const request_attributes about = about_path("/apis");
  api_call call{.attributes = about};
  auto answer = co_await to.ask(std::move(call), d);
  co_return read_answer(std::move(answer), about, read_groups);
}

awaitable<result<std::vector<api_resource>>> find_resources(api_connection& to, std::string group, std::string version,
                                                            deadline d) {
  const request_attributes about = about_path(fmt::format("/apis/{}/{}", group, version));
  api_call call{.attributes = about};
  auto answer = co_await to.ask(std::move(call), d);
  co_return read_answer(std::move(answer), about, read_resources);
}

}  // namespace pinhook::kube
