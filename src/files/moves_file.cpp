#include <pinhook/files/moves_file.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/files/lock_nodes.hpp>
#include <pinhook/files/lock_text.hpp>
#include <pinhook/yaml/event_stream.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

constexpr std::string_view moves_version = "pinhook.dev/v1";
constexpr std::string_view moves_kind = "TagMoves";
constexpr std::array<std::string_view, 3> known_changes{"list", "bytes", "version-tag"};

constexpr yaml::parse_limits moves_limits{.size = max_moves_size, .depth = 8};

// The scalar under a key, which must be there.
result<const yaml::node*> needed_under(const yaml::node& mapping, std::string_view key) {
  auto found = text_under(mapping, key);
  if (found && *found == nullptr) return refuse_node(mapping, fmt::format("{} is missing", key));
  return found;
}

result<wall_time> moment_under(const yaml::node& mapping, std::string_view key) {
  const auto text = time_under(mapping, key);
  if (!text) return fail(text.error());
  if (text->empty()) return refuse_node(mapping, fmt::format("{} is missing", key));
  const auto moment = parse_timestamp(*text);
  if (!moment) return refuse_node(mapping, fmt::format("{}: {} is not a valid time", key, *text));
  return *moment;
}

result<std::string> change_under(const yaml::node& mapping) {
  const auto text = text_under(mapping, "change");
  if (!text) return fail(text.error());
  if (*text == nullptr) return std::string();
  if (std::ranges::find(known_changes, std::string_view((*text)->text)) == known_changes.end())
    return refuse_node(**text,
                       fmt::format("{} is not a change; it is list, bytes or version-tag", quoted((*text)->text, 60)));
  return (*text)->text;
}

result<std::chrono::nanoseconds> length_under(const yaml::node& mapping, std::string_view key) {
  const auto text = needed_under(mapping, key);
  if (!text) return fail(text.error());
  const auto length = parse_duration((*text)->text);
  if (!length) return refuse_node(**text, length.error().message);
  return *length;
}

result<std::vector<resolve::stood_digest>> between_under(const yaml::node& mapping) {
  std::vector<resolve::stood_digest> out;
  const yaml::node* list = mapping.find("between");
  if (list == nullptr) return out;
  if (list->kind != yaml::node_kind::sequence)
    return refuse_node(*list, fmt::format("between must be a list of digest and stood, not {}", to_string(list->kind)));
  for (const yaml::node& one : list->items) {
    if (one.kind != yaml::node_kind::mapping)
      return refuse_node(one, fmt::format("it must be a mapping of digest and stood, not {}", to_string(one.kind)));
    if (auto good = want_keys(one, {"digest", "stood"}); !good) return fail(std::move(good.error()));
    auto digest = digest_under(one, "digest");
    if (!digest) return fail(std::move(digest.error()));
    const auto length = length_under(one, "stood");
    if (!length) return fail(length.error());
    out.push_back({*std::move(digest), std::chrono::floor<std::chrono::seconds>(*length)});
  }
  return out;
}

result<resolve::seen_tag> read_tag(const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return refuse_node(n,
                       fmt::format("a tag must be a mapping of digest, before and since, not {}", to_string(n.kind)));
  if (auto good = want_keys(n, {"digest", "before", "since", "change", "between"}); !good)
    return fail(std::move(good.error()));
  auto digest = digest_under(n, "digest");
  if (!digest) return fail(std::move(digest.error()));
  resolve::seen_tag out{*std::move(digest)};
  if (n.find("before") == nullptr && n.find("since") == nullptr) return out;
  auto before = digest_under(n, "before");
  if (!before) return fail(std::move(before.error()));
  const auto since = moment_under(n, "since");
  if (!since) return fail(since.error());
  auto change = change_under(n);
  if (!change) return fail(std::move(change.error()));
  auto between = between_under(n);
  if (!between) return fail(std::move(between.error()));
  out.before = resolve::tag_before{*std::move(before), *since, *std::move(change), *std::move(between)};
  return out;
}

