#include <pinhook/files/chart_verdict.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/chart_schema.hpp>
#include <pinhook/files/rewrite_slot.hpp>

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;

constexpr std::string_view unknown_chart =
    "digests go into the tag, and there are no templates beside this file to show whether the chart uses the tag for "
    "more "
    "than the image (a label, a version): compare the output of helm template";
constexpr std::string_view unknown_operator =
    "digests go into the tag, and it is not known whether the operator takes that: see its documentation";
constexpr std::string_view remedy =
    "pin the rendered chart (helm template … | pinhook pin -), or give the chart a key digest beside the tag";
constexpr std::string_view marked_remedy =
    "pin the rendered chart (helm template … | pinhook pin -), or let the program that writes the tag write the "
    "digest, too: its marker at the line of the digest";

values_path path_of_pointer(std::string_view pointer) {
  values_path out;
  while (!pointer.empty()) {
    out.push_back(take_part(pointer));
  }
  return out;
}

std::string_view key_of_value(const source_document& doc, node_index mapping, node_index value) {
  for (node_index k = doc.at(mapping).first; k != no_node; k = doc.at(doc.at(k).next).next)
    if (doc.at(k).next == value) return doc.at(doc.resolve(k)).text;
  return "repository";
}

void add(use_verdict& to, use_verdict more) {
  if (to.conflict.empty()) to.conflict = std::move(more.conflict);
  if (to.doubt.empty()) to.doubt = std::move(more.doubt);
  to.is_used = to.is_used || more.is_used;
}

use_verdict judge_all(const chart_uses& of, const values_place& value) {
  use_verdict out = judge_use(of, value);
  add(out, judge_schema(of.schema, value));
  return out;
}

// A digest under a key of its own conflicts only with the text beside it, and with the schema.
use_verdict judge_key(const chart_uses& of, const values_place& value) {
  use_verdict out = judge_texts(of.texts, value);
  add(out, judge_schema(of.schema, value));
  return out;
}

// The chart's own templates see all values; those of a dependency see the values under its key, and `global`.
use_verdict judge(const chart& of, const values_place& value, bool& is_known) {
  use_verdict out = judge_all(of.own, value);
  const std::string_view first = value.mapping.empty() ? std::string_view() : std::string_view(value.mapping.front());
  for (const auto& [key, uses] : of.dependencies) {
    if (key != first && first != "global") continue;
    values_place within = value;
    if (key == first) within.mapping.erase(within.mapping.begin());
    if (uses)
      add(out, judge_all(*uses, within));
    else if (key == first)
      is_known = false;
  }
  return out;
}

std::string judge_written(const chart& of, const values_place& value) {
  use_verdict out = judge_key(of.own, value);
  for (const auto& [key, uses] : of.dependencies) {
    if (!uses || value.mapping.empty() || (key != value.mapping.front() && value.mapping.front() != "global")) continue;
    values_place within = value;
    if (key == value.mapping.front()) within.mapping.erase(within.mapping.begin());
    add(out, judge_key(*uses, within));
  }
  return out.conflict;
}

// Judges a string that is the whole image.
void judge_string(found_image& image, const chart& of) {
  values_path path = path_of_pointer(image.slot.pointer);
  if (path.empty()) return;
  const std::string key = path.back();
  path.pop_back();
  bool is_known = true;
  const use_verdict verdict = judge(of, {path, key, key}, is_known);
  if (verdict.conflict.empty()) {
    if (!verdict.doubt.empty())
      image.slot.doubt = fmt::format(
          "the digest goes into {}, which may be more than an image: {}; compare the output of helm template",
          image.slot.name, verdict.doubt);
    return;
  }
  image.slot.problem = fmt::format("its digest would be in {}, and {}", image.slot.name, verdict.conflict);
  image.slot.remedy = rendered_first;
}

void judge(const source_document& doc, found_image& image, const chart& of) {
  const bool is_tag = takes_digest_in_tag(doc, image);
  const std::string key(doc.at(doc.resolve(is_tag ? image.tag_key : image.digest_key)).text);
  values_place value{path_of_pointer(image.slot.pointer), std::string(key_of_value(doc, image.mapping, image.name)),
                     key};
  value.name = doc.at(doc.resolve(image.name)).text;
  if (!is_tag) value.takes = image.is_hex_digest ? values_place::form::hex : values_place::form::digest;
  const std::string name = fmt::format("{}{}{}", image.slot.name, image.slot.name.empty() ? "" : ".", key);
  bool is_known = true;
  const use_verdict verdict = judge(of, value, is_known);
  slot& s = image.slot;
  if (!is_tag) {
    if (const std::string broken = judge_written(of, value); !broken.empty()) {
      s.problem = fmt::format("its digest would be in {}, and {}", name, broken);
      s.remedy = rendered_first;
    } else if (is_known && !verdict.is_used && of.own.is_whole)
      s.doubt = fmt::format("no template here uses {}: the chart may not take the digest", name);
  } else if (!verdict.conflict.empty()) {
    s.problem = fmt::format("its digest would be in {}, and {}", name, verdict.conflict);
    s.remedy = image.digest == no_node ? remedy : marked_remedy;
  } else if (!verdict.doubt.empty()) {
    s.doubt = fmt::format(
        "the digest goes into {}, which may be more than the image's tag: {}; compare the output of helm template",
        name, verdict.doubt);
  } else if (!is_known || !verdict.is_used) {
    s.doubt = fmt::format(
        "the digest goes into {}, and no template here shows its use: compare the output of helm template", name);
  }
}

}  // namespace

void judge_pins(const yaml::source& from, std::vector<found_image>& images, const chart* of) {
  for (found_image& image : images) {
    slot& s = image.slot;
    if (s.reason != skip_reason::none || s.is_pinned() || s.is_refused()) continue;
    if (s.form == slot_form::scalar && of != nullptr && s.kind.empty()) judge_string(image, *of);
    if (s.form != slot_form::values) continue;
    if (of != nullptr && s.kind.empty())
      judge(from.documents[image.tree], image, *of);
    else if (takes_digest_in_tag(from.documents[image.tree], image))
      s.doubt = image.is_by_keys ? unknown_operator : unknown_chart;
  }
}

}  // namespace pinhook::files
