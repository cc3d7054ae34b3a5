// The events of a watch as an API server streams them: a JSON object on each line, cut anywhere by the network.
//
//   watch_reader reader;
//   auto ok = reader.take(piece, [&](const watch_event& one) { … return result<void>(); });
//
// kubernetes.io "API Concepts", "Efficient detection of changes": {"type":"ADDED","object":{…}}. Pure; one thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pinhook::kube {

enum class watch_event_kind : std::uint8_t {
  put,       // ADDED, MODIFIED
  removed,   // DELETED
  bookmark,  // nothing changed up to this version
  expired,   // the version to go on from is forgotten: the list has to be read again
  failed,    // another ERROR
};

struct watch_event {
  watch_event_kind kind = watch_event_kind::bookmark;
  /// put, removed: its text, valid during the call.
  std::string_view object = {};
  /// The resourceVersion to go on from; empty: the server gave none.
  std::string version = {};
  /// failed: the server's own words.
  std::string message = {};
};

class watch_reader {
 public:
  using event_sink = std::function<result<void>(const watch_event&)>;

  /// Limit in bytes of one event: an object is some 2 MiB at most (api_objects.hpp), and an event is little more.
  static constexpr std::size_t max_event_size = std::size_t{8} * 1024 * 1024;

  /// Gives each whole event to `on_event`. malformed: no event; or the sink's error. No more may be taken then.
  [[nodiscard]] result<void> take(std::string_view piece, const event_sink& on_event);

 private:
  std::string rest_;
};

/// One line. malformed: it is no event. An event of a type that is not known is a bookmark without a version.
[[nodiscard]] result<watch_event> read_watch_event(std::string_view line);

}  // namespace pinhook::kube
