#include <pinhook/kube/plugin_config.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/kube/names.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <functional>
#include <map>
#include <system_error>

namespace pinhook::kube {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> config_versions{"kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1",
                                                          "kubelet.config.k8s.io/v1alpha1"};
constexpr std::array<std::string_view, 3> plugin_versions{plugin_api_v1, "credentialprovider.kubelet.k8s.io/v1beta1",
                                                          "credentialprovider.kubelet.k8s.io/v1alpha1"};
constexpr std::array<std::string_view, 3> extensions{".json", ".yaml", ".yml"};

/// A value of a file and its path: "providers[0].name".
struct place {
  std::string_view file;
  const yaml::node& value;
  std::string path;

  [[nodiscard]] std::unexpected<error> wrong(std::string_view reason) const {
    std::string where = fmt::format("{}: line {}, column {}: ", file, value.line, value.column);
    if (!path.empty()) where += path + ": ";
    return fail(error_code::invalid_input, where + std::string(reason));
  }
  [[nodiscard]] place below(std::string_view name, const yaml::node& of) const {
    return {file, of, path.empty() ? std::string(name) : fmt::format("{}.{}", path, name)};
  }
  [[nodiscard]] place item(std::size_t index) const {
    return {file, value.items[index], fmt::format("{}[{}]", path, index)};
  }
};

/// A field of a mapping and its reader.
struct field {
  std::string_view name;
  std::function<result<void>(const place&)> read;
  bool is_required = false;
};

/// Null counts as absent, as in Go's JSON.
result<void> read_fields(const place& at, std::span<const field> fields) {
  if (at.value.kind != yaml::node_kind::mapping)
    return at.wrong(fmt::format("must be a mapping, not {}", to_string(at.value.kind)));
  for (const auto& m : at.value.members) {
    const auto known = std::ranges::find(fields, m.key, &field::name);
    if (known == fields.end()) {
      yaml::node key;
      key.line = m.line;
      key.column = m.column;
      return place{at.file, key, at.path}.wrong(fmt::format("no such field: {}", pinhook::quoted(m.key, 100)));
    }
    if (m.value.is_null()) continue;
    if (auto read = known->read(at.below(m.key, m.value)); !read) return read;
  }
  for (const auto& f : fields) {
    const yaml::node* found = at.value.find(f.name);
    if (f.is_required && (found == nullptr || found->is_null())) return at.wrong(fmt::format("{} is required", f.name));
  }
  return {};
}

bool is_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0o")) return text.size() > 2;
  if (text == ".inf" || text == ".nan") return true;
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem != std::errc::invalid_argument && end == text.data() + text.size() && text != "inf" && text != "nan" &&
         text != "infinity";
}

/// Text that is a boolean in YAML, today or in version 1.1, which the kubelet's parser uses.
std::optional<bool> boolean_of(std::string_view text) {
  for (const auto& [yes, no] : {std::pair("true", "false"),
                                {"True", "False"},
                                {"TRUE", "FALSE"},
                                {"yes", "no"},
                                {"Yes", "No"},
                                {"YES", "NO"},
                                {"on", "off"},
                                {"On", "Off"},
                                {"ON", "OFF"}}) {
    if (text == yes) return true;
    if (text == no) return false;
  }
  return std::nullopt;
}

result<std::string> read_text(const place& at) {
  const yaml::node& n = at.value;
  if (n.kind != yaml::node_kind::scalar) return at.wrong(fmt::format("must be text, not {}", to_string(n.kind)));
  if (n.is_null()) return at.wrong("must be text, not null");
  if (n.style == yaml::scalar_style::plain && (is_number(n.text) || boolean_of(n.text)))
    return at.wrong(fmt::format("must be text, so {} needs quotes", pinhook::quoted(n.text, 100)));
  return n.text;
}

