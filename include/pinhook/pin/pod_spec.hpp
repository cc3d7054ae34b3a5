// Reads the images of a pod spec or a container: containers[*].image, initContainers[*].image,
// ephemeralContainers[*].image, volumes[*].image.reference.
#pragma once

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/find_slots.hpp>

#include <string>

namespace pinhook::pin {

/// Each passes the value that `at` stands in front of, which `pointer` leads to, and adds what it holds. A value of
/// another type holds nothing. A missing or empty image is left alone. `pointer` is as before when they return.
void take_pod_spec(json::cursor& at, std::string& pointer, found_slots& out);
void take_container(json::cursor& at, std::string& pointer, container_type type, found_slots& out);
void take_image(json::cursor& at, const std::string& pointer, found_slots& out);

/// What a member of a pod spec holds; nothing for most.
[[nodiscard]] bool is_container_list(const json::string& key);

/// True when the array that `at` stands in front of has an element with a string `image`. Takes a copy: `at` stays.
[[nodiscard]] bool has_images(json::cursor at);

}  // namespace pinhook::pin
