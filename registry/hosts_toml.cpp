#include <pinhook/base/duration.hpp>
#include <pinhook/registry/hosts_toml.hpp>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

namespace pinhook::registry {
namespace {

// What is wrong and where; thrown nowhere, returned everywhere.
struct fault {
  std::size_t line = 0;
  std::string why;
};
using maybe_fault = std::optional<fault>;

fault wrong(const toml::node& at, std::string why) {
  return {static_cast<std::size_t>(at.source().begin.line), std::move(why)};
}

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
    if (list == nullptr) return wrong(*all, "capabilities is not a list");
    if (list->empty()) return std::nullopt;
    to.can_pull = to.can_resolve = false;
    for (const auto& one : *list) {
      const auto name = one.value<std::string>();
      if (!name) return wrong(one, "a capability is not a string");
      std::string low = *name;
      std::transform(low.begin(), low.end(), low.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      if (low == "pull")
        to.can_pull = true;
      else if (low == "resolve")
        to.can_resolve = true;
      else if (low != "push" && low != "referrers")
        return wrong(one, fmt::format("unknown capability {}", pinhook::quoted(*name)));
    }
    return std::nullopt;
  }

  maybe_fault flags(mirror_setting& to) const {
    for (const auto& [name, into] :
         {std::pair{"skip_verify", &to.skip_verify}, std::pair{"override_path", &to.override_path}}) {
      const toml::node* const said = from_.get(name);
      if (said == nullptr) continue;
      if (!said->is_boolean()) return wrong(*said, fmt::format("{} is neither true nor false", name));
      *into = said->as_boolean()->get();
    }
    return std::nullopt;
  }

  maybe_fault authorities(mirror_setting& to) const {
    const toml::node* const said = from_.get("ca");
    if (said == nullptr) return std::nullopt;
    if (const auto* one = said->as_string()) {
      to.ca_files.push_back(path_of(one->get()));
      return std::nullopt;
    }
    const toml::array* const list = said->as_array();
    if (list == nullptr) return wrong(*said, "ca is neither a file nor a list of files");
    for (const auto& each : *list) {
      const auto* const file = each.as_string();
      if (file == nullptr) return wrong(each, "ca has an entry that is not a file name");
      to.ca_files.push_back(path_of(file->get()));
    }
    return std::nullopt;
  }

  // "file", ["file", …] or [["certificate", "key"], …].
  maybe_fault client(mirror_setting& to) const {
    const toml::node* said = from_.get("client");
    if (said == nullptr) return std::nullopt;
    if (const toml::array* const list = said->as_array()) {
      if (list->empty()) return std::nullopt;
      for (const auto& each : *list) {
        const toml::array* const pair = each.as_array();
        const bool is_pair = pair != nullptr && pair->size() == 2 && pair->is_homogeneous(toml::node_type::string);
        if (!each.is_string() && !is_pair)
          return wrong(each, "client has an entry that is neither a file nor a pair of certificate and key");
      }
      said = list->get(0);
    }
    if (const auto* const file = said->as_string()) {
      to.client_certificate_file = path_of(file->get());
    } else if (const toml::array* const pair = said->as_array()) {
      to.client_certificate_file = path_of(pair->get(0)->as_string()->get());
      to.client_key_file = path_of(pair->get(1)->as_string()->get());
    } else {
      return wrong(*said, "client is neither a file nor a list of files");
    }
    return std::nullopt;
  }

  maybe_fault headers(mirror_setting& to) const {
    const toml::node* const said = from_.get("header");
    if (said == nullptr) return std::nullopt;
    const toml::table* const table = said->as_table();
    if (table == nullptr) return wrong(*said, "header is not a table");
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (const auto* const text = value.as_string()) {
        to.headers.push_back({name, secret(text->get())});
        continue;
      }
      const toml::array* const list = value.as_array();
      if (list == nullptr || (!list->empty() && !list->is_homogeneous(toml::node_type::string)))
        return wrong(value, fmt::format("header {} is neither a string nor a list of strings", pinhook::quoted(name)));
      for (const auto& each : *list) to.headers.push_back({name, secret(each.as_string()->get())});
    }
    return std::nullopt;
  }

  maybe_fault dial_timeout(mirror_setting& to) const {
    const toml::node* const said = from_.get("dial_timeout");
    if (said == nullptr) return std::nullopt;
    const auto* const text = said->as_string();
    if (text == nullptr) return wrong(*said, "dial_timeout is not a string");
    if (text->get().empty()) return std::nullopt;
    const auto span = parse_duration(text->get());
    if (!span) return wrong(*said, fmt::format("dial_timeout: {}", span.error().message));
    to.dial_timeout = *span;
    return std::nullopt;
  }

  const toml::table& from_;
  std::filesystem::path directory_;
};

// The document keeps its tables by name; their order in the file is that of their positions.
std::vector<std::pair<std::string, const toml::node*>> in_file_order(const toml::table& hosts) {
  struct placed {
    toml::source_position at;
    std::string name;
    const toml::node* what;
  };
  std::vector<placed> all;
  for (const auto& [key, value] : hosts) all.push_back({key.source().begin, std::string(key.str()), &value});
  std::sort(all.begin(), all.end(), [](const placed& a, const placed& b) { return a.at < b.at; });
  std::vector<std::pair<std::string, const toml::node*>> out;
  out.reserve(all.size());
  for (auto& one : all) out.emplace_back(std::move(one.name), one.what);
  return out;
}

maybe_fault read_document(const toml::table& root, const std::filesystem::path& directory, hosts_toml& to) {
  if (const toml::node* const server = root.get("server")) {
    if (!server->is_string()) return wrong(*server, "server is not a string");
    to.server.url = server->as_string()->get();
  }
  if (auto bad = table_reader(root, directory).read(to.server)) return bad;
  const toml::node* const hosts = root.get("host");
  if (hosts == nullptr) return std::nullopt;
  if (!hosts->is_table()) return wrong(*hosts, "host is not a table");
  for (const auto& [name, node] : in_file_order(*hosts->as_table())) {
    const toml::table* const fields = node->as_table();
    if (fields == nullptr) return wrong(*node, fmt::format("host {} is not a table", pinhook::quoted(name)));
    if (name.empty()) return wrong(*node, "a host without a name");
    mirror_setting one;
    one.url = name;
    if (auto bad = table_reader(*fields, directory).read(one)) return bad;
    to.hosts.push_back(std::move(one));
  }
  return std::nullopt;
}

}  // namespace

result<hosts_toml> parse_hosts_toml(std::string_view text, const std::string& file) {
  if (text.size() > max_hosts_toml)
    return fail(error_code::invalid_input,
                fmt::format("{}: {} bytes; the limit is {}", file, text.size(), max_hosts_toml));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& bad = parsed.error();
    // Its description may repeat what stands there: a header's value, for one.
    return fail(error_code::invalid_input, fmt::format("{}:{}: not valid TOML at column {}", file,
                                                       bad.source().begin.line, bad.source().begin.column));
  }
  hosts_toml out;
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  if (const auto bad = read_document(parsed.table(), directory, out))
    return fail(error_code::invalid_input, fmt::format("{}:{}: {}", file, bad->line, bad->why));
  return out;
}

}  // namespace pinhook::registry