field text_field(std::string_view name, std::string& to, bool is_required = true) {
  return {name,
          [&to](const place& at) -> result<void> {
            auto text = read_text(at);
            if (!text) return fail(std::move(text.error()));
            if (text->empty()) return at.wrong("must not be empty");
            to = *std::move(text);
            return {};
          },
          is_required};
}

using item_reader = std::function<result<void>(const place&)>;

result<void> read_items(const place& at, const item_reader& read) {
  if (at.value.kind != yaml::node_kind::sequence)
    return at.wrong(fmt::format("must be a list, not {}", to_string(at.value.kind)));
  for (std::size_t i = 0; i < at.value.items.size(); ++i)
    if (auto item = read(at.item(i)); !item) return item;
  return {};
}

field list_field(std::string_view name, item_reader read, bool is_required = false) {
  return {name,
          [read = std::move(read), is_required](const place& at) -> result<void> {
            if (is_required && at.value.kind == yaml::node_kind::sequence && at.value.items.empty())
              return at.wrong("must have at least one item");
            return read_items(at, read);
          },
          is_required};
}

template <std::size_t N>
result<void> read_choice(const place& at, const std::array<std::string_view, N>& choices, std::string& to) {
  auto text = read_text(at);
  if (!text) return fail(std::move(text.error()));
  if (std::ranges::find(choices, *text) == choices.end())
    return at.wrong(fmt::format("{} is not one of {}", pinhook::quoted(*text, 100), fmt::join(choices, ", ")));
  to = *std::move(text);
  return {};
}

