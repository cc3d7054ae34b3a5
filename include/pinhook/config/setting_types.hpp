// The types a setting can have: each knows its name, reads a YAML node into a value and writes the value as YAML.
//
// Values without state: safe to use from any thread.
#pragma once

#include <pinhook/base/json.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/config/units.hpp>
#include <pinhook/config/value_problem.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/core.h>

#include <charconv>
#include <concepts>
#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::config {

template <class T>
using read_result = std::expected<T, value_problem>;

[[nodiscard]] inline std::unexpected<value_problem> no_value(const yaml::node& at, std::string message) {
  return std::unexpected(value_problem{at.line, at.column, std::move(message)});
}

/// The text of a scalar; a list or mapping is a problem that names the expected type.
[[nodiscard]] read_result<std::string> read_scalar(const yaml::node& n, std::string_view wanted);

/// A mapping without other keys than these.
[[nodiscard]] read_result<void> expect_mapping(const yaml::node& n, std::initializer_list<std::string_view> known);

/// A field that is not there stays as it is.
template <class Type, class T>
[[nodiscard]] read_result<void> read_member(const yaml::node& mapping, std::string_view key, const Type& type,
                                            T& into) {
  const yaml::node* found = mapping.find(key);
  if (found == nullptr || found->is_null()) return {};
  auto value = type.read(*found);
  if (!value) return std::unexpected(std::move(value.error()));
  into = std::move(*value);
  return {};
}

/// A list; `kind` names it in the problem.
[[nodiscard]] read_result<void> expect_list(const yaml::node& n, std::string_view kind);

/// A text under a key of a mapping that must be there and not empty.
[[nodiscard]] read_result<std::string> required_text(const yaml::node& mapping, std::string_view key);

/// True for a registry's canonical name: "docker.io", "registry.example.com:5000".
[[nodiscard]] bool is_registry(const std::string& name);

/// The problem of a key, or of a text at a place, that is not a registry.
[[nodiscard]] value_problem not_a_registry(const yaml::member& m);
[[nodiscard]] value_problem not_a_registry(const yaml::node& at, std::string_view text);

/// In double quotes, as YAML and JSON both read it.
[[nodiscard]] std::string quoted_yaml(std::string_view text);

struct text_type {
  [[nodiscard]] static std::string name() { return "text"; }
  [[nodiscard]] static read_result<std::string> read(const yaml::node& n) { return read_scalar(n, "text"); }
  [[nodiscard]] static std::string write(const std::string& v) { return quoted_yaml(v); }
};

/// The text of the setting `help` (resolve/help_text.hpp).
struct help_type {
  [[nodiscard]] static std::string name();
  [[nodiscard]] static read_result<std::string> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::string& v) { return quoted_yaml(v); }
};

struct bool_type {
  [[nodiscard]] static std::string name() { return "true or false"; }
  [[nodiscard]] static read_result<bool> read(const yaml::node& n);
  [[nodiscard]] static std::string write(bool v) { return v ? "true" : "false"; }
};

template <std::unsigned_integral T>
struct integer_type {
  T least;
  T most;

  [[nodiscard]] std::string name() const { return fmt::format("number, {} to {}", least, most); }
  [[nodiscard]] read_result<T> read(const yaml::node& n) const {
    auto text = read_scalar(n, name());
    if (!text) return std::unexpected(std::move(text.error()));
    T value{};
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), value);
    const bool is_number = problem == std::errc{} && end == text->data() + text->size();
    if (n.style != yaml::scalar_style::plain || !is_number || value < least || value > most)
      return no_value(n, fmt::format("{} is not a {}", quoted(*text), name()));
    return value;
  }
  [[nodiscard]] static std::string write(T v) { return fmt::format("{}", v); }
};

struct size_type {
  std::uint64_t least;
  std::uint64_t most;

  [[nodiscard]] std::string name() const { return fmt::format("size, {} to {}", size_text(least), size_text(most)); }
  [[nodiscard]] read_result<std::size_t> read(const yaml::node& n) const;
  [[nodiscard]] static std::string write(std::size_t v) { return size_text(v); }
};

