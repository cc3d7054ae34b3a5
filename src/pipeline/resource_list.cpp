#include <pinhook/pipeline/resource_list.hpp>

#include <pinhook/base/json_pointer.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace pinhook::pipeline {
namespace {

constexpr std::string_view api_group = "config.kubernetes.io/";

result<void> take_format(function_config& into, std::string_view text) {
  if (text == "digest")
    into.format = pin::pin_format::digest;
  else if (text == "tag-and-digest")
    into.format = pin::pin_format::tag_and_digest;
  else
    return fail(error_code::invalid_input,
                fmt::format("digest or tag-and-digest is expected, not {}", pinhook::quoted(text)));
  return {};
}

template <bool function_config::* Member>
result<void> take_flag(function_config& into, std::string_view text) {
  if (text != "true" && text != "false")
    return fail(error_code::invalid_input, fmt::format("true or false is expected, not {}", pinhook::quoted(text)));
  into.*Member = text == "true";
  return {};
}

result<void> take_lock(function_config& into, std::string_view text) {
  into.lock_file = text;
  return {};
}

struct config_key {
  std::string_view name;
  result<void> (*take)(function_config&, std::string_view);
};

constexpr std::array<config_key, 5> config_keys{{{"format", take_format},
                                                 {"update", take_flag<&function_config::update>},
                                                 {"lock", take_lock},
                                                 {"offline", take_flag<&function_config::offline>},
                                                 {"keep-going", take_flag<&function_config::keeps_going>}}};

std::string known_keys() {
  std::string out;
  for (const auto& key : config_keys) out += fmt::format("{}{}", out.empty() ? "" : ", ", key.name);
  return out;
}

result<function_config> read_function_keys(const yaml::source_document& doc, yaml::node_index from) {
  function_config out;
  if (from == yaml::no_node || doc.is_null(from)) return out;
  if (doc.at(from).kind != yaml::source_kind::mapping)
    return fail(error_code::invalid_input, "functionConfig: a mapping of settings is expected");
  for (auto key = doc.at(from).first; key != yaml::no_node; key = doc.at(doc.at(key).next).next) {
    const auto name = doc.at(doc.resolve(key)).text;
    const auto& value = doc.at(doc.resolve(doc.at(key).next));
    const auto known = std::ranges::find(config_keys, name, &config_key::name);
    if (known == config_keys.end())
      return fail(error_code::invalid_input,
                  fmt::format("functionConfig: {} is unknown; known are {}", pinhook::quoted(name), known_keys()));
    if (value.kind != yaml::source_kind::scalar)
      return fail(error_code::invalid_input, fmt::format("functionConfig: {}: text is expected", name));
    if (auto ok = known->take(out, value.text); !ok)
      return fail(std::move(ok.error()).at(fmt::format("functionConfig: {}", name)));
  }
  return out;
}

// "/items/3" of "/items/3/spec/image", and the rest, which is the pointer within the item.
std::pair<std::string_view, std::string_view> split_item(std::string_view pointer) {
  if (!pointer.starts_with("/items/")) return {};
  const auto end = std::min(pointer.find('/', std::string_view("/items/").size()), pointer.size());
  return {pointer.substr(0, end), pointer.substr(end)};
}

}  // namespace

std::string field_path(std::string_view pointer) {
  std::string out;
  while (!pointer.empty()) {
    const std::string part = take_part(pointer);
    if (is_index(part)) {
      out += fmt::format("[{}]", part);
      continue;
    }
    if (!out.empty()) out += '.';
    out += part;
  }
  return out;
}

result<resource_list> resource_list::read(std::string_view text) {
  auto read = yaml::read_source(text);
  if (!read) return fail(error_code::invalid_input, std::move(read.error().message));
  auto from = std::make_shared<const yaml::source>(std::move(*read));
  if (from->documents.size() != 1)
    return fail(error_code::invalid_input, "one ResourceList is expected on standard input, as one YAML document");
  const auto& doc = from->documents.front();
  const auto kind = doc.root == yaml::no_node ? std::string_view() : doc.text_of(doc.root, "kind");
  if (kind != "ResourceList" || !doc.text_of(doc.root, "apiVersion").starts_with(api_group))
    return fail(error_code::invalid_input,
                "not a ResourceList of config.kubernetes.io; `pinhook pin` takes plain manifests");
  return resource_list(std::move(from));
}

const yaml::source_document& resource_list::document() const { return from_->documents.front(); }

result<function_config> resource_list::config() const {
  const auto& doc = document();
  const auto config = doc.resolve(doc.find(doc.root, "functionConfig"));
  if (config == yaml::no_node || doc.is_null(config)) return function_config();
  const auto kind = doc.text_of(config, "kind");
  const auto version = doc.text_of(config, "apiVersion");
  if (kind == "ConfigMap" && version == "v1") return read_function_keys(doc, doc.resolve(doc.find(config, "data")));
  if (kind == "PinImages" && version == "pinhook.dev/v1")
    return read_function_keys(doc, doc.resolve(doc.find(config, "spec")));
  return fail(error_code::invalid_input,
              fmt::format("functionConfig: a v1 ConfigMap or a pinhook.dev/v1 PinImages is expected, not {} {}",
                          pinhook::quoted(version), pinhook::quoted(kind)));
}

function_result resource_list::about(const files::slot& s) const {
  function_result out;
  const auto [item_pointer, rest] = split_item(s.pointer);
  const auto& doc = document();
  const auto item = doc.resolve(doc.at_pointer(doc.root, item_pointer));
  if (item_pointer.empty() || item == yaml::no_node) return out;
  out.field = field_path(rest);
  out.api_version = doc.text_of(item, "apiVersion");
  out.kind = doc.text_of(item, "kind");
  const auto metadata = doc.resolve(doc.find(item, "metadata"));
  if (metadata == yaml::no_node) return out;
  out.name = doc.text_of(metadata, "name");
  out.ns = doc.text_of(metadata, "namespace");
  const auto annotations = doc.resolve(doc.find(metadata, "annotations"));
  if (annotations == yaml::no_node) return out;
  const auto annotated = [&](std::string_view key) {
    const auto current = doc.text_of(annotations, fmt::format("internal.config.kubernetes.io/{}", key));
    return current.empty() ? doc.text_of(annotations, fmt::format("config.kubernetes.io/{}", key)) : current;
  };
  out.file = annotated("path");
  const auto index = annotated("index");
  unsigned number = 0;
  if (std::from_chars(index.data(), index.data() + index.size(), number).ec == std::errc() && !index.empty())
    out.file_index = number;
  return out;
}

}  // namespace pinhook::pipeline
