#include <pinhook/pin/search_keys.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_kinds.hpp>
#include <pinhook/pin/part_search.hpp>
#include <pinhook/pin/pod_spec.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pin {
namespace {

class key_search {
 public:
  key_search(json::cursor& at, found_slots& out, std::span<const operator_image* const> operators)
      : at_(at), out_(out), operators_(operators) {}

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
    hand_over();
  }

 private:
  // `key`: that of the value, or of the list that holds it. Returns the parts of a mapping that may be parts of images
  // around it, when it is called `global`.
  outer_parts take(std::string_view key, std::size_t depth) {
    const json::kind kind = at_.peek();
    if (kind != json::kind::object && kind != json::kind::array)
      at_.skip();
    else if (depth == max_search_depth)
      at_.reject(nested_too_deeply);
    else if (kind == json::kind::object)
      return take_mapping(key, depth);
    else
      take_list(key, depth);
    return {};
  }

  outer_parts take_mapping(std::string_view key_of_it, std::size_t depth) {
    const std::size_t found = found_.size();
    const std::size_t size = pointer_.size();
    const bool is_image = names_image(key_of_it);
    bool has_version = false;
    bool has_kind = false;
    std::vector<json_member> members;
    outer_parts outer;
    json::string key;
    std::string name;
    for (at_.enter_object(); at_.next_key(key);) {
      name.clear();
      json_member one{.key = key, .kind = at_.peek()};
      if (!key.append_to(name) || is_key_without_images(name)) {
        at_.skip();
        continue;
      }
      if (one.kind == json::kind::object || one.kind == json::kind::array) {
        append_pointer(pointer_, name);
        auto inner = take(name, depth + 1);
        if (name == "global") outer = std::move(inner);
        pointer_.resize(size);
      } else {
        const std::size_t begin = at_.offset();
        if (one.kind == json::kind::string)
          one.text = at_.read_string();
        else
          at_.skip();
        one.written = at_.since(begin);
        has_version = has_version || (one.kind == json::kind::string && name == "apiVersion");
        has_kind = has_kind || (one.kind == json::kind::string && name == "kind");
      }
      members.push_back(one);
    }
    if (at_.has_failed()) return {};
    auto own = outer_parts_of(members);
    leave_parts(found, outer);
    leave_parts(found, own);
    if (has_version && has_kind) {
      // Another object, which is its own.
      found_.resize(found);
      return {};
    }
    const std::size_t first = found_.size();
    for (found_parts& one : images_of_mapping(at_, {pointer_, members, key_of_it, is_image, operators_}))
      add(std::move(one));
    leave_parts(first, outer);
    return own;
  }

  // Images in parts whose name may have another part, in a mapping around them.
  // A text without a tag may have that of a mapping around it.
  void leave_parts(std::size_t from, const outer_parts& outer) {
    if (outer.names.empty() && !outer.has_tag) return;
    const auto may_be_longer = [&](const found_parts& one) {
      if (one.is_of_operator) return false;
      if (one.slot.value == slot_value::image) return outer.has_tag && one.is_without_tag;
      return std::ranges::any_of(outer.names,
                                 [&](const std::string& text) { return text.empty() || text != one.registry; });
    };
    found_.erase(std::remove_if(found_.begin() + static_cast<std::ptrdiff_t>(from), found_.end(), may_be_longer),
                 found_.end());
  }

  void take_list(std::string_view key, std::size_t depth) {
    const std::size_t size = pointer_.size();
    const bool has_images = is_image_list_key(key);
    const bool has_variables = is_variable_list_key(key);
    std::size_t index = 0;
    for (at_.enter_array(); at_.next_element(); ++index) {
      append_pointer(pointer_, std::to_string(index));
      if (has_images && at_.peek() == json::kind::string) {
        take_text(at_);
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
    take_text(value);
    pointer_.resize(size);
    if (value.has_failed()) at_ = value;
  }

  void take_text(json::cursor& at) {
    const std::size_t begin = at.offset();
    std::string text = at.read_text();
    if (!is_image_text({}, text)) return;
    found_parts out;
    out.slot.pointer = pointer_;
    out.slot.image = std::move(text);
    out.slot.is_guess = true;
    out.is_without_tag = is_without_tag(out.slot.image);
    out.values.push_back({pointer_, at.since(begin), {}});
    add(std::move(out));
  }

  void add(found_parts one) {
    if (found_.size() == out_.limit)
      at_.reject(too_many_images);
    else
      found_.push_back(std::move(one));
  }

  // In the order of the text.
  void hand_over() {
    const auto place = [](const found_parts& one) { return one.values.front().text.data(); };
    std::ranges::sort(found_, {}, place);
    for (found_parts& one : found_) {
      one.slot.pod = out_.templates.size();
      if (one.is_tag_alone)
        out_.left.push_back({std::move(one.slot.pointer), std::move(one.slot.image), one.slot.obstacle});
      else
        out_.slots.push_back(std::move(one.slot));
      std::ranges::move(one.values, std::back_inserter(out_.templates));
    }
  }

  json::cursor& at_;
  found_slots& out_;
  std::span<const operator_image* const> operators_;
  std::vector<found_parts> found_;
  std::string pointer_;
};

}  // namespace

bool may_search_keys(std::string_view group, std::string_view kind) {
  return !group.empty() && group != "apps" && group != "batch" && !is_policy_group(group) &&
         !holds_no_images(group, kind);
}

void search_image_keys(json::cursor& at, found_slots& out, std::span<const operator_image* const> operators) {
  key_search(at, out, operators).take_object();
}

}  // namespace pinhook::pin
