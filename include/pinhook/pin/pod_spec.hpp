// Reads the images of a pod spec or a container: containers[*].image, initContainers[*].image,
// ephemeralContainers[*].image, volumes[*].image.reference, with the pull policies beside them; and who pulls them:
// imagePullSecrets[*].name, serviceAccountName.
#pragma once

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/found_slots.hpp>

#include <string>
#include <vector>

namespace pinhook::pin {

/// Why a cursor fails where there is more than is read; read_object says so as unsupported.
inline constexpr const char* too_many_images = "an object with too many images";
inline constexpr const char* nested_too_deeply = "an object nested too deeply";

/// Pull secrets of one pod spec that count; the rest is left out. A look-up tries fewer credentials still.
inline constexpr std::size_t max_pull_secrets = 32;

/// Bytes of an object's name (RFC 1123 subdomain); a longer one names nothing.
inline constexpr std::size_t max_object_name_size = 253;

/// As whom a Pod runs, and with which secrets its images are pulled.
struct pod_identity {
  /// Empty: the namespace's default.
  std::string service_account;
  /// In their order, each once.
  std::vector<std::string> pull_secrets;
  /// There were more than max_pull_secrets.
  bool has_more_secrets = false;
};

/// malformed: no valid JSON, or the name of a secret stands twice in its element. A value of another type is none.
[[nodiscard]] result<pod_identity> read_identity(const pull_keys& keys);

/// Each passes the value that `at` stands in front of, which `pointer` leads to, and adds what it holds. A value of
/// another type holds nothing. A missing or empty image is left alone. `pointer` is as before when they return.
pull_keys take_pod_spec(json::cursor& at, std::string& pointer, found_slots& out);
void take_container(json::cursor& at, std::string& pointer, container_type type, found_slots& out);
void take_image(json::cursor& at, const std::string& pointer, found_slots& out);

/// What a member of a pod spec holds; nothing for most.
[[nodiscard]] bool is_container_list(const json::string& key);

/// True when the array that `at` stands in front of has an element with a string `image`. Takes a copy: `at` stays.
[[nodiscard]] bool has_images(json::cursor at);

}  // namespace pinhook::pin
