#include <pinhook/trust/content_trust.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/trust/tuf_root.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace pinhook::trust {
namespace {

std::unexpected<error> denied(std::string message) { return fail(error_code::denied, std::move(message)); }

result<tuf_root> read_root(std::string_view text) { return tuf_root::read(text, tuf_coding::notary); }

// One of the pinned keys is among those that must sign, and has signed.
bool is_pinned(const tuf_root& root, const std::vector<std::string>& key_ids) {
  const auto role = root.role("root");
  if (!role || !root.has_signed_itself()) return false;
  return std::ranges::any_of(key_ids, [&](const std::string& id) {
    return std::ranges::find(role->key_ids, id) != role->key_ids.end() && root.file.is_signed_by({{id}, 1}, root.keys);
  });
}

// The newest root to which a chain leads from the anchor: each file is signed by the keys of the one before and by its
// own.
result<tuf_root> newest_root(const std::vector<std::string>& files, const content_trust_anchor& anchor) {
  std::optional<tuf_root> trusted;
  if (!anchor.root.empty()) {
    auto read = read_root(anchor.root);
    if (!read) return fail(read.error().at("the trusted root"));
    trusted = std::move(*read);
  }
  if (files.empty() || files.size() > max_tuf_roots)
    return fail(error_code::malformed, fmt::format("the server has {} root files", files.size()));
  for (const std::string& text : files) {
    auto next = read_root(text);
    if (!next) return fail(std::move(next.error()));
    if (!trusted) {
      if (is_pinned(*next, anchor.root_key_ids)) trusted = std::move(*next);
      continue;
    }
    if (next->file.version() <= trusted->file.version()) continue;
    if (next->file.version() != trusted->file.version() + 1)
      return denied(fmt::format("root file {} is missing: {} cannot be reached from the trusted one",
                                trusted->file.version() + 1, next->file.version()));
    if (!trusted->leads_to(*next))
      return denied(
          fmt::format("root file {} is not signed by the keys of the one before and by its own", next->file.version()));
    trusted = std::move(*next);
  }
  if (!trusted) return denied("no root file is signed by a key that is trusted");
  return std::move(*trusted);
}

// Length and hash of a file, as another one lists them.
std::optional<error> compare(std::string_view name, std::string_view text, const tuf_file& list) {
  const json::value* row = find_path(list.content(), {"meta", name});
  const json::value* hashes = row == nullptr ? nullptr : json::find(*row, "hashes");
  const auto wanted = hashes == nullptr ? std::nullopt : bytes_in(*hashes, "sha256");
  if (!wanted || wanted->size() != 32)
    return denied(fmt::format("the {} file is not listed by the one that must vouch for it", name)).error();
  if (json::find_integer(*row, "length") != std::ssize(text) || sha256(text) != *wanted)
    return denied(fmt::format("the {} file is not the one that was signed for", name)).error();
  return std::nullopt;
}

std::optional<error> check_expiry(std::string_view name, const tuf_file& file, wall_time now, signed_tag& out) {
  if (file.expires() < now) return denied(fmt::format("the {} file has expired", name)).error();
  out.expires = std::min(out.expires, file.expires());
  return std::nullopt;
}

// A tag, or a digest that some tag must have.
struct target_query {
  std::string_view tag;
  std::string_view digest;
};

using path_list = std::vector<std::string>;

bool is_below(std::string_view tag, const path_list& paths) {
  return std::ranges::any_of(paths, [&](const std::string& path) { return tag.starts_with(path); });
}

// No value: the row is no target with a SHA-256.
std::optional<std::string> digest_in(const json::value& row) {
  const json::value* hashes = json::find(row, "hashes");
  const auto hash = hashes == nullptr ? std::nullopt : bytes_in(*hashes, "sha256");
  if (!hash || hash->size() != 32) return std::nullopt;
  return fmt::format("sha256:{}", encode_hexadecimal(*hash));
}

// `paths`: the beginnings of the tags that the file may speak for.
std::optional<error> take_target(const tuf_file& targets, const target_query& of, const path_list& paths,
                                 signed_tag& out, bool& is_found) {
  is_found = false;
  const json::value* all = json::find(targets.content(), "targets");
  if (all == nullptr || !all->IsObject()) return std::nullopt;
  for (const auto& [name, row] : all->GetObject()) {
    const std::string_view tag = json::text_of(name);
    if (!is_below(tag, paths)) continue;
    const auto digest = digest_in(row);
    if (of.tag.empty() ? digest != of.digest : tag != of.tag) continue;
    const auto length = json::find_integer(row, "length");
    if (!digest || !length || *length <= 0)
      return error{error_code::malformed, "the signed tag has no SHA-256 or no length", std::nullopt};
    is_found = true;
    out.tag = std::string(tag);
    out.digest = *digest;
    out.size = *length;
    return std::nullopt;
  }
  return std::nullopt;
}

// The keys of the delegation targets/releases are in the targets file, and so are the tags that it may speak for.
struct delegation {
  tuf_role role;
  path_list paths;
};

std::optional<delegation> releases_role(const tuf_file& targets, const target_query& of) {
  const json::value* delegations = json::find(targets.content(), "delegations");
  if (delegations == nullptr) return std::nullopt;
  for (const json::value* one : list_in(*delegations, "roles")) {
    if (text_in(*one, "name") != "targets/releases") continue;
    delegation out;
    for (const json::value* path : list_in(*one, "paths"))
      if (path->IsString()) out.paths.emplace_back(json::text_of(*path));
    if (out.paths.empty() || (!of.tag.empty() && !is_below(of.tag, out.paths))) return std::nullopt;
    const auto role = tuf_role_in(*one);
    if (!role) return std::nullopt;
    out.role = *role;
    return out;
  }
  return std::nullopt;
}

}  // namespace