result<void> check_head(const yaml::node& root) {
  if (root.kind != yaml::node_kind::mapping)
    return refuse_node(
        root, root.is_null() ? std::string("the file is empty; a file of moved tags begins with apiVersion and kind")
                             : fmt::format("a file of moved tags must be a mapping, not {}", to_string(root.kind)));
  const auto version = needed_under(root, "apiVersion");
  if (!version) return fail(version.error());
  const auto kind = needed_under(root, "kind");
  if (!kind) return fail(kind.error());
  if ((*kind)->text != moves_kind)
    return refuse_node(**kind, fmt::format("{} is not a file of moved tags, whose kind is {}; `pinhook report "
                                           "--moves-file` writes one",
                                           quoted((*kind)->text, 60), moves_kind));
  if ((*version)->text != moves_version)
    return refuse_node(**version, fmt::format("{} {} is not supported; use {}, or a newer pinhook", moves_kind,
                                              quoted((*version)->text, 60), moves_version));
  return want_keys(root, {"apiVersion", "kind", "written", "cooldown", "tags"});
}

}  // namespace

result<resolve::tag_moves> read_moves(std::string_view text) {
  const auto root = yaml::parse(text, moves_limits);
  if (!root) return fail(root.error());
  if (auto good = check_head(*root); !good) return fail(std::move(good.error()));
  const auto written = moment_under(*root, "written");
  if (!written) return fail(written.error());
  const auto cooldown = length_under(*root, "cooldown");
  if (!cooldown) return fail(cooldown.error());
  resolve::tag_moves out(*written, *cooldown);
  const yaml::node* tags = root->find("tags");
  // A truncated file must not look like one without moves.
  if (tags == nullptr) return refuse_node(*root, "tags is missing");
  if (tags->is_null()) return out;
  if (tags->kind != yaml::node_kind::mapping)
    return refuse_node(*tags,
                       fmt::format("tags must be a mapping of reference to digest, not {}", to_string(tags->kind)));
  for (const auto& m : tags->members) {
    const auto ref = tag_of(m);
    if (!ref) return fail(ref.error());
    if (out.find(ref->canonical()) != nullptr)
      return yaml::refuse_at(m.line, m.column, fmt::format("duplicate entry for {}", ref->canonical()));
    auto tag = read_tag(m.value);
    if (!tag) return fail(std::move(tag.error()));
    out.put(*ref, *std::move(tag));
  }
  return out;
}

namespace {

std::string line_of(std::string_view canonical, const resolve::seen_tag& tag) {
  std::string out = fmt::format("  {}: {{digest: \"{}\"", plain_or_quoted(canonical), tag.digest.to_string());
  if (tag.before) {
    out += fmt::format(", before: \"{}\", since: \"{}\"", tag.before->digest.to_string(),
                       timestamp_text(tag.before->since));
    if (!tag.before->change.empty()) out += ", change: " + tag.before->change;
    std::string between;
    for (const resolve::stood_digest& one : tag.before->between)
      between += fmt::format("{}{{digest: \"{}\", stood: {}}}", between.empty() ? "" : ", ", one.digest.to_string(),
                             duration_text(one.length));
    if (!between.empty()) out += fmt::format(", between: [{}]", between);
  }
  return out + "}\n";
}

}  // namespace

std::size_t line_size(std::string_view canonical, const resolve::seen_tag& tag) {
  return line_of(canonical, tag).size();
}

std::string write_moves(const resolve::tag_moves& moves) {
  std::string out = fmt::format("apiVersion: {}\nkind: {}\nwritten: \"{}\"\ncooldown: {}\n", moves_version, moves_kind,
                                timestamp_text(moves.written()), duration_text(moves.cooldown()));
  out += moves.tags().empty() ? "tags: {}\n" : "tags:\n";
  for (const auto& [canonical, tag] : moves.tags()) out += line_of(canonical, tag);
  return out;
}

}  // namespace pinhook::files
