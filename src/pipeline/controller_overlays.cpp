#include <pinhook/pipeline/controller_overlays.hpp>

#include <pinhook/files/file_walk.hpp>
#include <pinhook/files/kustomization.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/repository_paths.hpp>
#include <pinhook/yaml/each_item.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using yaml::node_index;
using yaml::source_document;

constexpr std::string_view flux_group = "kustomize.toolkit.fluxcd.io/";
constexpr std::string_view argo_group = "argoproj.io/";
// "nginx=quay.io/acme/nginx:1.25", "nginx:1.25", "nginx@sha256:…" (sigs.k8s.io/kustomize/kustomize/v5,
// commands/edit/set/setimage.go).
files::kustomize_entry entry_of(std::string_view text) {
  files::kustomize_entry out;
  const std::size_t sign = text.find('=');
  const std::string_view image = sign == std::string_view::npos ? text : text.substr(sign + 1);
  const std::size_t at = std::min(image.find('@'), image.size());
  std::string_view name = image.substr(0, at);
  if (at < image.size()) out.digest = image.substr(at + 1);
  const std::size_t colon = name.find(':', name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/'));
  if (colon != std::string_view::npos) {
    out.new_tag = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  out.name = sign == std::string_view::npos ? name : text.substr(0, sign);
  if (sign != std::string_view::npos) out.new_name = name;
  return out;
}

class overlay_reader {
 public:
  overlay_reader(const std::string& path, const source_document& doc, std::size_t document)
      : path_(path), doc_(doc), document_(document) {}

  std::vector<controller_overlay> take() {
    const std::string_view version = doc_.text_of(doc_.root, "apiVersion");
    const std::string_view kind = doc_.text_of(doc_.root, "kind");
    if (version.starts_with(flux_group) && kind == "Kustomization") {
      const node_index spec = doc_.resolve(doc_.find(doc_.root, "spec"));
      take_from(doc_.text_of(spec, "path"), spec, "/spec");
    }
    if (version.starts_with(argo_group) && kind == "Application") take_application("/spec");
    if (version.starts_with(argo_group) && kind == "ApplicationSet") take_application("/spec/template/spec");
    return std::move(out_);
  }

 private:
  void take_application(const std::string& at) {
    const auto take = [&](node_index source, const std::string& pointer) {
      take_from(doc_.text_of(source, "path"), doc_.resolve(doc_.find(source, "kustomize")), pointer + "/kustomize");
    };
    take(doc_.resolve(doc_.at_pointer(doc_.root, at + "/source")), at + "/source");
    std::size_t index = 0;
    yaml::for_each_item(doc_, doc_.at_pointer(doc_.root, at + "/sources"),
                        [&](node_index one) { take(one, fmt::format("{}/sources/{}", at, index++)); });
  }

  // `from`: what holds `images` and `patches`.
  void take_from(std::string_view folder, node_index from, const std::string& pointer) {
    controller_overlay out{.by = path_, .kustomization = {}, .real_path = {}, .images = {}, .patches = {}};
    yaml::for_each_item(doc_, doc_.find(from, "images"), [&](node_index one) {
      const auto text = [&](std::string_view key) { return std::string(doc_.text_of(one, key)); };
      files::kustomize_entry entry;
      if (doc_.at(one).kind == yaml::source_kind::scalar) {
        entry = entry_of(doc_.at(one).text);
      } else {
        entry.name = text("name");
        entry.new_name = text("newName");
        entry.new_tag = text("newTag");
        entry.digest = text("digest");
      }
      if (!entry.name.empty() && out.images.size() < files::max_kustomize_entries)
        out.images.push_back(std::move(entry));
    });
    std::size_t index = 0;
    yaml::for_each_item(doc_, doc_.find(from, "patches"), [&](node_index one) {
      const node_index target = doc_.resolve(doc_.find(one, "target"));
      if (auto patch = doc_.text_of(one, "patch"); !patch.empty())
        out.patches.push_back({.text = std::string(patch),
                               .pointer = fmt::format("{}/patches/{}/patch", pointer, index),
                               .kind = std::string(doc_.text_of(target, "kind")),
                               .name = std::string(doc_.text_of(target, "name")),
                               .by = path_,
                               .document = document_});
      ++index;
    });
    if (out.images.empty() && out.patches.empty()) return;
    const fs::path at = in_repository(path_, folder, fs::file_type::directory);
    if (at.empty()) return;
    out.kustomization = kustomization_in(at).value_or((at / "kustomization.yaml").string());
    out.real_path = canonical_path(out.kustomization);
    out_.push_back(std::move(out));
  }

  const std::string& path_;
  const source_document& doc_;
  std::size_t document_;
  std::vector<controller_overlay> out_;
};

// Flux makes a kustomization of all manifests where there is none.
std::optional<read_kustomization> made_of_folder(const fs::path& folder) {
  const auto found = files::find_files({folder.string()}, {.files = max_kustomization_files});
  if (!found) return std::nullopt;
  read_kustomization out;
  for (const std::string& path : found->paths) {
    const fs::path name = fs::path(path).lexically_relative(folder);
    if (name.extension() == ".yaml" || name.extension() == ".yml") out.resources.push_back(name.string());
  }
  return out;
}

}  // namespace

std::vector<controller_overlay> controller_overlays(const std::string& path, std::string_view text) {
  std::vector<controller_overlay> out;
  if (!text_holds(text, flux_group) && !(text_holds(text, argo_group) && text_holds(text, "kustomize"))) return out;
  const auto read = yaml::read_source(text);
  for (std::size_t i = 0; read && i < read->documents.size(); ++i)
    std::ranges::move(overlay_reader(path, read->documents[i], i).take(), std::back_inserter(out));
  return out;
}

std::vector<controller_overlay> controller_overlays(const std::vector<const input*>& inputs) {
  std::vector<controller_overlay> out;
  for (const input* one : inputs)
    if (one->content && one->path != "-")
      std::ranges::move(controller_overlays(one->path, one->content->text()), std::back_inserter(out));
  return out;
}

std::optional<read_kustomization> delivered_folder(const std::string& kustomization) {
  const auto text = read_input_text(kustomization);
  if (!text) return made_of_folder(fs::path(kustomization).parent_path());
  auto read = read_kustomization_at(kustomization, *text);
  return read ? std::optional(*std::move(read)) : std::nullopt;
}

void add_overlay(const controller_overlay& one, read_kustomization& to) {
  for (const files::kustomize_entry& entry : one.images) {
    const auto same = std::ranges::find(to.images, entry.name, &files::kustomize_entry::name);
    if (same == to.images.end())
      to.images.push_back(entry);
    else
      *same = entry;
  }
  to.patches.insert(to.patches.end(), one.patches.begin(), one.patches.end());
}

}  // namespace pinhook::pipeline
