// The properties of pinning that hold for any file, shared by the corpus, generated files and the fuzz target.
//
//   const pin_trial t = try_pin(text, "deploy/web.yaml", pin::pin_format::digest);
//   EXPECT_EQ(t.problem, "");
//
// Digests are made up from the canonical reference. Pure; any thread. Needs pinhook_files; no part of pinhook_support.
#pragma once

#include <pinhook/base/json.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

inline registry::digest made_up_digest(const registry::reference& ref) { return registry::digest::of(ref.canonical()); }

struct pin_trial {
  /// The violated property; empty when all hold.
  std::string problem;
  /// The file was not read at all, in these words.
  std::string refusal;
  std::vector<files::slot> before;
  std::vector<files::change> changes;
  std::string pinned;
  /// Pins whose tag is not known from the pinned file.
  std::size_t lost = 0;
  /// Pinned without a tag, and with one now: "nginx:latest@sha256:…" cannot tell that it was "nginx".
  std::size_t tagged = 0;
  /// Pinned and unpinned again: as before, byte for byte; none when a tag was lost.
  std::optional<bool> comes_back;
  std::string unpinned;
};

namespace pin_trial_detail {

inline pin::pin_format other(pin::pin_format format) {
  return format == pin::pin_format::digest ? pin::pin_format::tag_and_digest : pin::pin_format::digest;
}

inline std::string without_digest(std::string_view text) {
  const auto at = text.rfind("sha256:");
  if (at == std::string_view::npos || text.size() != at + 71) return std::string(text);
  return std::string(text.substr(0, at > 0 && text[at - 1] == '@' ? at - 1 : at));
}

inline std::string without_tag(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool has_tag = colon != std::string_view::npos && text.find('/', colon) == std::string_view::npos;
  return std::string(has_tag ? text.substr(0, colon) : text);
}

// A string before and after: the same, or the same image with a digest, or with the tag that is meant.
inline bool is_pin_of(std::string_view before, std::string_view after, const std::set<std::string>& digests) {
  if (after == std::string(before) + ":latest") return true;
  // A key `sha` holds the hexadecimal digits alone.
  if (before.empty() && digests.contains("sha256:" + std::string(after))) return true;
  const auto at = after.rfind("sha256:");
  if (at == std::string_view::npos || !digests.contains(std::string(after.substr(at)))) return false;
  const auto rest = without_digest(after);
  return rest.empty() || rest == before || rest == without_tag(before) || rest == std::string(before) + ":latest";
}

inline std::string_view text_of(const json::value& v) { return {v.GetString(), v.GetStringLength()}; }

inline std::string number_text(const json::value& v, std::string_view after) {
  // A tag that is a number or a boolean keeps its text; RapidJSON's own form of it does not matter.
  return v.IsNumber() || v.IsBool() ? without_digest(after) : std::string();
}

// Members that a pinned kustomization's entry may have gained or lost.
inline bool may_differ(std::string_view key) { return key == "digest" || key == "newTag"; }

inline bool has_digest_of(const json::value& entry, const std::set<std::string>& digests) {
  const auto found = entry.FindMember("digest");
  return found != entry.MemberEnd() && found->value.IsString() && digests.contains(std::string(text_of(found->value)));
}

inline std::string tree_difference(std::string_view before, std::string_view after,
                                   const std::set<std::string>& digests);

inline std::string difference(const json::value& a, const json::value& b, const std::set<std::string>& digests,
                              const std::string& where) {
  if (b.IsString() && !a.IsObject() && !a.IsArray()) {
    const auto after = text_of(b);
    if (a.IsString() && text_of(a) == after) return {};
    // A tag that reads as a number is written as the text it is.
    if (a.IsNumber() && after.find("sha256:") == std::string_view::npos) return {};
    const auto before = a.IsString() ? std::string(text_of(a)) : number_text(a, after);
    if (is_pin_of(before, after, digests)) return {};
    // A text that holds YAML itself.
    if (before.contains('\n') || before.contains(": ") || before.starts_with('{'))
      return tree_difference(before, after, digests);
    return fmt::format("{} became {:?}", where, after);
  }
  if (a.GetType() != b.GetType()) return where + " became something else";
  if (a.IsArray()) {
    if (a.Size() != b.Size()) return where + " has another length";
    for (rapidjson::SizeType i = 0; i < a.Size(); ++i)
      if (auto d = difference(a[i], b[i], digests, fmt::format("{}/{}", where, i)); !d.empty()) return d;
    return {};
  }
  if (!a.IsObject()) return a == b ? std::string() : where + " became another value";
  // A key may occur twice and pins may add one: the members that may not differ, in their order.
  auto ma = a.MemberBegin();
  auto mb = b.MemberBegin();
  for (;;) {
    while (mb != b.MemberEnd() && may_differ(text_of(mb->name)) && (ma == a.MemberEnd() || ma->name != mb->name)) {
      // An empty newTag that a merge key brings, once the entry's own tag has become a digest, is none.
      if (mb->value.IsNull()) {
        ++mb;
        continue;
      }
      if (!mb->value.IsString() || !digests.contains(std::string(text_of(mb->value)))) return where + " gained a key";
      ++mb;
      if (ma != a.MemberEnd() && text_of(ma->name) == "newTag" && (mb == b.MemberEnd() || mb->name != ma->name)) ++ma;
    }
    if (ma == a.MemberEnd() || mb == b.MemberEnd()) break;
    const auto key = std::string(text_of(ma->name));
    if (ma->name != mb->name) return where + "/" + key + " is gone";
    // The entry's own tag has become a digest, and a merge key brings an empty one in its place.
    const bool made_digest = key == "newTag" && mb->value.IsNull() && has_digest_of(b, digests);
    if (auto d = made_digest ? std::string() : difference(ma->value, mb->value, digests, where + "/" + key); !d.empty())
      return d;
    ++ma;
    ++mb;
  }
  return ma == a.MemberEnd() && mb == b.MemberEnd() ? std::string() : where + " has other members";
}

inline std::string tree_difference(std::string_view before, std::string_view after,
                                   const std::set<std::string>& digests) {
  const auto a = yaml::read_source(before);
  const auto b = yaml::read_source(after);
  if (!a || !b) return "no YAML any more: " + (b ? a.error().message : b.error().message);
  if (a->documents.size() != b->documents.size()) return "another number of documents";
  for (std::size_t i = 0; i < a->documents.size(); ++i) {
    const auto ja = yaml::to_json(a->documents[i], a->documents[i].root);
    const auto jb = yaml::to_json(b->documents[i], b->documents[i].root);
    // Unfolded too long, before and after.
    if (!ja && !jb) continue;
    // Texts close to the limit may cross it by their digests.
    if (!ja || !jb) return {};
    const auto pa = json::parse(*ja, {.depth = 2'000, .size = std::size_t{128} << 20U});
    const auto pb = json::parse(*jb, {.depth = 2'000, .size = std::size_t{128} << 20U});
    if (!pa || !pb) return "to_json wrote no JSON: " + (pa ? pb.error().message : pa.error().message);
    if (auto d = difference(*pa, *pb, digests, fmt::format("document {}", i)); !d.empty()) return d;
  }
  return {};
}

// Pinned once more: the digests are seen, and nothing is left to do.
inline std::string again_difference(pin_trial& t, const files::image_file& again, pin::pin_format format) {
  if (again.slots().size() != t.before.size()) return "another number of images once it is pinned";
  for (const auto& c : t.changes) {
    const auto& before = t.before[c.slot];
    const auto& after = again.slots()[c.slot];
    if (!after.is_pinned() || after.ref->digest() != c.digest)
      return fmt::format("{} at line {} reads as {} once it is pinned", before.written, before.line, after.written);
    if (before.ref->tag().empty() && after.ref->digest() && !after.ref->tag().empty()) ++t.tagged;
    if (!after.tag)
      ++t.lost;
    else if (after.tag->canonical() != before.ref->canonical())
      return fmt::format("{} at line {} becomes {} once it is pinned", before.written, before.line,
                         after.tag->written());
  }
  for (std::size_t i = 0; i < t.before.size(); ++i)
    if (again.slots()[i].reason != t.before[i].reason)
      return fmt::format("image {} is left alone for another reason", i);
  if (t.lost > 0) return {};
  const auto twice = again.rewrite(t.changes, format);
  if (!twice) return "pinned again: " + twice.error().message;
  return *twice == t.pinned ? std::string() : "pinning again changes something";
}

}  // namespace pin_trial_detail

/// `is_mixed`: every other image is written in the other format; those that share their bytes in the same.
inline pin_trial try_pin(const std::string& text, const std::string& path, pin::pin_format format,
                         const files::image_places& places = {}, bool is_mixed = false) {
  using namespace pin_trial_detail;
  pin_trial t;
  const auto file = files::image_file::read(text, path, places);
  if (!file) {
    t.refusal = file.error().message;
    if (t.refusal.empty()) t.problem = "refused without a word";
    return t;
  }
  t.before = file->slots();
  std::set<std::string> digests;
  for (std::size_t i = 0; i < t.before.size(); ++i) {
    const auto& s = t.before[i];
    if (s.reason != files::skip_reason::none || s.is_pinned()) continue;
    if (!s.ref) {
      t.problem = "an image that is no reference, and no word why";
      return t;
    }
    t.changes.push_back({i, made_up_digest(*s.ref)});
    if (is_mixed) t.changes.back().format = (s.line + s.column) % 2 == 1 ? pin_trial_detail::other(format) : format;
    digests.insert(made_up_digest(*s.ref).to_string());
  }
  if (const auto same = file->rewrite({}, format); !same || *same != text) {
    t.problem = "a rewrite of nothing changes something";
    return t;
  }
  auto pinned = file->rewrite(t.changes, format);
  if (!pinned) {
    t.problem = "not pinned: " + pinned.error().message;
    return t;
  }
  t.pinned = std::move(*pinned);
  if (t.problem = tree_difference(text, t.pinned, digests); !t.problem.empty()) return t;
  const auto again = files::image_file::read(t.pinned, path, places);
  if (!again) {
    t.problem = "refused once it is pinned: " + again.error().message;
    return t;
  }
  if (t.problem = again_difference(t, *again, format); !t.problem.empty() || t.lost > 0) return t;
  std::vector<files::change> back;
  for (const auto& c : t.changes) back.push_back({c.slot, std::nullopt});
  auto unpinned = again->rewrite(back, format);
  if (!unpinned) {
    t.problem = "not unpinned: " + unpinned.error().message;
    return t;
  }
  t.unpinned = std::move(*unpinned);
  t.comes_back = t.unpinned == text;
  if (!*t.comes_back) t.problem = tree_difference(text, t.unpinned, {});
  return t;
}

}  // namespace pinhook::testing
