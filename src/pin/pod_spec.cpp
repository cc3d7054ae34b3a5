#include <pinhook/pin/pod_spec.hpp>

#include <pinhook/base/json_pointer.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::pin {
namespace {

constexpr std::array<std::pair<std::string_view, container_type>, 4> lists{
    {{"containers", container_type::container},
     {"initContainers", container_type::init_container},
     {"ephemeralContainers", container_type::ephemeral_container},
     {"volumes", container_type::image_volume}}};

constexpr std::array<std::pair<std::string_view, std::string_view pull_keys::*>, 3> key_names{
    {{"imagePullSecrets", &pull_keys::image_pull_secrets},
     {"serviceAccountName", &pull_keys::service_account_name},
     {"serviceAccount", &pull_keys::service_account}}};

constexpr const char* duplicate_pod_key = "a duplicate key";

// Remembers which of a few keys were there; a second time makes the cursor fail.
class once {
 public:
  explicit once(json::cursor& at) : at_(at) {}
  void operator()(unsigned which) {
    if ((seen_ >> which & 1U) != 0) at_.reject(duplicate_pod_key);
    seen_ |= 1U << which;
  }

 private:
  json::cursor& at_;
  unsigned seen_ = 0;
};

std::string read_string_or_skip(json::cursor& at) {
  if (at.peek() == json::kind::string) return at.read_text();
  at.skip();
  return {};
}

// Reads the next value as the pull policy, the member `name` of the object that `pointer` leads to.
void read_pull_policy(json::cursor& at, std::string_view pointer, std::string_view name, slot& out) {
  out.pull_policy = read_string_or_skip(at);
  if (out.pull_policy.empty()) return;
  out.pull_policy_pointer.reserve(pointer.size() + 1 + name.size());
  out.pull_policy_pointer += pointer;
  out.pull_policy_pointer += '/';
  out.pull_policy_pointer += name;
}

// The name of a LocalObjectReference.
std::string read_name(json::cursor& at) {
  std::string out;
  if (at.peek() != json::kind::object) {
    at.skip();
    return out;
  }
  once in_reference(at);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "name") {
      in_reference(0);
      out = read_string_or_skip(at);
    } else {
      at.skip();
    }
  }
  return out;
}

void add(json::cursor& at, slot s, found_slots& out) {
  if (s.image.empty()) return;
  if (out.slots.size() == out.limit) {
    at.reject(too_many_images);
    return;
  }
  // Of a Pod with a few containers; others grow as they need.
  constexpr std::size_t usual = 4;
  if (out.slots.empty()) out.slots.reserve(usual);
  // It is added to the templates when it has been read.
  s.pod = out.templates.size();
  out.slots.push_back(std::move(s));
}

// {"name": …, "image": {"reference": …, "pullPolicy": …}}; a volume of another type has no image.
void take_volume(json::cursor& at, const std::string& pointer, found_slots& out) {
  slot s{.pointer = pointer + "/image/reference", .image = {}, .container = {}, .type = container_type::image_volume};
  once in_volume(at);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "name") {
      in_volume(0);
      s.container = read_string_or_skip(at);
    } else if (key == "image" && at.peek() == json::kind::object) {
      in_volume(1);
      once in_image(at);
      for (at.enter_object(); at.next_key(key);) {
        if (key == "reference") {
          in_image(0);
          s.image = read_string_or_skip(at);
        } else if (key == "pullPolicy") {
          in_image(1);
          read_pull_policy(at, pointer + "/image", "pullPolicy", s);
        } else {
          at.skip();
        }
      }
    } else {
      at.skip();
    }
  }
  add(at, std::move(s), out);
}

void take_list(json::cursor& at, std::string& pointer, container_type type, found_slots& out) {
  if (at.peek() != json::kind::array) {
    at.skip();
    return;
  }
  const std::size_t size = pointer.size();
  std::size_t index = 0;
  for (at.enter_array(); at.next_element(); ++index) {
    pointer += '/';
    pointer += std::to_string(index);
    if (at.peek() != json::kind::object)
      at.skip();
    else if (type == container_type::image_volume)
      take_volume(at, pointer, out);
    else
      take_container(at, pointer, type, out);
    pointer.resize(size);
  }
}

}  // namespace

