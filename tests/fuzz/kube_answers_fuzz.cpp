// Any bytes as an answer of the Kubernetes API: an object, a page of a list, a watch, a review. It is read, or refused
// in words; what is read is written as JSON; a watch that the network cuts anywhere has the same events.
#include "fuzz/json_mutator.hpp"
#include "fuzz/require.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/kube/access_review.hpp>
#include <pinhook/kube/api_objects.hpp>
#include <pinhook/kube/mirror_objects.hpp>
#include <pinhook/kube/object_list.hpp>
#include <pinhook/kube/serving_objects.hpp>
#include <pinhook/kube/watch_events.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace pinhook;
using fuzz::require;

template <class T>
bool is_read(const result<T>& read) {
  require(read || !read.error().message.empty());
  return read.has_value();
}

void read_lists(std::string_view text) {
  std::size_t bytes = 0;
  const auto take = [&](std::string_view object) {
    require(object.data() >= text.data() && object.data() + object.size() <= text.data() + text.size());
    bytes += object.size();
    return result<void>();
  };
  (void)is_read(kube::read_page(text, take));
  require(bytes <= text.size());
  (void)is_read(kube::read_groups(text));
  (void)is_read(kube::read_resources(text));
}

void read_reviews(std::string_view text) {
  (void)is_read(kube::read_access_review(text));
  const auto who = kube::read_token_review(text);
  if (is_read(who))
    require(json::parse(kube::access_review_text(*who, {.verb = "get", .path = "/pinhook"})).has_value());
}

void read_serving(std::string_view text) {
  if (const auto read = kube::parse_registration(text); is_read(read))
    require(json::parse(kube::merged_bundles(*read)).has_value());
  if (const auto read = kube::parse_stored(text); is_read(read))
    require(json::parse(kube::replaced_data(*read).reveal()).has_value());
}

void read_mirrors(std::string_view text) {
  for (const auto& kind : kube::mirror_kinds) {
    registry::mirror_sets sets;
    (void)is_read(kube::read_mirror_object(text, kind, sets));
  }
  (void)is_read(kube::read_granted_images(text));
}

// The events of a watch, as text; the first that is none ends it.
std::string events_of(std::string_view text, std::size_t step) {
  kube::watch_reader reader;
  std::string out;
  const auto note = [&](const kube::watch_event& one) {
    out += std::to_string(static_cast<int>(one.kind)) + std::string(one.object) + one.version + one.message + '\n';
    return result<void>();
  };
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size())))
    if (!reader.take(text.substr(0, step), note)) return out + "refused";
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)is_read(kube::parse_secret(text));
  (void)is_read(kube::parse_namespace(text));
  (void)is_read(kube::parse_service_account(text));
  (void)is_read(kube::parse_token(text));
  read_lists(text);
  read_reviews(text);
  read_serving(text);
  read_mirrors(text);
  require(events_of(text, size % 13 + 1) == events_of(text, size + 1));
  return 0;
}
