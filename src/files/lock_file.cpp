#include <pinhook/files/lock_file.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/files/kbld_lock.hpp>
#include <pinhook/files/lock_nodes.hpp>
#include <pinhook/files/lock_text.hpp>
#include <pinhook/yaml/document.hpp>
#include <pinhook/yaml/event_stream.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::refuse_at;

constexpr std::string_view own_version = "pinhook.dev/v1";
// Since `seen`.
constexpr std::string_view version_with_seen = "pinhook.dev/v2";
constexpr std::string_view own_kind = "ImageLock";

/// Our own format nests three levels deep, kbld's configuration some more.
constexpr yaml::parse_limits read_limits{.size = max_lock_size, .depth = 32};

result<std::optional<resolve::seen_digest>> read_seen(const yaml::node& image) {
  const yaml::node* n = image.find("seen");
  if (n == nullptr || n->is_null()) return std::nullopt;
  if (n->kind != yaml::node_kind::mapping)
    return refuse_node(*n, fmt::format("seen must be a mapping of digest and since, not {}", to_string(n->kind)));
  if (auto good = want_keys(*n, {"digest", "since"}); !good) return fail(std::move(good.error()));
  auto digest = digest_under(*n, "digest");
  if (!digest) return fail(std::move(digest.error()));
  auto since = time_under(*n, "since");
  if (!since) return fail(std::move(since.error()));
  if (since->empty()) return refuse_node(*n, "since is missing");
  return resolve::seen_digest{*std::move(digest), *std::move(since)};
}

result<resolve::locked_image> read_image(const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return refuse_node(n, fmt::format("an image must be a mapping of digest and resolved, not {}", to_string(n.kind)));
  if (auto good = want_keys(n, {"digest", "resolved", "seen"}); !good) return fail(std::move(good.error()));
  auto digest = digest_under(n, "digest");
  if (!digest) return fail(std::move(digest.error()));
  auto when = time_under(n, "resolved");
  if (!when) return fail(std::move(when.error()));
  auto seen = read_seen(n);
  if (!seen) return fail(std::move(seen.error()));
  return resolve::locked_image{*std::move(digest), *std::move(when), *std::move(seen)};
}

result<resolve::image_lock> read_own(const yaml::node& root) {
  if (auto good = want_keys(root, {"apiVersion", "kind", "images"}); !good) return fail(std::move(good.error()));
  const yaml::node* images = root.find("images");
  // A truncated file must not look like one without locked images.
  if (images == nullptr) return refuse_node(root, "images is missing");
  resolve::image_lock out;
  if (images->is_null()) return out;
  if (images->kind != yaml::node_kind::mapping)
    return refuse_node(*images,
                       fmt::format("images must be a mapping of reference to digest, not {}", to_string(images->kind)));
  for (const auto& m : images->members) {
    const auto ref = tag_of(m);
    if (!ref) return fail(ref.error());
    if (out.find(ref->canonical()) != nullptr)
      return refuse_at(m.line, m.column, fmt::format("duplicate entry for {}", ref->canonical()));
    auto image = read_image(m.value);
    if (!image) return fail(std::move(image.error()));
    out.put(*ref, *std::move(image));
  }
  return out;
}

std::string write_own(const resolve::image_lock& lock) {
  const bool has_seen = std::ranges::any_of(lock.images(), [](const auto& one) { return one.second.seen.has_value(); });
  std::string out = fmt::format("apiVersion: {}\nkind: {}\n", has_seen ? version_with_seen : own_version, own_kind);
  out += lock.images().empty() ? "images: {}\n" : "images:\n";
  for (const auto& [canonical, image] : lock.images()) {
    out += fmt::format("  {}: {{digest: \"{}\"", plain_or_quoted(canonical), image.digest.to_string());
    if (!image.when.empty()) {
      out += ", resolved: ";
      json::append_string(out, image.when);
    }
    if (image.seen) {
      out += fmt::format(", seen: {{digest: \"{}\", since: ", image.seen->digest.to_string());
      json::append_string(out, image.seen->since);
      out += '}';
    }
    out += "}\n";
  }
  return out;
}

}  // namespace

result<lock_file> read_lock(std::string_view text) {
  const auto root = yaml::parse(text, read_limits);
  if (!root) return fail(root.error());
  if (root->kind != yaml::node_kind::mapping)
    return refuse_node(*root, root->is_null()
                                  ? std::string("the file is empty; a lock file begins with apiVersion and kind")
                                  : fmt::format("a lock file must be a mapping, not {}", to_string(root->kind)));
  const auto version = text_under(*root, "apiVersion");
  const auto kind = text_under(*root, "kind");
  if (!version) return fail(version.error());
  if (!kind) return fail(kind.error());
  if (*version == nullptr) return refuse_node(*root, "apiVersion is missing");
  if (*kind == nullptr) return refuse_node(*root, "kind is missing");

  const std::string_view v = (*version)->text;
  const std::string_view k = (*kind)->text;
  if (k == own_kind && (v == own_version || v == version_with_seen)) {
    auto images = read_own(*root);
    if (!images) return fail(std::move(images.error()));
    return lock_file{lock_format::pinhook, *std::move(images)};
  }
  if (is_kbld(v, k)) {
    auto images = read_kbld(*root);
    if (!images) return fail(std::move(images.error()));
    return lock_file{lock_format::kbld, *std::move(images)};
  }
  if (k == own_kind)
    return refuse_node(**version, fmt::format("{} {} is not supported; use {}, or a newer pinhook", own_kind,
                                              quoted(v, 60), own_version));
  return refuse_node(**kind, fmt::format("{} {} is not a lock file; it must be {} {}, or kbld's ImagesLock",
                                         quoted(v, 60), quoted(k, 60), own_version, own_kind));
}

std::string write_lock(const lock_file& lock) {
  return lock.format == lock_format::kbld ? write_kbld(lock.images) : write_own(lock.images);
}

}  // namespace pinhook::files
