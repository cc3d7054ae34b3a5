#include <pinhook/pipeline/values_layers.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/directory_entries.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/image_parts.hpp>
#include <pinhook/pipeline/input_text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>
#include <system_error>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using files::scalar_at;
using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

constexpr std::string_view usual_stem = "values";
constexpr std::array<std::string_view, 4> name_keys{"repository", "repo", "name", "image"};
constexpr std::string_view fleet_values = "/helm/values";

// Values, and those that Helm lays over them, with the way to say which these are.
struct value_tree {
  const source_document* doc = nullptr;
  node_index root = no_node;
  /// What templates see as `global`.
  node_index global = no_node;
  std::string by{};

  [[nodiscard]] std::string_view text_at(std::string_view pointer) const {
    return scalar_at(*doc, doc->at_pointer(root, pointer));
  }
};

value_tree tree_of(const source_document& doc, node_index root, std::string by = {}) {
  return {&doc, root, doc.find(root, "global"), std::move(by)};
}

std::string stem_of(const fs::path& path) {
  std::string out = path.filename().string();
  for (const std::string_view ending : {".yaml", ".yml"})
    if (out.ends_with(ending)) out.resize(out.size() - ending.size());
  return out;
}

bool is_laid_over(std::string_view stem, std::string_view base) {
  if (stem == base) return false;
  return base == usual_stem || (stem.starts_with(base) && std::string_view("-._").contains(stem.at(base.size())));
}

// The first of the keys with a text.
std::string_view key_with_text(const value_tree& in, node_index mapping, std::span<const std::string_view> keys) {
  const auto found =
      std::ranges::find_if(keys, [&](auto key) { return !scalar_at(*in.doc, in.doc->find(mapping, key)).empty(); });
  return found == keys.end() ? std::string_view() : *found;
}

// A list of other values takes the place of the whole list.
bool is_in_list(const value_tree& in, std::string_view pointer) {
  for (std::size_t at = pointer.find('/', 1); at != std::string_view::npos; at = pointer.find('/', at + 1))
    if (in.doc->at(in.doc->resolve(in.doc->at_pointer(in.root, pointer.substr(0, at)))).kind == source_kind::sequence)
      return true;
  return false;
}

// One image of the values, and other values over it.
class layered_image {
 public:
  layered_image(const value_tree& base, const files::slot& image, std::string_view pointer)
      : base_(base), tag_(*image.tag), pointer_(pointer), own_(base.doc->at_pointer(base.root, pointer)) {
    const std::string_view written = tag_.written_name();
    for (const std::string_view key : name_keys) {
      const std::string_view text = text_of(base_, own_, key);
      if (text.empty() || !written.ends_with(text)) continue;
      if (text.size() != written.size() && written[written.size() - text.size() - 1] != '/') continue;
      name_key_ = key;
      name_ = text;
      registry_ = written.substr(0, written.size() - text.size());
      break;
    }
    tag_key_ = key_with_text(base_, own_, pin::tag_keys);
    has_digest_key_ =
        std::ranges::any_of(pin::digest_keys, [&](auto key) { return base_.doc->find(own_, key) != no_node; });
  }

  [[nodiscard]] std::optional<renamed_image> under(const value_tree& over) const {
    if (name_key_.empty() || is_in_list(base_, pointer_)) return std::nullopt;
    const node_index other = over.doc->at_pointer(over.root, pointer_);
    const std::string_view name = text_of(over, other, name_key_);
    const std::string_view tag = tag_key_.empty() ? std::string_view() : text_of(over, other, tag_key_);
    const std::string_view registry_key = key_with_text(over, other, pin::registry_keys);
    // What holds the digest goes as a whole.
    if (has_digest_key_ ? !key_with_text(over, other, pin::digest_keys).empty() : !tag.empty()) return std::nullopt;
    const std::string registry =
        registry_key.empty() ? std::string(registry_) : fmt::format("{}/", text_of(over, other, registry_key));
    std::string text = fmt::format("{}{}", registry, name.empty() ? name_ : name);
    if (const auto used = tag.empty() ? tag_.tag() : tag; !used.empty()) text += fmt::format(":{}", used);
    const auto ref = registry::reference::parse(text);
    if (ref && ref->canonical() == tag_.canonical()) return outer_part(over);
    return renamed_image{
        .ref = ref ? std::optional(*ref) : std::nullopt,
        .text = std::move(text),
        .by = over.by,
        .remedy = fmt::format("write the whole image there: {}, {}{}", name_key_,
                              tag_key_.empty() ? pin::tag_key[0] : tag_key_, has_digest_key_ ? " and a digest" : ""),
        .is_guess = true};
  }

