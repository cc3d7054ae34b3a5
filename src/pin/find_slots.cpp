#include <pinhook/pin/find_slots.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/pin/pod_spec.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace pinhook::pin {

bool has_duplicate_pointers(const std::vector<slot>& slots) {
  std::vector<std::string_view> pointers;
  pointers.reserve(slots.size());
  for (const slot& s : slots) pointers.push_back(s.pointer);
  std::ranges::sort(pointers);
  return std::ranges::adjacent_find(pointers) != pointers.end();
}

void slot_finder::take_member(const json::string& key) {
  const active all = places_.size() >= max_places ? ~active{0} : (active{1} << places_.size()) - 1;
  const active next = members(all, 0, key, seen_at_top_);
  if (next == 0) {
    at_.skip();
    return;
  }
  pointer_.clear();
  std::string name;
  if (!key.append_to(name)) at_.reject("a key with an invalid escape");
  append_pointer(pointer_, name);
  follow(next, 1);
}

// The places of `from` whose step at `depth` leads through the member `key`.
slot_finder::active slot_finder::members(active from, std::size_t depth, const json::string& key, active& seen) {
  active next = 0;
  for (active rest = from; rest != 0; rest &= rest - 1) {
    const auto index = static_cast<std::size_t>(std::countr_zero(rest));
    const active bit = active{1} << index;
    const path_step& step = places_[index].path[depth];
    if (step.type == path_step::kind::values) {
      next |= bit;
    } else if (step.type == path_step::kind::member && key == step.name) {
      if ((seen & bit) != 0) at_.reject("a duplicate key");
      seen |= bit;
      next |= bit;
    }
  }
  return next;
}

// Recursion is no deeper than the longest path, for any input.
void slot_finder::follow(active from, std::size_t depth) {
  active arrays = 0;
  for (active rest = from; rest != 0; rest &= rest - 1) {
    const place& p = places_[static_cast<std::size_t>(std::countr_zero(rest))];
    if (p.path.size() == depth) {
      take(p.holds);
      return;
    }
    if (p.path[depth].type == path_step::kind::elements) arrays |= rest & (~rest + 1);
  }
  const std::size_t size = pointer_.size();
  const json::kind kind = at_.peek();
  if (kind == json::kind::object) {
    active seen = 0;
    json::string key;
    std::string name;
    for (at_.enter_object(); at_.next_key(key);) {
      const active next = members(from, depth, key, seen);
      if (next == 0) {
        at_.skip();
        continue;
      }
      name.clear();
      if (!key.append_to(name)) at_.reject("a key with an invalid escape");
      append_pointer(pointer_, name);
      follow(next, depth + 1);
      pointer_.resize(size);
    }
  } else if (kind == json::kind::array && arrays != 0) {
    std::size_t index = 0;
    for (at_.enter_array(); at_.next_element(); ++index) {
      pointer_ += '/';
      pointer_ += std::to_string(index);
      follow(arrays, depth + 1);
      pointer_.resize(size);
    }
  } else {
    at_.skip();
  }
}

void slot_finder::take(holding holds) {
  const std::size_t begin = at_.offset();
  const std::size_t slots_before = out_.slots.size();
  const std::size_t size = pointer_.size();
  pull_keys keys;
  switch (holds) {
    case holding::pod_template: {
      if (at_.peek() != json::kind::object) {
        at_.skip();
        break;
      }
      bool seen = false;
      json::string key;
      for (at_.enter_object(); at_.next_key(key);) {
        if (!(key == "spec")) {
          at_.skip();
          continue;
        }
        if (seen) at_.reject("a duplicate key");
        seen = true;
        append_pointer(pointer_, "spec");
        keys = take_pod_spec(at_, pointer_, out_);
        pointer_.resize(size);
      }
      break;
    }
    case holding::pod_spec:
      keys = take_pod_spec(at_, pointer_, out_);
      break;
    case holding::container:
      take_container(at_, pointer_, container_type::container, out_);
      break;
    case holding::image:
      take_image(at_, pointer_, out_);
      break;
  }
  if (out_.slots.size() != slots_before || holds == holding::pod_template || holds == holding::pod_spec)
    out_.templates.push_back({pointer_, at_.since(begin), keys});
}

namespace {

struct frame {
  bool is_array = false;
  std::size_t index = 0;
  json::string key;
  // In front of the object or array.
  json::cursor before;
  // An object whose images were taken; the rest of it is still searched.
  bool is_pod_spec = false;
};

std::string pointer_to(const std::vector<frame>& frames) {
  std::string pointer;
  // The last frame is the object itself; those above it are the way to it.
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
    if (frames[i].is_array) {
      append_pointer(pointer, std::to_string(frames[i].index - 1));
    } else {
      std::string name;
      if (!frames[i].key.append_to(name)) return {};
      append_pointer(pointer, name);
    }
  }
  return pointer;
}

// Enters the next value, or passes it when there is nothing to enter.
void descend(json::cursor& at, std::vector<frame>& frames) {
  const json::kind kind = at.peek();
  if (kind != json::kind::object && kind != json::kind::array) {
    at.skip();
    return;
  }
  if (frames.size() == max_search_depth) {
    at.reject(nested_too_deeply);
    return;
  }
  const json::cursor before = at;
  if (kind == json::kind::array)
    at.enter_array();
  else
    at.enter_object();
  frames.push_back({kind == json::kind::array, 0, {}, before, false});
}

// Takes the images of the pod spec that `here` is in front of. A failure is handed on to `at`.
void take_found(json::cursor here, std::string pointer, found_slots& out, json::cursor& at) {
  const std::size_t begin = here.offset();
  const pull_keys keys = take_pod_spec(here, pointer, out);
  out.templates.push_back({std::move(pointer), here.since(begin), keys});
  if (here.has_failed()) at = here;
}

}  // namespace

void search_pod_specs(json::cursor& at, found_slots& out) {
  std::vector<frame> frames;
  for (descend(at, frames); !frames.empty();) {
    frame& top = frames.back();
    if (top.is_array ? !at.next_element() : !at.next_key(top.key)) {
      frames.pop_back();
      continue;
    }
    if (top.is_array) {
      ++top.index;
    } else if (frames.size() == 1 && (top.key == "metadata" || top.key == "status")) {
      at.skip();
      continue;
    } else if (is_container_list(top.key) && at.peek() == json::kind::array && (top.is_pod_spec || has_images(at))) {
      if (!std::exchange(top.is_pod_spec, true)) take_found(top.before, pointer_to(frames), out, at);
      at.skip();
      continue;
    }
    descend(at, frames);
  }
}

}  // namespace pinhook::pin
