#include <pinhook/kube/watch_events.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_cursor.hpp>
#include <pinhook/kube/object_metadata.hpp>

#include <fmt/core.h>

#include <array>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::array<std::pair<std::string_view, watch_event_kind>, 5> event_types{
    {{"ADDED", watch_event_kind::put},
     {"MODIFIED", watch_event_kind::put},
     {"DELETED", watch_event_kind::removed},
     {"BOOKMARK", watch_event_kind::bookmark},
     {"ERROR", watch_event_kind::failed}}};

// "Gone" and "Expired" both have this code (apimachinery, pkg/api/errors).
constexpr std::int64_t gone_status = 410;

void read_status(std::string_view object, watch_event& into) {
  const auto status = json::parse(object);
  if (!status) return;
  if (json::find_integer(*status, "code") == gone_status) into.kind = watch_event_kind::expired;
  into.message = json::find_string(*status, "message").value_or("");
}

}  // namespace

result<watch_event> read_watch_event(std::string_view line) {
  watch_event out;
  bool has_type = false;
  json::cursor at(line);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "type" && at.peek() == json::kind::string) {
      const std::string type = at.read_text();
      has_type = true;
      for (const auto& [name, kind] : event_types)
        if (name == type) out.kind = kind;
    } else if (key == "object") {
      out.object = at.skip();
    } else {
      at.skip();
    }
  }
  if (at.has_failed()) return fail(at.failure());
  if (!has_type || out.object.empty()) return fail(error_code::malformed, "the answer is no event of a watch");
  if (out.kind == watch_event_kind::failed)
    read_status(out.object, out);
  else if (object_metadata read = read_metadata(out.object); read.is_whole)
    out.version = std::move(read.resource_version);
  return out;
}

result<void> watch_reader::take(std::string_view piece, const event_sink& on_event) {
  while (!piece.empty()) {
    const auto end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (rest_.size() + part.size() > max_event_size)
      return fail(error_code::malformed, fmt::format("an event is larger than {} bytes", max_event_size));
    if (end == std::string_view::npos) {
      rest_.append(part);
      return {};
    }
    piece.remove_prefix(end + 1);
    // Most events come whole, and are read where they are.
    std::string joined;
    std::string_view line = part;
    if (!rest_.empty()) {
      joined = std::exchange(rest_, {});
      joined.append(part);
      line = joined;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto event = read_watch_event(line);
    if (!event) return fail(event.error());
    if (auto ok = on_event(*event); !ok) return ok;
  }
  return {};
}

}  // namespace pinhook::kube