 private:
  static std::string_view text_of(const value_tree& in, node_index mapping, std::string_view key) {
    return scalar_at(*in.doc, in.doc->find(mapping, key));
  }

  // A registry in the mappings around the image, and the like.
  [[nodiscard]] std::optional<renamed_image> outer_part(const value_tree& over) const {
    if (const auto at = key_with_text(over, over.global, outer_keys()); !at.empty())
      if (const auto text = scalar_at(*over.doc, over.doc->find(over.global, at));
          may_be_part(at, text, scalar_at(*base_.doc, base_.doc->find(base_.global, at))))
        return part_of(over, fmt::format("global.{}", at));
    for (std::string_view around = pointer_; !around.empty();) {
      around = around.substr(0, around.rfind('/'));
      for (const std::string_view key : outer_keys()) {
        const std::string place = fmt::format("{}/{}", around, key);
        if (!may_be_part(key, over.text_at(place), base_.text_at(place))) continue;
        std::string path = place.substr(1);
        std::ranges::replace(path, '/', '.');
        return part_of(over, path);
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] static std::span<const std::string_view> outer_keys() {
    static const std::vector<std::string_view> keys = [] {
      std::vector<std::string_view> out;
      for (const auto& [key, kind] : pin::outer_part_keys)
        if (kind != pin::part_kind::tag) out.push_back(key);
      return out;
    }();
    return keys;
  }

  [[nodiscard]] bool may_be_part(std::string_view key, std::string_view text, std::string_view own) const {
    if (text.empty() || text == own) return false;
    const bool is_registry = std::ranges::any_of(pin::outer_part_keys, [&](const auto& one) {
      return one.first == key && one.second == pin::part_kind::registry;
    });
    return !is_registry || (!pin::names_registry(name_) && registry_ != fmt::format("{}/", text));
  }

  static renamed_image part_of(const value_tree& over, std::string_view path) {
    return {.ref = std::nullopt,
            .text = {},
            .by = over.by,
            .problem = fmt::format("{} has {}, which may be a part of its name", over.by, path),
            .remedy = std::string(files::rendered_first)};
  }

  const value_tree& base_;
  const registry::reference& tag_;
  std::string_view pointer_;
  node_index own_;
  std::string_view name_key_, name_, registry_, tag_key_;
  bool has_digest_key_ = false;
};

bool is_fleet_bundle(const source_document& doc) { return doc.find(doc.root, "targetCustomizations") != no_node; }

std::vector<value_tree> customizations(const source_document& doc) {
  std::vector<value_tree> out;
  const node_index list = doc.resolve(doc.find(doc.root, "targetCustomizations"));
  if (doc.at(list).kind != source_kind::sequence) return out;
  std::size_t index = 0;
  for (node_index i = doc.at(list).first; i != no_node; i = doc.at(i).next, ++index)
    if (const node_index root = doc.at_pointer(i, fleet_values); root != no_node)
      out.push_back(tree_of(doc, root, fmt::format("targetCustomizations[{}]", index)));
  return out;
}

bool is_fleet_file(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  return name == "fleet.yaml" || name == "fleet.yml";
}

}  // namespace

const values_layers::directory& values_layers::listed(const fs::path& path) {
  const auto [at, is_new] = directories_.try_emplace(path);
  directory& out = at->second;
  if (!is_new) return out;
  std::size_t count = 0;
  // What could be read counts.
  static_cast<void>(
      files::each_entry(path.empty() ? "." : path.native(), [&](std::string_view name, fs::file_type type) {
        if (type == fs::file_type::directory && name != "charts" && name != "templates" && name != "ci")
          out.folders.push_back((path / name).lexically_normal());
        else if (type == fs::file_type::regular && files::is_values_file(name) && stem_of(name) != name)
          out.values.push_back((path / name).lexically_normal());
        out.is_chart = out.is_chart || name == "Chart.yaml";
        return ++count < max_files_beside_values;
      }));
  std::ranges::sort(out.values);
  std::ranges::sort(out.folders);
  return out;
}

const yaml::source* values_layers::read(const fs::path& path) {
  const auto [at, is_new] = read_.try_emplace(path);
  read_file& out = at->second;
  if (is_new) {
    out.text = read_input_text(path.string()).value_or("");
    if (auto read = yaml::read_source(out.text); read && !read->documents.empty()) out.content = *std::move(read);
  }
  return out.content ? &*out.content : nullptr;
}

std::vector<values_layers::layer_file> values_layers::layers_over(const std::string& path) {
  std::vector<layer_file> out;
  if (path == "-" || !files::is_values_file(path)) return out;
  const fs::path folder = fs::path(path).parent_path();
  const std::string stem = stem_of(path);
  const directory own = listed(folder);
  for (const fs::path& one : own.values)
    if (is_laid_over(stem_of(one), stem)) out.push_back({one, {}});
  if (!own.is_chart || stem != usual_stem) return out;
  for (const fs::path& below : own.folders)
    for (const fs::path& one : listed(below).values) out.push_back({one, {}});
  const fs::path above = (folder / ".." / "..").lexically_normal();
  if (fs::path(folder).parent_path().filename() != "charts") return out;
  if (const directory& outer = listed(above); outer.is_chart)
    for (const fs::path& one : outer.values) out.push_back({one, folder.filename().string()});
  return out;
}

bool values_layers::has_any(const std::string& path) { return is_fleet_file(path) || !layers_over(path).empty(); }

renamed_images values_layers::renamed(const std::string& path, const files::image_file& content) {
  renamed_images out;
  const auto read_base = yaml::read_source(content.text());
  if (!read_base || read_base->documents.empty()) return out;
  const source_document& doc = read_base->documents.front();
  std::vector<value_tree> over;
  std::string_view before;
  if (is_fleet_file(path) && is_fleet_bundle(doc)) {
    over = customizations(doc);
    before = fleet_values;
  }
  if (fs::path folder = fs::path(path).parent_path(); folder != read_for_) {
    read_.clear();
    read_for_ = std::move(folder);
  }
  for (const layer_file& one : layers_over(path)) {
    const yaml::source* other = read(one.path);
    if (other == nullptr) continue;
    const source_document& in = other->documents.front();
    value_tree tree = tree_of(in, in.root, one.path.string());
    if (!one.key.empty()) tree.root = in.find(in.root, one.key);
    over.push_back(std::move(tree));
  }
  const value_tree base = tree_of(doc, before.empty() ? doc.root : doc.at_pointer(doc.root, before));
  const auto& slots = content.slots();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const files::slot& s = slots[i];
    const bool is_own = s.form == files::slot_form::values && s.document == 0 && !s.is_in_text && s.tag &&
                        s.reason == files::skip_reason::none && s.pointer.starts_with(before);
    if (!is_own) continue;
    const layered_image image(base, s, std::string_view(s.pointer).substr(before.size()));
    for (const value_tree& one : over)
      if (auto found = image.under(one)) out.emplace(i, *std::move(found));
  }
  return out;
}

}  // namespace pinhook::pipeline