struct duration_type {
  std::chrono::nanoseconds least;
  std::chrono::nanoseconds most;

  [[nodiscard]] std::string name() const {
    return fmt::format("duration, {} to {}", duration_text(least), duration_text(most));
  }
  [[nodiscard]] read_result<std::chrono::nanoseconds> read(const yaml::node& n) const;
  [[nodiscard]] static std::string write(std::chrono::nanoseconds v) { return duration_text(v); }
};

struct address_type {
  [[nodiscard]] static std::string name() { return "address and port"; }
  [[nodiscard]] static read_result<server::listen_address> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const server::listen_address& v) { return quoted_yaml(v.to_string()); }
};

/// One word of a table.
template <class T>
struct word_type {
  std::vector<std::pair<std::string_view, T>> words;

  [[nodiscard]] std::string name() const {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
      out += fmt::format("{}{}", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i].first);
    return out;
  }
  [[nodiscard]] read_result<T> read(const yaml::node& n) const {
    auto text = read_scalar(n, name());
    if (!text) return std::unexpected(std::move(text.error()));
    for (const auto& [word, value] : words)
      if (word == *text) return value;
    return no_value(n, fmt::format("{} is not one of: {}", quoted(*text), name()));
  }
  [[nodiscard]] std::string write(const T& v) const {
    for (const auto& [word, value] : words)
      if (value == v) return std::string(word);
    return "null";
  }
};

struct text_list_type {
  [[nodiscard]] static std::string name() { return "list of texts"; }
  [[nodiscard]] static read_result<std::vector<std::string>> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::vector<std::string>& v);
};

/// Canonical names of registries, or _default.
struct registry_list_type {
  [[nodiscard]] static std::string name() { return "list of registries (or _default)"; }
  [[nodiscard]] static read_result<std::vector<std::string>> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::vector<std::string>& v) { return text_list_type::write(v); }
};

struct rules_type {
  [[nodiscard]] static std::string name() { return "list of rules"; }
  [[nodiscard]] static read_result<rules::rule_set> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const rules::rule_set& v);
};

struct verifiers_type {
  [[nodiscard]] static std::string name() { return "list of {name, cosign or notation or content_trust, platforms}"; }
  [[nodiscard]] static read_result<std::vector<signatures::verifier_setting>> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::vector<signatures::verifier_setting>& v);
};

struct kinds_type {
  [[nodiscard]] static std::string name() { return "list of {group, kind, paths}"; }
  [[nodiscard]] static read_result<std::vector<pin::custom_kind>> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::vector<pin::custom_kind>& v);
};

struct paths_type {
  [[nodiscard]] static std::string name() { return "list of {files, paths}"; }
  [[nodiscard]] static read_result<std::vector<files::custom_paths>> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::vector<files::custom_paths>& v);
};

struct registries_type {
  using map = std::map<std::string, registry::host_settings, std::less<>>;
  [[nodiscard]] static std::string name() { return "mapping of registry to {plain_http, ca_file, realm_hosts}"; }
  [[nodiscard]] static read_result<map> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const map& v);
};

struct networks_type {
  [[nodiscard]] static std::string name() { return "list of networks"; }
  [[nodiscard]] static read_result<std::vector<http::network>> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::vector<http::network>& v);
};

struct mirrors_type {
  using map = std::map<std::string, std::vector<registry::mirror_setting>, std::less<>>;
  [[nodiscard]] static std::string name() {
    return "mapping of registry (or _default) to a list of {url, capabilities, ca, client, skip_verify, header, "
           "override_path, dial_timeout}";
  }
  [[nodiscard]] static read_result<map> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const map& v);
};

struct clouds_type {
  [[nodiscard]] static std::string name() { return "list of aws, google, azure"; }
  [[nodiscard]] static read_result<std::vector<cloud_name>> read(const yaml::node& n);
  [[nodiscard]] static std::string write(const std::vector<cloud_name>& v);
};

/// keep or refresh.
[[nodiscard]] const word_type<pin::update_rule>& update_rule_type();

}  // namespace pinhook::config