void take_container(json::cursor& at, std::string& pointer, container_type type, found_slots& out) {
  if (at.peek() != json::kind::object) {
    at.skip();
    return;
  }
  slot s{.pointer = pointer + "/image", .image = {}, .container = {}, .type = type};
  once in_container(at);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "image") {
      in_container(0);
      s.image = read_string_or_skip(at);
    } else if (key == "name") {
      in_container(1);
      s.container = read_string_or_skip(at);
    } else if (key == "imagePullPolicy") {
      in_container(2);
      read_pull_policy(at, pointer, "imagePullPolicy", s);
    } else {
      at.skip();
    }
  }
  add(at, std::move(s), out);
}

void take_image(json::cursor& at, const std::string& pointer, found_slots& out) {
  slot s{.pointer = pointer, .image = read_string_or_skip(at), .container = {}, .type = container_type::other};
  add(at, std::move(s), out);
}

pull_keys take_pod_spec(json::cursor& at, std::string& pointer, found_slots& out) {
  pull_keys keys;
  if (at.peek() != json::kind::object) {
    at.skip();
    return keys;
  }
  once in_spec(at);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    unsigned which = 0;
    while (which < lists.size() && !(key == lists[which].first)) ++which;
    if (which == lists.size()) {
      const auto names = std::ranges::find_if(key_names, [&](const auto& one) { return key == one.first; });
      if (names == key_names.end()) {
        at.skip();
        continue;
      }
      in_spec(which + static_cast<unsigned>(names - key_names.begin()));
      keys.*names->second = at.skip();
      continue;
    }
    in_spec(which);
    const std::size_t size = pointer.size();
    append_pointer(pointer, lists[which].first);
    take_list(at, pointer, lists[which].second, out);
    pointer.resize(size);
  }
  return keys;
}

result<pod_identity> read_identity(const pull_keys& keys) {
  pod_identity out;
  for (const std::string_view text : {keys.service_account_name, keys.service_account}) {
    if (text.empty() || !out.service_account.empty()) continue;
    json::cursor at(text);
    std::string name = read_string_or_skip(at);
    if (at.has_failed()) return fail(at.failure());
    if (name.size() <= max_object_name_size) out.service_account = std::move(name);
  }
  if (keys.image_pull_secrets.empty()) return out;
  json::cursor at(keys.image_pull_secrets);
  if (at.peek() != json::kind::array) return out;
  for (at.enter_array(); at.next_element();) {
    std::string name = read_name(at);
    if (name.empty() || name.size() > max_object_name_size) continue;
    if (std::ranges::find(out.pull_secrets, name) != out.pull_secrets.end()) continue;
    out.has_more_secrets = out.pull_secrets.size() == max_pull_secrets;
    if (out.has_more_secrets) break;
    out.pull_secrets.push_back(std::move(name));
  }
  if (at.has_failed()) return fail(at.failure());
  return out;
}

void add_pod_members(key_list& to) {
  for (const auto& [name, type] : lists) to.add(name);
  for (const auto& [name, member] : key_names) to.add(name);
  // Of a pod template, a container and a volume.
  for (const std::string_view key : {"spec", "name", "image", "imagePullPolicy", "reference", "pullPolicy"})
    to.add(key);
}

bool is_container_list(const json::string& key) {
  for (const auto& [name, type] : lists)
    if (type != container_type::image_volume && key == name) return true;
  return false;
}

bool has_images(json::cursor at) {
  json::string key;
  for (at.enter_array(); at.next_element();) {
    if (at.peek() != json::kind::object) {
      at.skip();
      continue;
    }
    for (at.enter_object(); at.next_key(key); at.skip())
      if (key == "image" && at.peek() == json::kind::string) return true;
  }
  return false;
}

}  // namespace pinhook::pin
