#include <pinhook/files/image_search.hpp>

#include <pinhook/files/filled_in.hpp>
#include <pinhook/yaml/source.hpp>
#include <pinhook/yaml/text_scan.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::node_index;
using yaml::scalar_form;

bool holds(std::string_view text, std::string_view word) {
  return word.empty() || yaml::find_word(text, word) != std::string_view::npos;
}

// True for "\x69", "\u0069", "\U00000069", or a line that continues after "\": such keys are not literally in the text.
bool holds_escaped_letters(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 1))
    if (at + 1 < text.size() && std::string_view("xuU\r\n").contains(text[at + 1])) return true;
  return false;
}

bool is_block(const yaml::source_node& n) { return n.form == scalar_form::literal || n.form == scalar_form::folded; }

// The lines of a block begin with their indentation; the image follows it.
void pass_indentation(std::string_view lines, slot& s) {
  for (const char c : lines) {
    if (c != ' ' && c != '\n' && c != '\r') return;
    if (c == '\n') ++s.line;
    s.column = c == '\n' ? 1 : s.column + 1;
  }
}

// The reference without its digest: the written text up to the '@'.
std::optional<registry::reference> tag_in(const registry::reference& ref) {
  if (!ref.is_pinned()) return ref;
  if (ref.tag().empty()) return std::nullopt;
  auto tag = registry::reference::parse(std::string_view(ref.written()).substr(0, ref.written().rfind('@')));
  return tag ? std::optional(*std::move(tag)) : std::nullopt;
}

// True for a reason that holds whatever the text is.
bool is_settled(skip_reason reason) {
  return reason == skip_reason::built || reason == skip_reason::skip_label || reason == skip_reason::pattern;
}

// The reason of a text that is no reference to an image.
skip_reason reason_without_reference(std::string_view written) {
  if (is_filled_in(written)) return skip_reason::variable;
  if (is_built_later(written)) return skip_reason::built;
  return is_image_pattern(written) ? skip_reason::pattern : skip_reason::invalid;
}

}  // namespace

std::unexpected<error> image_search::overspent() const {
  return refuse_at(doc.at(doc.root),
                   fmt::format("its aliases expand to more than {} bytes, or nest too deep", allowed_for(doc)));
}

bool holds_key(std::string_view text, const std::vector<std::string>& keys) {
  return std::ranges::any_of(keys, [&](const std::string& key) { return holds(text, key); }) ||
         holds_escaped_letters(text);
}

bool holds_image_key(std::string_view text, const image_places& places) {
  // In any case: "initImage", "RELATED_IMAGE_INIT".
  static constexpr std::array<std::string_view, 3> keys{"Image", "IMAGE", "repository"};
  const auto is_held = [&](std::string_view word) { return holds(text, word); };
  // The usual ones first: most texts with images have them.
  return holds_key(text, places.kinds.keys()) || std::ranges::any_of(keys, is_held) ||
         std::ranges::any_of(pin::words_of_operators(), is_held);
}

std::string path_text(std::string_view pointer) {
  std::string out;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view part = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(part.size());
    if (!part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; })) {
      out += fmt::format("[{}]", part);
      continue;
    }
    if (!out.empty()) out += '.';
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool is_escape = part[i] == '~' && i + 1 < part.size();
      out += !is_escape ? part[i] : part[i + 1] == '1' ? '/' : '~';
      if (is_escape) ++i;
    }
  }
  return out;
}

found_image scalar_image(const image_search& in, node_index scalar, std::string pointer, std::string_view name) {
  found_image out;
  out.scalar = scalar;
  const yaml::source_node& n = in.doc.at(scalar);
  out.slot.document = in.document;
  out.slot.name = name.empty() ? path_text(pointer) : std::string(name);
  out.slot.pointer = std::move(pointer);
  out.slot.line = n.line;
  out.slot.column = n.column;
  if (is_block(n)) pass_indentation(in.written(scalar), out.slot);
  out.slot.written = in.doc.at(in.doc.resolve(scalar)).text;
  return out;
}

void keep(image_search& in, found_image&& image) {
  slot& s = image.slot;
  in.known.insert(image.scalar != yaml::no_node ? image.scalar : image.mapping);
  auto ref = registry::reference::parse(s.written);
  const bool is_placeholder = !is_settled(s.reason) && (!ref || !ref->is_pinned()) && is_filled_in(s.written);
  if (ref && !is_placeholder) {
    s.ref = *std::move(ref);
    if (s.reason != skip_reason::no_tag_here) s.tag = tag_in(*s.ref);
  } else if (!is_settled(s.reason)) {
    // The search that found it may have a better reason.
    if (s.reason == skip_reason::invalid && !s.problem.empty()) return in.images.push_back(std::move(image));
    s.reason = reason_without_reference(s.written);
    s.problem = s.reason == skip_reason::invalid ? std::move(ref.error().message) : std::string();
    s.remedy.clear();
  }
  in.images.push_back(std::move(image));
}

owned_part part_of(yaml::node_index root, std::string_view object) {
  owned_part out;
  out.root = root;
  out.owner.object = object;
  return out;
}

void keep(image_search& in, const owned_part& part, found_image&& image) {
  slot& s = image.slot;
  s.object = part.owner.object;
  s.group = part.owner.group;
  s.kind = part.owner.kind;
  s.ns = part.owner.ns;
  if (part.owner.reason != skip_reason::none) s.reason = part.owner.reason;
  keep(in, std::move(image));
}

}  // namespace pinhook::files
