#include <pinhook/pin/search_keys.hpp>

#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_kinds.hpp>
#include <pinhook/pin/json_pointer.hpp>
#include <pinhook/pin/pod_spec.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <string>

namespace pinhook::pin {
namespace {

// A name alone, without a tag or a path, may be that of anything: of a machine's image, of an object.
bool is_image_text(std::string_view key, std::string_view text) {
  if (is_whole_image(text)) return true;
  return key == image_key && text.contains('/') && !is_other_text(text) && registry::reference::parse(text);
}

class key_search {
 public:
  key_search(json::cursor& at, found_slots& out) : at_(at), out_(out) {}

  void take_object() {
    json::string key;
    for (at_.enter_object(); at_.next_key(key);) {
      if (!(key == "spec")) {
        at_.skip();
        continue;
      }
      pointer_ = "/spec";
      take({}, 1);
    }
  }

 private:
  // `key`: that of the value, or of the list that holds it.
  void take(std::string_view key, std::size_t depth) {
    const json::kind kind = at_.peek();
    if (kind != json::kind::object && kind != json::kind::array)
      at_.skip();
    else if (depth == max_search_depth)
      at_.reject(nested_too_deeply);
    else if (kind == json::kind::object)
      take_mapping(depth);
    else
      take_list(key, depth);
  }

  void take_mapping(std::size_t depth) {
    const std::size_t slots = out_.slots.size();
    const std::size_t templates = out_.templates.size();
    const std::size_t size = pointer_.size();
    bool has_version = false;
    bool has_kind = false;
    json::string key;
    std::string name;
    for (at_.enter_object(); at_.next_key(key);) {
      name.clear();
      const json::kind kind = at_.peek();
      if (!key.append_to(name) || is_key_without_images(name)) {
        at_.skip();
        continue;
      }
      has_version = has_version || (name == "apiVersion" && kind == json::kind::string);
      has_kind = has_kind || (name == "kind" && kind == json::kind::string);
      append_pointer(pointer_, name);
      if (kind != json::kind::string)
        take(name, depth + 1);
      else if (names_image(name))
        take_text(name);
      else
        at_.skip();
      pointer_.resize(size);
    }
    if (!has_version || !has_kind) return;
    // Another object, which is its own.
    out_.slots.erase(out_.slots.begin() + static_cast<std::ptrdiff_t>(slots), out_.slots.end());
    out_.templates.erase(out_.templates.begin() + static_cast<std::ptrdiff_t>(templates), out_.templates.end());
  }

  void take_list(std::string_view key, std::size_t depth) {
    const std::size_t size = pointer_.size();
    const bool has_images = is_image_list_key(key);
    const bool has_variables = is_variable_list_key(key);
    std::size_t index = 0;
    for (at_.enter_array(); at_.next_element(); ++index) {
      append_pointer(pointer_, std::to_string(index));
      if (has_images && at_.peek() == json::kind::string) {
        take_text({});
      } else {
        if (has_variables && at_.peek() == json::kind::object) take_variable(at_);
        take({}, depth + 1);
      }
      pointer_.resize(size);
    }
  }

  // {"name": "RELATED_IMAGE_WORKER", "value": "acme/worker:1.0"}; `here` is a copy, since its other members are
  // searched as those of any object.
  void take_variable(json::cursor here) {
    json::cursor value("");
    bool has_value = false;
    std::string name;
    json::string key;
    for (here.enter_object(); here.next_key(key);) {
      const bool is_text = here.peek() == json::kind::string;
      if (is_text && key == "name") {
        name = here.read_text();
        continue;
      }
      if (is_text && key == "value") {
        value = here;
        has_value = true;
      }
      here.skip();
    }
    if (here.has_failed() || !has_value || !is_image_variable(name)) return;
    const std::size_t size = pointer_.size();
    append_pointer(pointer_, "value");
    take_text_at(value, {});
    pointer_.resize(size);
    if (value.has_failed()) at_ = value;
  }

  void take_text(std::string_view key) { take_text_at(at_, key); }

  void take_text_at(json::cursor& at, std::string_view key) {
    json::cursor ahead = at;
    if (!is_image_text(key, ahead.read_text())) {
      at.skip();
      return;
    }
    const std::size_t begin = at.offset();
    take_image(at, pointer_, out_);
    if (at.has_failed()) return;
    out_.slots.back().is_guess = true;
    out_.templates.push_back({pointer_, at.since(begin)});
  }

  json::cursor& at_;
  found_slots& out_;
  std::string pointer_;
};

}  // namespace

bool may_search_keys(std::string_view group, std::string_view kind) {
  return !group.empty() && group != "apps" && group != "batch" && !is_policy_group(group) &&
         !holds_no_images(group, kind);
}

void search_image_keys(json::cursor& at, found_slots& out) { key_search(at, out).take_object(); }

}  // namespace pinhook::pin
