// A ResourceList, which orchestrators such as kustomize and kpt pass to a KRM function and read back: the function's
// settings, facts about its items, and the same text with results.
//
//   auto list = resource_list::read(text);
//   list->config().format;
//   auto out = with_results(text, {list->about(slot), …});
//
// Source: kustomize cmd/config/docs/api-conventions/functions-spec.md; of the shape of results sigs.k8s.io/kustomize/
// kyaml (fn/framework/result.go): a list since v1, before that a mapping with `name` and `items`.
//
// Immutable; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/slot.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

/// The settings in `functionConfig`: in `data` of a ConfigMap, in `spec` of a PinImages (pinhook.dev/v1).
struct function_config {
  /// format: digest, tag-and-digest. None: the configured format.
  std::optional<pin::pin_format> format;
  /// update: "true": images that are pinned already move to the current digest of their tag.
  bool update = false;
  /// lock: path of a lock file.
  std::string lock_file;
  /// offline: "true": no requests to registries.
  bool offline = false;
  /// keep-going: "true": the other images are pinned although one failed.
  bool keeps_going = false;
};

enum class result_severity : std::uint8_t { info, warning, error };

struct function_result {
  result_severity severity = result_severity::info;
  std::string message;
  /// The object; empty parts are left out.
  std::string api_version;
  std::string kind;
  std::string name;
  std::string ns;
  /// "spec.template.spec.containers[0].image"; empty: no field.
  std::string field;
  std::string current_value;
  std::string proposed_value;
  /// The file from which the orchestrator read the object, by its annotations. Empty: not given.
  std::string file;
  std::optional<unsigned> file_index;
};

class resource_list {
 public:
  /// `text` must outlive it. invalid_input: not YAML, several documents, or not a ResourceList of config.kubernetes.io.
  [[nodiscard]] static result<resource_list> read(std::string_view text);

  /// The settings in functionConfig; without one the defaults. invalid_input: another kind, an unknown key, an invalid
  /// value; the message names it.
  [[nodiscard]] result<function_config> config() const;

  /// A result about the item that holds the slot, without message and values.
  [[nodiscard]] function_result about(const files::slot& s) const;

 private:
  explicit resource_list(std::shared_ptr<const yaml::source> from) : from_(std::move(from)) {}
  [[nodiscard]] const yaml::source_document& document() const;
  std::shared_ptr<const yaml::source> from_;
};

/// The text with these results after those that it holds already; everything else byte for byte. No results: the text
/// as it is. invalid_input: as `resource_list::read`, and `results` that is not a list.
[[nodiscard]] result<std::string> with_results(std::string_view text, const std::vector<function_result>& results);

/// "spec.template.spec.containers[0].image" of a JSON Pointer.
[[nodiscard]] std::string field_path(std::string_view pointer);

}  // namespace pinhook::pipeline
