#include <pinhook/fleet/object.hpp>

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/pin/pod_spec.hpp>

#include <fmt/core.h>

#include <array>
#include <utility>

namespace pinhook::fleet {
namespace {

// A value of another type counts as absent.
std::string text_or_nothing(json::cursor& at) {
  if (at.peek() == json::kind::string) return at.read_text();
  at.skip();
  return {};
}

// Passes the next value; `take` gets each member of it when it is an object.
template <class Take>
void each_member(json::cursor& at, Take take) {
  if (at.peek() != json::kind::object) {
    at.skip();
    return;
  }
  json::string key;
  for (at.enter_object(); at.next_key(key);) take(key);
}

// Passes the next value; `take` gets each object in it when it is an array.
template <class Take>
void each_object(json::cursor& at, Take take) {
  if (at.peek() != json::kind::array) {
    at.skip();
    return;
  }
  for (at.enter_array(); at.next_element();) {
    if (at.peek() == json::kind::object)
      take();
    else
      at.skip();
  }
}

// An element of managedFields: {"manager", "time", "subresource", "fieldsV1": {"f:metadata": {…}}}.
void take_manager(json::cursor& at, pins_record& out) {
  std::string manager, time;
  bool writes_pins = false;
  each_member(at, [&](const json::string& key) {
    if (key == "manager")
      manager = text_or_nothing(at);
    else if (key == "time")
      time = text_or_nothing(at);
    else if (key == "fieldsV1")
      writes_pins = at.skip().find(R"("f:pinhook.dev/pins")") != std::string_view::npos;
    else
      at.skip();
  });
  if (!writes_pins) return;
  const auto written_at = parse_timestamp(time);
  // Two may own the same value; the later one wrote it last.
  if (!out.manager.empty() && (!written_at || (out.written_at && *out.written_at >= *written_at))) return;
  out.manager = std::move(manager);
  out.written_at = written_at;
}

struct more_metadata {
  std::string ns;
  fleet::labels labels;
  pins_record pins;
};

void take_labels(json::cursor& at, labels& out) {
  each_member(at, [&](const json::string& key) {
    std::string name;
    if (!key.append_to(name)) at.reject("a wrong escape");
    out.insert_or_assign(std::move(name), text_or_nothing(at));
  });
}

void take_more_metadata(json::cursor& at, const read_options& options, bool has_pins, more_metadata& out) {
  each_member(at, [&](const json::string& key) {
    if (key == "namespace") {
      out.ns = text_or_nothing(at);
    } else if (key == "labels" && options.has_labels) {
      take_labels(at, out.labels);
    } else if (key == "managedFields" && has_pins) {
      each_object(at, [&] { take_manager(at, out.pins); });
    } else {
      at.skip();
    }
  });
}

std::vector<written_image> images_of(std::vector<pin::slot> slots) {
  std::vector<written_image> out;
  out.reserve(slots.size());
  for (pin::slot& one : slots)
    out.push_back({one.container.empty() ? one.pointer : std::move(one.container), one.type, std::move(one.image),
                   std::move(one.pointer), std::move(one.pull_policy)});
  return out;
}

registry::tenant tenant_of(const pin::found_slots& found, std::string ns) {
  registry::tenant out{std::move(ns), {}, {}};
  if (found.templates.empty()) return out;
  if (auto identity = pin::read_identity(found.templates.front().keys)) {
    out.service_account = std::move(identity->service_account);
    out.pull_secrets = std::move(identity->pull_secrets);
  }
  return out;
}

// The object, and the rest of its metadata.
result<object> from(pin::object read, more_metadata more, const listed_kind& kind) {
  object out;
  out.id = {more.ns, kind.group, kind.kind, std::move(read.metadata.name)};
  if (out.id.name.empty()) return fail(error_code::malformed, fmt::format("a {} without a name", kind.kind));
  if (auto& owner = read.metadata.controller)
    out.controller = object_id{more.ns, std::move(owner->group), std::move(owner->kind), std::move(owner->name)};
  if (read.metadata.pins) {
    out.pins = std::move(more.pins);
    out.pins->text = std::move(*read.metadata.pins);
  }
  out.labels = std::move(more.labels);
  out.pulls_as = tenant_of(read.found, std::move(more.ns));
  out.images = images_of(std::move(read.found.slots));
  return out;
}

result<pin::object> images_in(std::string_view text, const listed_kind& kind) {
  auto read = pin::read_object(text, kind.places);
  if (read) return read;
  const auto named = pin::read_metadata(text);
  return fail(std::move(read.error())
                  .at(named && !named->metadata.name.empty() ? fmt::format("{}/{}", kind.kind, named->metadata.name)
                                                             : fmt::format("a {}", kind.kind)));
}

// The members of a Pod's status that list containers.
bool is_status_list(const json::string& key) {
  constexpr std::array<std::string_view, 3> lists{"containerStatuses", "initContainerStatuses",
                                                  "ephemeralContainerStatuses"};
  for (const auto one : lists)
    if (key == one) return true;
  return false;
}

void take_container_status(json::cursor& at, pod& out) {
  running_container one;
  each_member(at, [&](const json::string& key) {
    if (key == "name")
      one.name = text_or_nothing(at);
    else if (key == "imageID")
      one.image = parse_image_id(text_or_nothing(at));
    else
      at.skip();
  });
  out.running.push_back(std::move(one));
}

void take_condition(json::cursor& at, pod& out) {
  std::string type, status;
  each_member(at, [&](const json::string& key) {
    if (key == "type")
      type = text_or_nothing(at);
    else if (key == "status")
      status = text_or_nothing(at);
    else
      at.skip();
  });
  if (type == "Ready") out.is_ready = status == "True";
}

void take_status(json::cursor& at, pod& out) {
  each_member(at, [&](const json::string& key) {
    if (is_status_list(key)) {
      each_object(at, [&] { take_container_status(at, out); });
    } else if (key == "conditions") {
      each_object(at, [&] { take_condition(at, out); });
    } else if (key == "phase") {
      const std::string phase = text_or_nothing(at);
      out.has_ended = phase == "Succeeded" || phase == "Failed";
    } else {
      at.skip();
    }
  });
}

// `take_status` is called at the status of the object, and must read it or skip it.
template <class TakeStatus>
result<object> read_with(std::string_view text, const listed_kind& kind, const read_options& options,
                         TakeStatus take_status_at) {
  auto read = images_in(text, kind);
  if (!read) return fail(std::move(read.error()));
  more_metadata more;
  json::cursor at(text);
  each_member(at, [&](const json::string& key) {
    if (key == "metadata")
      take_more_metadata(at, options, read->metadata.pins.has_value(), more);
    else if (key == "status")
      take_status_at(at);
    else
      at.skip();
  });
  if (at.has_failed()) return fail(at.failure());
  return from(std::move(*read), std::move(more), kind);
}

}  // namespace

result<object> read_object(std::string_view text, const listed_kind& kind, const read_options& options) {
  return read_with(text, kind, options, [](json::cursor& at) { at.skip(); });
}

result<pod> read_pod(std::string_view text, const listed_kind& kind, const read_options& options) {
  pod out;
  auto whole = read_with(text, kind, options, [&](json::cursor& at) { take_status(at, out); });
  if (!whole) return fail(std::move(whole.error()));
  out.as_object = std::move(*whole);
  return out;
}

result<namespace_object> read_namespace(std::string_view text) {
  auto read = pin::read_metadata(text);
  if (!read) return fail(std::move(read.error()));
  if (read->metadata.name.empty()) return fail(error_code::malformed, "a Namespace without a name");
  return namespace_object{std::move(read->metadata.name), std::move(read->metadata.pin_label)};
}

}  // namespace pinhook::fleet
