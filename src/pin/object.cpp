#include <pinhook/pin/object.hpp>

#include <pinhook/pin/pod_spec.hpp>
#include <pinhook/pin/search_keys.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace pinhook::pin {
namespace {

constexpr const char* duplicate_key = "a duplicate key";
constexpr const char* duplicate_on_the_way = "a duplicate key on the way to an image";

// The next value when it is a string; a value of another type is passed and gives nothing.
std::optional<std::string> read_if_string(json::cursor& at) {
  if (at.peek() == json::kind::string) return at.read_text();
  at.skip();
  return std::nullopt;
}

void take_once(json::cursor& at, std::optional<std::string>& into) {
  if (into) at.reject(duplicate_key);
  into = read_if_string(at);
}

void take_labels(json::cursor& at, metadata& out) {
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == pin_label)
      take_once(at, out.pin_label);
    else
      at.skip();
  }
}

void take_annotations(json::cursor& at, metadata& out) {
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == pins_annotation)
      take_once(at, out.pins);
    else if (key == updates_annotation)
      take_once(at, out.updates);
    else if (key == refresh_annotation)
      take_once(at, out.refresh);
    else
      at.skip();
  }
}

void take_owner(json::cursor& at, metadata& out) {
  owner o;
  bool is_controller = false;
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "apiVersion") {
      const std::string version = read_if_string(at).value_or("");
      const std::size_t slash = version.find('/');
      o.group = slash == std::string::npos ? "" : version.substr(0, slash);
    } else if (key == "kind") {
      o.kind = read_if_string(at).value_or("");
    } else if (key == "name") {
      o.name = read_if_string(at).value_or("");
    } else if (key == "controller" && at.peek() == json::kind::boolean) {
      is_controller = at.read_bool();
    } else {
      at.skip();
    }
  }
  if (is_controller) out.controller = std::move(o);
}

void take_owners(json::cursor& at, metadata& out) {
  for (at.enter_array(); at.next_element();) {
    if (at.peek() == json::kind::object)
      take_owner(at, out);
    else
      at.skip();
  }
}

void take_metadata(json::cursor& at, metadata& out) {
  enum : unsigned { labels = 1, annotations = 2, owners = 4 };
  unsigned seen = 0;
  const auto first = [&](unsigned which) {
    if ((seen & which) != 0) at.reject(duplicate_key);
    seen |= which;
  };
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    const json::kind kind = at.peek();
    if (key == "name") {
      out.name = read_if_string(at).value_or("");
    } else if (key == "generateName") {
      out.generate_name = read_if_string(at).value_or("");
    } else if (key == "deletionTimestamp") {
      out.has_deletion_timestamp = kind != json::kind::null;
      at.skip();
    } else if (key == "labels" && kind == json::kind::object) {
      first(labels);
      take_labels(at, out);
    } else if (key == "annotations" && kind == json::kind::object) {
      first(annotations);
      out.has_annotations = true;
      take_annotations(at, out);
    } else if (key == "ownerReferences" && kind == json::kind::array) {
      first(owners);
      take_owners(at, out);
    } else {
      at.skip();
    }
  }
}

// Crossing one of our limits is not a fault of the JSON.
error failure_of(const json::cursor& at, std::size_t most) {
  error out = at.failure();
  if (out.message.ends_with(too_many_images))
    return {error_code::unsupported, fmt::format("it has more than {} images", most), std::nullopt};
  if (out.message.ends_with(nested_too_deeply))
    return {error_code::unsupported, fmt::format("it is nested more than {} levels deep", max_search_depth),
            std::nullopt};
  return out;
}

void take_member_metadata(json::cursor& at, object& out) {
  if (out.has_metadata) at.reject(duplicate_key);
  out.has_metadata = at.peek() == json::kind::object;
  if (out.has_metadata)
    take_metadata(at, out.metadata);
  else
    at.skip();
}

void take_members(json::cursor& at, std::span<const place> places, object& out) {
  slot_finder finder(at, places, out.found);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "metadata")
      take_member_metadata(at, out);
    else
      finder.take_member(key);
  }
}

// Adds the slots that are not in `to` by another way. False: they are too many.
bool add_new(found_slots from, found_slots& to) {
  if (to.slots.empty()) {
    to = std::move(from);
    return true;
  }
  const std::size_t known = to.slots.size();
  const std::size_t templates = to.templates.size();
  for (slot& one : from.slots) {
    const auto is_same = [&](const slot& s) { return s.pointer == one.pointer; };
    if (std::any_of(to.slots.begin(), to.slots.begin() + static_cast<std::ptrdiff_t>(known), is_same)) continue;
    if (to.slots.size() == to.limit) return false;
    one.pod += templates;
    to.slots.push_back(std::move(one));
  }
  std::ranges::move(from.templates, std::back_inserter(to.templates));
  std::ranges::move(from.left, std::back_inserter(to.left));
  return true;
}

// Key and value of each member except metadata and status, as they are written.
std::vector<std::pair<std::string_view, std::string_view>> members_of(std::string_view text) {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  json::cursor at(text);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    const std::size_t begin = at.offset();
    at.skip();
    if (!(key == "metadata") && !(key == "status")) out.emplace_back(key.raw, at.since(begin));
  }
  if (at.has_failed()) out.clear();
  return out;
}

}  // namespace

result<object> read_next_object(json::cursor& at, std::span<const place> places, std::size_t most) {
  object out;
  out.found.limit = most;
  take_members(at, places, out);
  if (at.has_failed()) return fail(failure_of(at, most));
  if (has_duplicate_pointers(out.found.slots)) return fail(error_code::malformed, duplicate_on_the_way);
  return out;
}

result<object> read_object(std::string_view text, std::span<const place> places, const object_search& search) {
  object out;
  const std::size_t most = search.most;
  out.found.limit = most;
  const bool is_searched = places.empty() || places.back().path.empty();
  if (!places.empty() && is_searched) places = places.first(places.size() - 1);
  json::cursor at(text);
  take_members(at, places, out);
  if (at.has_failed()) return fail(failure_of(at, most));
  for (const bool by_keys : {false, true}) {
    if (!is_searched || (by_keys && !search.takes_keys)) continue;
    found_slots searched;
    searched.limit = most;
    at = json::cursor(text);
    if (by_keys)
      search_image_keys(at, searched, search.operators);
    else
      search_pod_specs(at, searched);
    if (!at.has_failed() && !add_new(std::move(searched), out.found)) at.reject(too_many_images);
    if (at.has_failed()) return fail(failure_of(at, most));
  }
  if (has_duplicate_pointers(out.found.slots)) return fail(error_code::malformed, duplicate_on_the_way);
  return out;
}

result<object> read_metadata(std::string_view text) {
  object out;
  json::cursor at(text);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "metadata")
      take_member_metadata(at, out);
    else
      at.skip();
  }
  if (at.has_failed()) return fail(at.failure());
  return out;
}

bool is_same_but_metadata(std::string_view now, std::string_view before) {
  const auto members = members_of(now);
  return !members.empty() && members == members_of(before);
}

}  // namespace pinhook::pin