std::optional<std::string_view> fault_of_name(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return "must not contain '/'";
  if (name.find(' ') != std::string_view::npos) return "must not contain a space";
  if (name == "." || name == "..") return "must be the name of a program";
  return std::nullopt;
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// A qualified name of Kubernetes in any case (apimachinery, validation.IsQualifiedName): "example.com/role", "role".
bool is_annotation_key(std::string text) {
  std::ranges::transform(text, text.begin(), to_lower);
  std::string_view name = text;
  if (const auto slash = name.find('/'); slash != std::string_view::npos) {
    if (!is_object_name(name.substr(0, slash))) return false;
    name.remove_prefix(slash + 1);
  }
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && is_alphanumeric(name.front()) && is_alphanumeric(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

field annotation_field(std::string_view name, std::vector<std::string>& to, const std::vector<std::string>& others) {
  return list_field(name, [&to, &others](const place& at) -> result<void> {
    auto key = read_text(at);
    if (!key) return fail(std::move(key.error()));
    if (!is_annotation_key(*key))
      return at.wrong(fmt::format("{} is not a valid annotation key", pinhook::quoted(*key, 100)));
    if (std::ranges::find(to, *key) != to.end()) return at.wrong(fmt::format("{} is listed twice", *key));
    if (std::ranges::find(others, *key) != others.end())
      return at.wrong(fmt::format("{} cannot be both required and optional", *key));
    to.push_back(*std::move(key));
    return {};
  });
}

result<void> read_token_attributes(const place& at, token_attributes& to) {
  constexpr std::array<std::string_view, 2> cache_types{"ServiceAccount", "Token"};
  std::string cache_type;
  const std::array fields{
      text_field("serviceAccountTokenAudience", to.audience),
      field{"cacheType", [&](const place& p) { return read_choice(p, cache_types, cache_type); }, true},
      field{"requireServiceAccount",
            [&](const place& p) -> result<void> {
              const bool is_plain =
                  p.value.kind == yaml::node_kind::scalar && p.value.style == yaml::scalar_style::plain;
              const auto value = is_plain ? boolean_of(p.value.text) : std::nullopt;
              if (!value) return p.wrong("must be true or false");
              to.require_service_account = *value;
              return {};
            },
            true},
      annotation_field("requiredServiceAccountAnnotationKeys", to.required_annotations, to.optional_annotations),
      annotation_field("optionalServiceAccountAnnotationKeys", to.optional_annotations, to.required_annotations)};
  if (auto read = read_fields(at, fields); !read) return read;
  if (!to.require_service_account && !to.required_annotations.empty())
    return at.wrong("requiredServiceAccountAnnotationKeys requires requireServiceAccount: true");
  to.cache = cache_type == "Token" ? token_cache_type::token : token_cache_type::service_account;
  return {};
}

result<void> read_match_image(const place& at, std::vector<match_image>& to) {
  auto text = read_text(at);
  if (!text) return fail(std::move(text.error()));
  auto pattern = registry::parse_image_pattern(*text);
  if (!pattern) return at.wrong(pattern.error().message);
  to.push_back({*std::move(text), *std::move(pattern)});
  return {};
}

result<void> read_duration(const place& at, std::chrono::nanoseconds& to) {
  const auto text = read_text(at);
  if (!text) return fail(text.error());
  const bool is_negative = text->starts_with('-');
  const auto value = parse_duration(std::string_view(*text).substr(is_negative || text->starts_with('+') ? 1 : 0));
  if (!value) return at.wrong(value.error().message);
  if (is_negative && value->count() != 0) return at.wrong("must not be negative");
  to = *value;
  return {};
}

result<void> read_variable(const place& at, std::vector<std::pair<std::string, secret>>& to) {
  std::string name;
  std::string value;
  // A value can be empty.
  const std::array fields{text_field("name", name), field{"value", [&](const place& p) -> result<void> {
                                                            auto text = read_text(p);
                                                            if (!text) return fail(std::move(text.error()));
                                                            value = *std::move(text);
                                                            return {};
                                                          }}};
  if (auto read = read_fields(at, fields); !read) return read;
  if (name.find('=') != std::string::npos) return at.wrong("a variable's name must not contain '='");
  to.emplace_back(std::move(name), secret(std::move(value)));
  return {};
}

result<void> read_provider(const place& at, bool has_tokens, plugin_provider& to) {
  std::vector<field> fields{
      {"name",
       [&](const place& p) -> result<void> {
         if (auto read = text_field("name", to.name).read(p); !read) return read;
         if (const auto fault = fault_of_name(to.name))
           return p.wrong(fmt::format("{}: {}", pinhook::quoted(to.name), *fault));
         return {};
       },
       true},
      {"apiVersion", [&](const place& p) { return read_choice(p, plugin_versions, to.api_version); }, true},
      list_field(
          "matchImages", [&](const place& p) { return read_match_image(p, to.match_images); }, true),
      {"defaultCacheDuration", [&](const place& p) { return read_duration(p, to.default_cache_duration); }, true},
      list_field("args",
                 [&](const place& p) -> result<void> {
                   auto text = read_text(p);
                   if (!text) return fail(std::move(text.error()));
                   to.args.push_back(*std::move(text));
                   return {};
                 }),
      list_field("env", [&](const place& p) { return read_variable(p, to.env); })};
  if (has_tokens)
    fields.push_back({"tokenAttributes", [&](const place& p) { return read_token_attributes(p, to.token.emplace()); }});
  if (auto read = read_fields(at, fields); !read) return read;
  if (to.token && to.api_version != plugin_api_v1)
    return at.wrong(fmt::format("tokenAttributes requires apiVersion {}", plugin_api_v1));
  return {};
}

result<void> read_file_into(const plugin_file& file, std::map<std::string, std::string>& first_places,
                            std::vector<plugin_provider>& to) {
  auto root = yaml::parse(file.text, {.size = max_plugin_file_size});
  if (!root) return fail(error_code::invalid_input, fmt::format("{}: {}", file.path, root.error().message));
  const place at{file.path, *root, {}};
  constexpr std::array<std::string_view, 1> kinds{"CredentialProviderConfig"};
  std::string version;
  std::string kind;
  const yaml::node* providers = nullptr;
  const std::array fields{
      field{"apiVersion", [&](const place& p) { return read_choice(p, config_versions, version); }, true},
      field{"kind", [&](const place& p) { return read_choice(p, kinds, kind); }, true},
      field{"providers", [&](const place& p) -> result<void> {
              providers = &p.value;
              return {};
            }}};
  if (auto read = read_fields(at, fields); !read) return read;
  if (providers == nullptr) return {};
  return read_items(at.below("providers", *providers), [&](const place& p) -> result<void> {
    plugin_provider one;
    // The older versions of the file have no tokenAttributes.
    if (auto read = read_provider(p, version == config_versions[0], one); !read) return read;
    const auto [first, is_new] =
        first_places.try_emplace(one.name, fmt::format("{}: line {}", file.path, p.value.line));
    if (!is_new)
      return p.wrong(fmt::format("{} is listed twice; first in {}", pinhook::quoted(one.name, 100), first->second));
    to.push_back(std::move(one));
    return {};
  });
}

}  // namespace

const match_image* plugin_provider::match(const registry::reference& ref) const {
  const auto found = std::ranges::find_if(match_images, [&](const auto& one) { return one.pattern.matches(ref); });
  return found == match_images.end() ? nullptr : &*found;
}

std::string plugin_provider::identity() const {
  // Each part is quoted and escaped, so that no two providers give the same text.
  std::string all;
  const auto add = [&all](std::string_view part) { all += pinhook::quoted(part, part.size()) + '\n'; };
  for (const std::string_view part : {std::string_view(name), std::string_view(api_version)}) add(part);
  for (const auto& arg : args) add(arg);
  for (const auto& [variable, value] : env) {
    all += '$';
    add(variable);
    add(value.reveal());
  }
  for (const auto& image : match_images) {
    all += '@';
    add(image.text);
  }
  if (token) {
    all += token->cache == token_cache_type::token ? "token" : "account";
    all += token->require_service_account ? '!' : '?';
    add(token->audience);
    for (const auto& key : token->required_annotations) add(key);
    all += '?';
    for (const auto& key : token->optional_annotations) add(key);
  }
  const secret text(std::move(all));
  return keyed_hash(text.reveal());
}

result<std::vector<std::string>> list_plugin_files(const std::string& path) {
  std::error_code problem;
  if (!fs::is_directory(path, problem)) return std::vector{path};
  std::vector<std::string> out;
  for (auto entry = fs::directory_iterator(path, problem); !problem && entry != fs::directory_iterator();
       entry.increment(problem)) {
    std::error_code none;
    const bool is_config = std::ranges::find(extensions, entry->path().extension().string()) != extensions.end();
    if (is_config && !entry->is_directory(none)) out.push_back(entry->path().string());
  }
  if (problem) return fail(error_code::unavailable, fmt::format("cannot read {}: {}", path, problem.message()));
  if (out.empty())
    return fail(error_code::invalid_input, fmt::format("{} has no file that ends in .json, .yaml or .yml", path));
  if (out.size() > max_plugin_files)
    return fail(error_code::invalid_input,
                fmt::format("{} has {} files; the limit is {}", path, out.size(), max_plugin_files));
  std::ranges::sort(out);
  return out;
}

result<std::vector<plugin_file>> read_plugin_files(const std::string& path) {
  auto paths = list_plugin_files(path);
  if (!paths) return fail(std::move(paths.error()));
  std::vector<plugin_file> out;
  for (auto& one : *paths) {
    const auto text = read_file(one, max_plugin_file_size);
    if (!text) return fail(text.error());
    out.push_back({std::move(one), text->reveal()});
  }
  return out;
}

result<std::vector<plugin_provider>> parse_plugin_files(std::span<const plugin_file> files) {
  std::vector<plugin_provider> out;
  std::map<std::string, std::string> first_places;
  for (const auto& file : files)
    if (auto read = read_file_into(file, first_places, out); !read) return fail(std::move(read.error()));
  if (out.empty())
    return fail(error_code::invalid_input, fmt::format("{}: providers: must have at least one item",
                                                       files.empty() ? std::string() : files.front().path));
  return out;
}

}  // namespace pinhook::kube