result<void> check_root(std::string_view text) {
  const auto read = read_root(text);
  if (!read) return fail(error_code::invalid_input, read.error().message);
  if (!read->has_signed_itself()) return fail(error_code::invalid_input, "the root file is not signed by its own keys");
  return {};
}

result<std::vector<std::int64_t>> roots_between(const content_trust_anchor& anchor, std::string_view newest) {
  const auto last = read_root(newest);
  if (!last) return fail(last.error());
  std::int64_t first = 1;
  if (!anchor.root.empty()) {
    const auto trusted = read_root(anchor.root);
    if (!trusted) return fail(trusted.error().at("the trusted root"));
    first = trusted->file.version() + 1;
  } else if (is_pinned(*last, anchor.root_key_ids)) {
    first = last->file.version();
  }
  std::vector<std::int64_t> out;
  if (last->file.version() - first >= static_cast<std::int64_t>(max_tuf_roots))
    return fail(error_code::malformed, fmt::format("root file {} is more than {} files away from the trusted one",
                                                   last->file.version(), max_tuf_roots));
  for (std::int64_t number = first; number < last->file.version(); ++number) out.push_back(number);
  return out;
}

bool delegates_releases(std::string_view targets) {
  const auto file = tuf_file::parse(targets, "Targets");
  if (!file) return false;
  const json::value* delegations = json::find(file->content(), "delegations");
  return delegations != nullptr && std::ranges::any_of(list_in(*delegations, "roles"), [](const json::value* one) {
           return text_in(*one, "name") == "targets/releases";
         });
}

namespace {

result<signed_tag> find_target(const content_trust_files& files, const content_trust_anchor& anchor,
                               const target_query& of, wall_time now) {
  signed_tag out;
  out.expires = wall_time::max();
  const auto root = newest_root(files.roots, anchor);
  if (!root) return fail(root.error());
  if (auto failed = check_expiry("root", root->file, now, out)) return fail(std::move(*failed));

  struct step {
    std::string_view name;
    std::string_view type;
    const std::string* text;
  };
  const step steps[] = {{"timestamp", "Timestamp", &files.timestamp},
                        {"snapshot", "Snapshot", &files.snapshot},
                        {"targets", "Targets", &files.targets}};
  std::optional<tuf_file> before;
  std::optional<tuf_file> snapshot;
  for (const auto& [name, type, text] : steps) {
    if (before)
      if (auto failed = compare(name, *text, *before)) return fail(std::move(*failed));
    auto file = tuf_file::parse(*text, type);
    if (!file) return fail(std::move(file.error()));
    if (!root->has_signed(*file, name))
      return denied(fmt::format("the {} file is not signed by the keys of its role", name));
    if (auto failed = check_expiry(name, *file, now, out)) return fail(std::move(*failed));
    if (name == "targets") snapshot = std::move(before);
    before = std::move(*file);
  }
  const tuf_file& targets = *before;

  bool is_found = false;
  if (const auto releases = releases_role(targets, of); releases && !files.releases.empty()) {
    constexpr std::string_view name = "targets/releases";
    if (auto failed = compare(name, files.releases, *snapshot)) return fail(std::move(*failed));
    const auto file = tuf_file::parse(files.releases, "Targets");
    if (!file) return fail(file.error());
    const json::value* keys = find_path(targets.content(), {"delegations", "keys"});
    if (keys == nullptr || !file->is_signed_by(releases->role, tuf_keys_in(*keys, tuf_coding::notary)))
      return denied(fmt::format("the {} file is not signed by the keys of its role", name));
    if (auto failed = check_expiry(name, *file, now, out)) return fail(std::move(*failed));
    if (auto failed = take_target(*file, of, releases->paths, out, is_found)) return fail(std::move(*failed));
    if (is_found) {
      out.role = name;
      return out;
    }
  }
  if (auto failed = take_target(targets, of, {""}, out, is_found)) return fail(std::move(*failed));
  if (!is_found)
    return fail(error_code::not_found, of.tag.empty()
                                           ? fmt::format("no signer gave {} to a tag", of.digest)
                                           : fmt::format("no signer gave a digest to tag {}", quoted(of.tag, 128)));
  out.role = "targets";
  return out;
}

}  // namespace

result<signed_tag> find_signed_tag(const content_trust_files& files, const content_trust_anchor& anchor,
                                   std::string_view tag, wall_time now) {
  // An empty tag would ask for a digest.
  if (tag.empty()) return fail(error_code::not_found, "there is no tag");
  return find_target(files, anchor, {tag, {}}, now);
}

result<signed_tag> find_signed_digest(const content_trust_files& files, const content_trust_anchor& anchor,
                                      std::string_view digest, wall_time now) {
  return find_target(files, anchor, {{}, digest}, now);
}

}  // namespace pinhook::trust
