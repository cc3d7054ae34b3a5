#include <pinhook/files/lock_file.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/files/kbld_lock.hpp>
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

std::unexpected<error> refuse_lock(const yaml::node& at, std::string_view message) {
  return refuse_at(at.line, at.column, message);
}

result<void> want_keys(const yaml::node& mapping, std::initializer_list<std::string_view> known) {
  for (const auto& m : mapping.members)
    if (std::ranges::find(known, m.key) == known.end())
      return refuse_at(m.line, m.column,
                       fmt::format("unknown field {}; valid fields are {}", quoted(m.key), fmt::join(known, ", ")));
  return {};
}

// A scalar under a key; null when there is none.
result<const yaml::node*> lock_text(const yaml::node& mapping, std::string_view key) {
  const yaml::node* found = mapping.find(key);
  if (found == nullptr || found->is_null()) return nullptr;
  if (found->kind != yaml::node_kind::scalar)
    return refuse_lock(*found, fmt::format("{} must be a string, not {}", key, to_string(found->kind)));
  return found;
}

result<registry::digest> read_digest(const yaml::node& mapping) {
  const auto digest = lock_text(mapping, "digest");
  if (!digest) return fail(digest.error());
  if (*digest == nullptr) return refuse_lock(mapping, "digest is missing");
  auto parsed = registry::digest::parse((*digest)->text);
  if (!parsed) return refuse_lock(**digest, parsed.error().message);
  return *std::move(parsed);
}

// The time under a key; empty when there is none.
result<std::string> read_time(const yaml::node& mapping, std::string_view key) {
  const auto when = lock_text(mapping, key);
  if (!when) return fail(when.error());
  if (*when == nullptr) return std::string();
  if (!is_time((*when)->text))
    return refuse_lock(
        **when, fmt::format("{} is not a valid time; write it like 2026-11-21T08:30:00Z", quoted((*when)->text, 60)));
  return (*when)->text;
}

result<std::optional<resolve::seen_digest>> read_seen(const yaml::node& image) {
  const yaml::node* n = image.find("seen");
  if (n == nullptr || n->is_null()) return std::nullopt;
  if (n->kind != yaml::node_kind::mapping)
    return refuse_lock(*n, fmt::format("seen must be a mapping of digest and since, not {}", to_string(n->kind)));
  if (auto good = want_keys(*n, {"digest", "since"}); !good) return fail(std::move(good.error()));
  auto digest = read_digest(*n);
  if (!digest) return fail(std::move(digest.error()));
  auto since = read_time(*n, "since");
  if (!since) return fail(std::move(since.error()));
  if (since->empty()) return refuse_lock(*n, "since is missing");
  return resolve::seen_digest{*std::move(digest), *std::move(since)};
}

result<resolve::locked_image> read_image(const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return refuse_lock(n, fmt::format("an image must be a mapping of digest and resolved, not {}", to_string(n.kind)));
  if (auto good = want_keys(n, {"digest", "resolved", "seen"}); !good) return fail(std::move(good.error()));
  auto digest = read_digest(n);
  if (!digest) return fail(std::move(digest.error()));
  auto when = read_time(n, "resolved");
  if (!when) return fail(std::move(when.error()));
  auto seen = read_seen(n);
  if (!seen) return fail(std::move(seen.error()));
  return resolve::locked_image{*std::move(digest), *std::move(when), *std::move(seen)};
}

result<resolve::image_lock> read_own(const yaml::node& root) {
  if (auto good = want_keys(root, {"apiVersion", "kind", "images"}); !good) return fail(std::move(good.error()));
  const yaml::node* images = root.find("images");
  // A truncated file must not look like one without locked images.
  if (images == nullptr) return refuse_lock(root, "images is missing");
  resolve::image_lock out;
  if (images->is_null()) return out;
  if (images->kind != yaml::node_kind::mapping)
    return refuse_lock(*images,
                       fmt::format("images must be a mapping of reference to digest, not {}", to_string(images->kind)));
  for (const auto& m : images->members) {
    const auto ref = registry::reference::parse(m.key);
    if (!ref) return refuse_at(m.line, m.column, fmt::format("{}: {}", quoted(m.key), ref.error().message));
    if (ref->is_pinned())
      return refuse_at(m.line, m.column, fmt::format("{} has a digest; the key is the tag reference", quoted(m.key)));
    if (ref->tag().empty()) return refuse_at(m.line, m.column, fmt::format("{} has no tag", quoted(m.key)));
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
    return refuse_lock(*root, root->is_null()
                                  ? std::string("the file is empty; a lock file begins with apiVersion and kind")
                                  : fmt::format("a lock file must be a mapping, not {}", to_string(root->kind)));
  const auto version = lock_text(*root, "apiVersion");
  const auto kind = lock_text(*root, "kind");
  if (!version) return fail(version.error());
  if (!kind) return fail(kind.error());
  if (*version == nullptr) return refuse_lock(*root, "apiVersion is missing");
  if (*kind == nullptr) return refuse_lock(*root, "kind is missing");

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
    return refuse_lock(**version, fmt::format("{} {} is not supported; use {}, or a newer pinhook", own_kind,
                                              quoted(v, 60), own_version));
  return refuse_lock(**kind, fmt::format("{} {} is not a lock file; it must be {} {}, or kbld's ImagesLock",
                                         quoted(v, 60), quoted(k, 60), own_version, own_kind));
}

std::string write_lock(const lock_file& lock) {
  return lock.format == lock_format::kbld ? write_kbld(lock.images) : write_own(lock.images);
}

}  // namespace pinhook::files
