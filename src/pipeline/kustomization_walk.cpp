#include <pinhook/pipeline/kustomization_walk.hpp>

#include <pinhook/files/kustomization.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <system_error>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

std::vector<yaml::node_index> items_of(const yaml::source_document& doc, std::string_view key) {
  std::vector<yaml::node_index> out;
  const auto list = doc.resolve(doc.find(doc.root, key));
  if (list == yaml::no_node || doc.at(list).kind != yaml::source_kind::sequence) return out;
  for (auto i = doc.at(list).first; i != yaml::no_node; i = doc.at(i).next) out.push_back(doc.resolve(i));
  return out;
}

std::optional<std::string> kustomization_in(const fs::path& directory) {
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    std::error_code ignored;
    if (fs::is_regular_file(directory / name, ignored)) return (directory / name).string();
  }
  return std::nullopt;
}

bool is_taken(const read_kustomization& k, const taken_image& o) {
  return o.times > 0 && !files::follow(k.images, o.image, o.times).matched.empty();
}

}  // namespace

result<read_kustomization> read_kustomization_text(std::string_view text) {
  read_kustomization out;
  auto local = files::local_resources(text);
  if (!local) return fail(std::move(local.error()));
  out.resources = std::move(*local);
  auto images = files::image_entries(text);
  if (!images) return fail(std::move(images.error()));
  out.images = std::move(*images);
  const auto read = yaml::read_source(text);
  if (!read) return fail(read.error());
  const std::set<std::string_view> here(out.resources.begin(), out.resources.end());
  for (const auto& doc : read->documents) {
    out.is_component = out.is_component || doc.text_of(doc.root, "kind") == "Component";
    for (const char* key : {"patches", "patchesStrategicMerge", "patchesJson6902"})
      for (const auto i : items_of(doc, key))
        for (const auto patch : {std::string_view(doc.at(i).text), doc.text_of(i, "patch"), doc.text_of(i, "path")})
          if (!patch.empty()) out.patches.emplace_back(patch);
    for (const char* key : {"helmCharts", "helmChartInflationGenerator"})
      out.has_charts = out.has_charts || !items_of(doc, key).empty();
    for (const char* key : {"resources", "bases", "components"})
      for (const auto i : items_of(doc, key))
        if (const auto resource = doc.at(i).text; !here.contains(resource)) out.remote.emplace_back(resource);
  }
  return out;
}

fs::path canonical_path(const fs::path& path) {
  std::error_code failed;
  // Nearly all paths exist; weakly_canonical asks first.
  auto out = fs::canonical(path, failed);
  if (failed) out = fs::weakly_canonical(path, failed);
  return failed ? path.lexically_normal() : out;
}

std::string dot_problem(std::string_view name, const taken_image& matched) {
  return fmt::format(
      "kustomize reads '.' in the name {} of an entry as any character, so that it matches {} of {}, too",
      pinhook::quoted(name), quoted_name(matched.image), matched.place);
}

result<void> kustomization_walk::take_resources(const std::string& path, const read_kustomization& from,
                                                std::vector<taken_image>& into) {
  open_.push_back(canonical_path(path));
  for (const auto& resource : from.remote)
    notes_.push_back(fmt::format("{}: {} is skipped: not a local file", path, pinhook::quoted(resource)));
  note_others(path, from);
  for (const auto& resource : from.resources)
    if (auto ok = take(path, resource, into); !ok && !within_.is_lenient) return ok;
  open_.pop_back();
  return {};
}

// Notes images that do not come from resources.
void kustomization_walk::note_others(const std::string& path, const read_kustomization& from) {
  constexpr std::string_view remedy = "check what is built: kustomize build … | pinhook check";
  const auto holds_image = [&](const std::string& patch) {
    if (patch.contains('\n') || patch.contains(": ") || patch.contains('{')) return patch.contains("image");
    const auto file = (fs::path(path).parent_path() / patch).string();
    const auto text = is_skipped(file) ? fail(error_code::not_found, "") : read_input_text(file);
    return text && text->contains("image");
  };
  if (std::ranges::any_of(from.patches, holds_image))
    notes_.push_back(
        fmt::format("{}: images of its patches get no entry; pin the files of the patches, or {}", path, remedy));
  if (from.has_charts) notes_.push_back(fmt::format("{}: images of its charts get no entry; {}", path, remedy));
}

result<std::string> kustomization_walk::read(const std::string& path, std::string_view named_by) {
  if (++files_ > max_kustomization_files)
    return fail(error_code::invalid_input, fmt::format("more than {} files are included", max_kustomization_files));
  auto text = read_input_text(path);
  if (!text)
    return fail(error_code::invalid_input,
                fmt::format("{}, which {} includes, {}", path, named_by, text.error().message));
  return text;
}

