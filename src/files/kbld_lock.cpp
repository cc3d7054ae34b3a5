#include <pinhook/files/kbld_lock.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/files/lock_text.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/yaml/event_stream.hpp>

#include <fmt/core.h>

#include <optional>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using registry::reference;

constexpr std::string_view imgpkg_version = "imgpkg.carvel.dev/v1alpha1";
constexpr std::string_view kbld_version = "kbld.k14s.io/v1alpha1";
constexpr std::string_view id_annotation = "kbld.carvel.dev/id";
constexpr std::string_view origins_annotation = "kbld.carvel.dev/origins";
/// The annotations of pinhook; kbld and imgpkg keep unknown ones.
constexpr std::string_view resolved_annotation = "pinhook.dev/resolved";
/// The digest and its first sight, with a blank between them.
constexpr std::string_view seen_annotation = "pinhook.dev/seen";

std::unexpected<error> refuse_kbld(const yaml::node& at, std::string_view message) {
  return yaml::refuse_at(at.line, at.column, message);
}

std::string text_of(const yaml::node& mapping, std::string_view key) {
  const yaml::node* found = mapping.find(key);
  return found == nullptr || found->is_null() ? std::string() : found->text;
}

std::optional<resolve::seen_digest> seen_of(const yaml::node& annotations) {
  const std::string text = text_of(annotations, seen_annotation);
  const auto blank = text.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  auto digest = registry::digest::parse(text.substr(0, blank));
  std::string since = text.substr(blank + 1);
  if (!digest || !is_time(since)) return std::nullopt;
  return resolve::seen_digest{*std::move(digest), std::move(since)};
}

std::optional<reference> tag_reference(std::string_view text) {
  auto ref = reference::parse(text);
  if (!ref || ref->is_pinned()) return std::nullopt;
  return *std::move(ref);
}

// Reads the text of the annotation: a list of origins, whose `resolved` holds url and tag.
std::optional<reference> resolved_origin(const std::string& origins) {
  const auto list = yaml::parse(origins);
  if (!list || list->kind != yaml::node_kind::sequence) return std::nullopt;
  for (const yaml::node& origin : list->items) {
    const yaml::node* resolved = origin.find("resolved");
    if (resolved == nullptr) continue;
    const std::string url = text_of(*resolved, "url");
    if (auto ref = tag_reference(url)) return ref;
    const auto pinned = reference::parse(url);
    const std::string tag = text_of(*resolved, "tag");
    if (pinned && !tag.empty()) return tag_reference(fmt::format("{}:{}", pinned->written_name(), tag));
  }
  return std::nullopt;
}

std::optional<reference> annotated_tag(const yaml::node& annotations) {
  if (auto ref = tag_reference(text_of(annotations, id_annotation))) return ref;
  return resolved_origin(text_of(annotations, origins_annotation));
}

// Several spellings of one image are the same entry.
result<void> put_image(resolve::image_lock& into, const yaml::node& at, const reference& ref,
                       resolve::locked_image image) {
  if (const auto* held = into.find(ref.canonical()); held != nullptr && held->digest != image.digest)
    return refuse_kbld(at, fmt::format("duplicate entry for {}, with another digest", ref.canonical()));
  into.put(ref, std::move(image));
  return {};
}

result<reference> pinned_at(const yaml::node& mapping, std::string_view key) {
  const yaml::node* found = mapping.find(key);
  if (found == nullptr || found->is_null()) return refuse_kbld(mapping, fmt::format("{} is missing", key));
  auto ref = reference::parse(found->text);
  if (!ref) return refuse_kbld(*found, fmt::format("{}: {}", key, ref.error().message));
  if (!ref->is_pinned()) return refuse_kbld(*found, fmt::format("{}: {} has no digest", key, quoted(found->text)));
  return ref;
}

result<void> want_list(const yaml::node& n, std::string_view name) {
  if (n.kind == yaml::node_kind::sequence) return {};
  return refuse_kbld(n, fmt::format("{} must be a list, not {}", name, to_string(n.kind)));
}

