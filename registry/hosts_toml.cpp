#include <pinhook/registry/hosts_toml.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/registry/toml_text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

namespace pinhook::registry {
namespace {

class table_reader {
 public:
  table_reader(const toml::table& from, std::filesystem::path directory)
      : from_(from), directory_(std::move(directory)) {}

  maybe_fault read(mirror_setting& to) const {
    for (const auto step : {&table_reader::capabilities, &table_reader::flags, &table_reader::authorities,
                            &table_reader::client, &table_reader::headers, &table_reader::dial_timeout}) {
      if (auto bad = (this->*step)(to)) return bad;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const {
    const std::filesystem::path path(name);
    return path.is_absolute() ? name : (directory_ / path).lexically_normal().string();
  }

  maybe_fault capabilities(mirror_setting& to) const {
    const toml::node* const all = from_.get("capabilities");
    if (all == nullptr) return std::nullopt;
    const toml::array* const list = all->as_array();
    if (list == nullptr) return toml_fault_at(*all, "capabilities is not a list");
    if (list->empty()) return std::nullopt;
    to.can_pull = to.can_resolve = false;
    for (const auto& one : *list) {
      const auto name = one.value<std::string>();
      if (!name) return toml_fault_at(one, "a capability is not a string");
      std::string low = *name;
      std::transform(low.begin(), low.end(), low.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      if (low == "pull")
        to.can_pull = true;
      else if (low == "resolve")
        to.can_resolve = true;
      else if (low != "push" && low != "referrers")
        return toml_fault_at(one, fmt::format("unknown capability {}", pinhook::quoted(*name)));
    }
    return std::nullopt;
  }

  maybe_fault flags(mirror_setting& to) const {
    for (const auto& [name, into] :
         {std::pair{"skip_verify", &to.skip_verify}, std::pair{"override_path", &to.override_path}}) {
      if (auto bad = read_flag(from_, name, *into)) return bad;
    }
    return std::nullopt;
  }

  maybe_fault authorities(mirror_setting& to) const {
    const toml::node* const node = from_.get("ca");
    if (node == nullptr) return std::nullopt;
    if (const auto* one = node->as_string()) {
      to.ca_files.push_back(path_of(one->get()));
      return std::nullopt;
    }
    const toml::array* const list = node->as_array();
    if (list == nullptr) return toml_fault_at(*node, "ca is neither a file nor a list of files");
    for (const auto& each : *list) {
      const auto* const file = each.as_string();
      if (file == nullptr) return toml_fault_at(each, "ca has an entry that is not a file name");
      to.ca_files.push_back(path_of(file->get()));
    }
    return std::nullopt;
  }

  // "file", ["file", …] or [["certificate", "key"], …].
  maybe_fault client(mirror_setting& to) const {
    const toml::node* node = from_.get("client");
    if (node == nullptr) return std::nullopt;
    if (const toml::array* const list = node->as_array()) {
      if (list->empty()) return std::nullopt;
      for (const auto& each : *list) {
        const toml::array* const pair = each.as_array();
        const bool is_pair = pair != nullptr && pair->size() == 2 && pair->is_homogeneous(toml::node_type::string);
        if (!each.is_string() && !is_pair)
          return toml_fault_at(each, "client has an entry that is neither a file nor a pair of certificate and key");
      }
      node = list->get(0);
    }
    if (const auto* const file = node->as_string()) {
      to.client_certificate_file = path_of(file->get());
    } else if (const toml::array* const pair = node->as_array()) {
      to.client_certificate_file = path_of(pair->get(0)->as_string()->get());
      to.client_key_file = path_of(pair->get(1)->as_string()->get());
    } else {
      return toml_fault_at(*node, "client is neither a file nor a list of files");
    }
    return std::nullopt;
  }

  maybe_fault headers(mirror_setting& to) const {
    const toml::node* const node = from_.get("header");
    if (node == nullptr) return std::nullopt;
    const toml::table* const table = node->as_table();
    if (table == nullptr) return toml_fault_at(*node, "header is not a table");
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (const auto* const text = value.as_string()) {
        to.headers.push_back({name, secret(text->get())});
        continue;
      }
      const toml::array* const list = value.as_array();
      if (list == nullptr || (!list->empty() && !list->is_homogeneous(toml::node_type::string)))
        return toml_fault_at(value,
                             fmt::format("header {} is neither a string nor a list of strings", pinhook::quoted(name)));
      for (const auto& each : *list) to.headers.push_back({name, secret(each.as_string()->get())});
    }
    return std::nullopt;
  }

  maybe_fault dial_timeout(mirror_setting& to) const {
    const toml::node* const node = from_.get("dial_timeout");
    if (node == nullptr) return std::nullopt;
    const auto* const text = node->as_string();
    if (text == nullptr) return toml_fault_at(*node, "dial_timeout is not a string");
    if (text->get().empty()) return std::nullopt;
    const auto span = parse_duration(text->get());
    if (!span) return toml_fault_at(*node, fmt::format("dial_timeout: {}", span.error().message));
    to.dial_timeout = *span;
    return std::nullopt;
  }

  const toml::table& from_;
  std::filesystem::path directory_;
};

maybe_fault read_document(const toml::table& root, const std::filesystem::path& directory, hosts_toml& to) {
  if (auto bad = read_text(root, "server", to.server.url)) return bad;
  if (auto bad = table_reader(root, directory).read(to.server)) return bad;
  const toml::node* const hosts = root.get("host");
  if (hosts == nullptr) return std::nullopt;
  if (!hosts->is_table()) return toml_fault_at(*hosts, "host is not a table");
  for (const auto& [name, node] : in_file_order(*hosts->as_table())) {
    const toml::table* const fields = node->as_table();
    if (fields == nullptr) return toml_fault_at(*node, fmt::format("host {} is not a table", pinhook::quoted(name)));
    if (name.empty()) return toml_fault_at(*node, "a host without a name");
    mirror_setting one;
    one.url = name;
    if (auto bad = table_reader(*fields, directory).read(one)) return bad;
    to.hosts.push_back(std::move(one));
  }
  return std::nullopt;
}

}  // namespace

result<hosts_toml> parse_hosts_toml(std::string_view text, const std::string& file) {
  const auto parsed = parse_toml(text, max_hosts_toml, file);
  if (!parsed) return fail(parsed.error());
  hosts_toml out;
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  if (const auto bad = read_document(*parsed, directory, out)) return fail(toml_error(file, *bad));
  return out;
}

}  // namespace pinhook::registry