result<void> kustomization_walk::take(const std::string& from, const std::string& resource,
                                      std::vector<taken_image>& into) {
  const auto path = (fs::path(from).parent_path() / resource).lexically_normal();
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return take_file(path.string(), from, into);
  const auto inner = kustomization_in(path);
  if (!inner)
    return fail(error_code::invalid_input,
                fmt::format("{}, which {} includes, has no kustomization", path.string(), from));
  return take_kustomization(*inner, from, into);
}

result<void> kustomization_walk::take_kustomization(const std::string& path, const std::string& from,
                                                    std::vector<taken_image>& into) {
  if (std::ranges::find(open_, canonical_path(path)) != open_.end())
    return fail(error_code::invalid_input, fmt::format("{} includes {}, which includes it in turn", from, path));
  if (open_.size() >= max_kustomization_depth)
    return fail(error_code::invalid_input,
                fmt::format("{} is nested more than {} kustomizations deep", path, max_kustomization_depth));
  nested_.insert(canonical_path(path));
  const bool is_input = is_skipped(path);
  auto text = read(path, from);
  if (!text) return fail(std::move(text.error()));
  auto inner = read_kustomization_text(*text);
  if (!inner) return fail(std::move(inner.error()).at(path));
  // The run pins this kustomization by itself; a component's entries apply to all that came before it.
  if (is_input) {
    if (inner->is_component) std::erase_if(into, [&](const taken_image& o) { return is_taken(*inner, o); });
    return {};
  }
  if (inner->is_component) {
    if (auto ok = take_resources(path, *inner, into); !ok) return ok;
    apply(path, *inner, into);
    take_entries(path, *std::move(text), into);
    return {};
  }
  std::vector<taken_image> own;
  if (auto ok = take_resources(path, *inner, own); !ok) return ok;
  apply(path, *inner, own);
  take_entries(path, *std::move(text), own);
  std::ranges::move(own, std::back_inserter(into));
  return {};
}

void kustomization_walk::take_entries(const std::string& path, std::string text, std::vector<taken_image>& into) const {
  constexpr std::size_t times = 2;
  if (!within_.takes_entries) return;
  const auto content = files::image_file::read(std::move(text), path, places_);
  if (!content) return;
  for (std::size_t i = 0; i < content->slots().size(); ++i) {
    const files::slot& s = content->slots()[i];
    if (s.reason == files::skip_reason::none && s.ref && s.tag)
      into.push_back({.image = s.ref->written(),
                      .place = path,
                      .slot = s,
                      .times = times,
                      .file = canonical_path(path),
                      .index = i});
  }
}

result<void> kustomization_walk::take_file(const std::string& path, const std::string& from,
                                           std::vector<taken_image>& into) {
  if (is_skipped(path)) return {};
  const auto real_path = canonical_path(path);
  if (within_.read_files != nullptr) {
    if (const auto known = within_.read_files->find(real_path); known != within_.read_files->end()) {
      std::ranges::copy(known->second, std::back_inserter(into));
      return {};
    }
  }
  auto text = read(path, from);
  if (!text) return fail(std::move(text.error()));
  const auto content = files::image_file::read(std::move(*text), path, places_);
  if (!content)
    return fail(error_code::invalid_input,
                fmt::format("{}, which {} includes: {}", path, from, content.error().message));
  std::vector<taken_image> own;
  for (std::size_t i = 0; i < content->slots().size(); ++i) {
    const files::slot& s = content->slots()[i];
    const bool counts = s.reason == files::skip_reason::none || s.reason == files::skip_reason::skip_label;
    if (!counts || !s.ref) continue;
    own.push_back({s.ref->written(),
                   fmt::format("{}:{}:{}", path, s.line, s.column),
                   s,
                   s.is_in_text ? 0 : files::times_applied(s.pointer),
                   {},
                   real_path,
                   i});
  }
  std::ranges::copy(own, std::back_inserter(into));
  if (within_.read_files != nullptr) within_.read_files->emplace(real_path, std::move(own));
  return {};
}

void kustomization_walk::find_dots(const std::string& path, const read_kustomization& k,
                                   const std::vector<taken_image>& among) {
  for (const taken_image& one : among)
    for (const std::size_t i : files::matched_by_dots(k.images, one.image, one.times))
      dots_.push_back(
          {path, i, dot_problem(k.images[i].name, one), files::follow(k.images, one.image, one.times).image});
}

// Applies the entries of a kustomization to the images of its resources.
void kustomization_walk::apply(const std::string& path, const read_kustomization& k, std::vector<taken_image>& to) {
  find_dots(path, k, to);
  for (auto& o : to) {
    if (o.times == 0) continue;
    auto built = files::follow(k.images, o.image, o.times);
    o.image = std::move(built.image);
    if (!o.is_decided && std::ranges::any_of(built.matched, [&](std::size_t i) { return k.images[i].decides(); })) {
      o.is_decided = true;
      o.decided_by = path;
    }
    if (o.pattern.empty()) o.pattern = k.pattern();
  }
}

}  // namespace pinhook::pipeline