result<resolve::image_lock> read_images(const yaml::node& root) {
  const yaml::node* images = root.find("images");
  if (const yaml::node* spec = root.find("spec"); images == nullptr && spec != nullptr) images = spec->find("images");
  resolve::image_lock out;
  if (images == nullptr || images->is_null()) return out;
  if (auto good = want_list(*images, "images"); !good) return fail(std::move(good.error()));
  for (const yaml::node& item : images->items) {
    const auto pinned = pinned_at(item, "image");
    if (!pinned) return fail(pinned.error());
    const yaml::node* annotations = item.find("annotations");
    if (annotations == nullptr) continue;
    const auto ref = annotated_tag(*annotations);
    if (!ref) continue;
    resolve::locked_image image{*pinned->digest(), {}};
    if (std::string when = text_of(*annotations, resolved_annotation); is_time(when)) image.when = std::move(when);
    image.seen = seen_of(*annotations);
    if (auto good = put_image(out, item, *ref, std::move(image)); !good) return fail(std::move(good.error()));
  }
  return out;
}

result<resolve::image_lock> read_overrides(const yaml::node& root) {
  const yaml::node* overrides = root.find("overrides");
  resolve::image_lock out;
  if (overrides == nullptr || overrides->is_null()) return out;
  if (auto good = want_list(*overrides, "overrides"); !good) return fail(std::move(good.error()));
  for (const yaml::node& item : overrides->items) {
    const auto ref = tag_reference(text_of(item, "image"));
    const auto into = reference::parse(text_of(item, "newImage"));
    if (!ref || !into || !into->is_pinned()) continue;
    if (ref->registry() != into->registry() || ref->repository() != into->repository()) continue;
    if (auto good = put_image(out, item, *ref, {*into->digest(), {}}); !good) return fail(std::move(good.error()));
  }
  return out;
}

// The usual spellings: the short names of Docker Hub, and those without ":latest".
std::vector<std::string> spellings(const std::string& canonical) {
  constexpr std::string_view hub = "docker.io/";
  constexpr std::string_view official = "docker.io/library/";
  constexpr std::string_view latest = ":latest";
  std::vector<std::string> out{canonical};
  if (canonical.starts_with(hub))
    out.push_back(canonical.substr(canonical.starts_with(official) ? official.size() : hub.size()));
  if (canonical.ends_with(latest))
    for (std::size_t i = 0, size = out.size(); i < size; ++i)
      out.push_back(out[i].substr(0, out[i].size() - latest.size()));
  // The short form of "docker.io/library/ghcr.io/x:1" is another image.
  std::erase_if(out, [&](const std::string& one) {
    const auto ref = reference::parse(one);
    return !ref || ref->canonical() != canonical;
  });
  return out;
}

}  // namespace

bool is_kbld(std::string_view api_version, std::string_view kind) noexcept {
  if (api_version == imgpkg_version) return kind == "ImagesLock";
  return api_version == kbld_version && (kind == "Config" || kind == "ImageOverrides");
}

result<resolve::image_lock> read_kbld(const yaml::node& root) {
  return text_of(root, "apiVersion") == imgpkg_version ? read_images(root) : read_overrides(root);
}

std::string write_kbld(const resolve::image_lock& lock) {
  std::string out = fmt::format("---\napiVersion: {}\nkind: ImagesLock\n", imgpkg_version);
  out += lock.images().empty() ? "images: []\n" : "images:\n";
  for (const auto& [canonical, image] : lock.images()) {
    const auto colon = canonical.rfind(':');
    for (const std::string& id : spellings(canonical)) {
      out += fmt::format("- annotations:\n    {}: {}\n", id_annotation, plain_or_quoted(id));
      out += fmt::format("    {}: |\n      - resolved:\n          tag: \"{}\"\n          url: {}\n", origins_annotation,
                         canonical.substr(colon + 1), plain_or_quoted(id));
      if (!image.when.empty()) {
        out += fmt::format("    {}: ", resolved_annotation);
        json::append_string(out, image.when);
        out += '\n';
      }
      if (image.seen) {
        out += fmt::format("    {}: ", seen_annotation);
        json::append_string(out, fmt::format("{} {}", image.seen->digest.to_string(), image.seen->since));
        out += '\n';
      }
      out += fmt::format("  image: {}\n", plain_or_quoted(canonical.substr(0, colon) + '@' + image.digest.to_string()));
    }
  }
  return out;
}

}  // namespace pinhook::files
