// Reads the images of a pod spec or a container: containers[*].image, initContainers[*].image,
// ephemeralContainers[*].image, volumes[*].image.reference, with the pull policies beside them; and the identity that
// pulls them: imagePullSecrets[*].name, serviceAccountName.
#pragma once

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/base/key_list.hpp>
#include <pinhook/pin/found_slots.hpp>

#include <string>
#include <vector>

namespace pinhook::pin {

/// The reasons with which a cursor fails at a limit; read_object reports them as unsupported.
inline constexpr const char* too_many_images = "an object with too many images";
inline constexpr const char* nested_too_deeply = "an object nested too deeply";

/// Pull secrets of one pod spec that count; the rest is left out. A look-up tries fewer credentials still.
inline constexpr std::size_t max_pull_secrets = 32;

/// Bytes of an object's name (RFC 1123 subdomain); a longer one names nothing.
inline constexpr std::size_t max_object_name_size = 253;

/// The service account as which a Pod runs, and the secrets with which its images are pulled.
struct pod_identity {
  /// Empty: the namespace's default.
  std::string service_account;
  /// In their order, each once.
  std::vector<std::string> pull_secrets;
  /// There were more than max_pull_secrets.
  bool has_more_secrets = false;
};

/// malformed: not valid JSON, or a duplicate `name` in a secret's element. A value of another type counts as absent.
[[nodiscard]] result<pod_identity> read_identity(const pull_keys& keys);

/// Each passes the value that `at` is in front of, which `pointer` leads to, and adds the images in it. A value of
/// another type holds nothing. A missing or empty image is left alone. `pointer` is as before when they return.
pull_keys take_pod_spec(json::cursor& at, std::string& pointer, found_slots& out);
void take_container(json::cursor& at, std::string& pointer, container_type type, found_slots& out);
void take_image(json::cursor& at, const std::string& pointer, found_slots& out);

/// Adds the members that these functions look at.
void add_pod_members(key_list& to);

/// True for the members of a pod spec that list containers.
[[nodiscard]] bool is_container_list(const json::string& key);

/// True when the array that `at` is in front of has an element with a string `image`. Takes a copy: `at` stays.
[[nodiscard]] bool has_images(json::cursor at);

}  // namespace pinhook::pin
