#include <pinhook/pin/read_members.hpp>

#include <pinhook/pin/own_labels.hpp>
#include <pinhook/pin/pod_spec.hpp>

#include <string_view>

namespace pinhook::pin {

void add_read_members(key_list& to) {
  for (const std::string_view key : {"metadata", "name", "generateName", "deletionTimestamp", "labels", "annotations",
                                     "ownerReferences", "apiVersion", "kind", "controller"})
    to.add(key);
  for (const std::string_view key : {pin_label, pins_annotation, updates_annotation, refresh_annotation}) to.add(key);
  add_pod_members(to);
}

}  // namespace pinhook::pin
