#include <pinhook/files/first_look.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/pin/image_parts.hpp>
#include <pinhook/yaml/text_scan.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;

constexpr std::string_view image_word = "mage";

// The groups of operators are names of domains; those of Kubernetes' usual objects ("", "apps", "batch") are not.
bool is_of_operator(const object_type& type) {
  return type.group.contains('.') && !pin::rows_of_operator(type.group, type.kind).empty();
}

char small(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::size_t image_words(std::string_view text) {
  std::size_t out = 0;
  std::size_t at = 0;
#if defined(__SSE2__)
  const __m128i case_bit = _mm_set1_epi8('a' ^ 'A');
  // The bytes from a place on, small, that are this letter.
  const auto letters = [&](std::size_t from, char letter) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
    return _mm_cmpeq_epi8(_mm_or_si128(bytes, case_bit), _mm_set1_epi8(letter));
  };
  for (; at + sizeof(__m128i) + image_word.size() - 1 <= text.size(); at += sizeof(__m128i)) {
    // By the rarest of its letters.
    __m128i hit = letters(at + 2, image_word[2]);
    if (_mm_movemask_epi8(hit) == 0) continue;
    for (const std::size_t i : {0U, 1U, 3U}) hit = _mm_and_si128(hit, letters(at + i, image_word[i]));
    out += static_cast<std::size_t>(std::popcount(static_cast<std::uint32_t>(_mm_movemask_epi8(hit))));
  }
#endif
  for (; at + image_word.size() <= text.size(); ++at)
    if (std::ranges::equal(text.substr(at, image_word.size()), image_word, {}, small)) ++out;
  return out;
}

bool has_these_alone(std::string_view text, std::span<const found_image> images) {
  const auto is_keyed = [](const found_image& one) {
    return one.scalar != no_node && !one.slot.is_in_text && one.slot.pointer.ends_with("/image");
  };
  // Each has a key of its own.
  const auto is_same = [](const found_image& a, const found_image& b) { return a.scalar >= b.scalar; };
  return std::ranges::all_of(images, is_keyed) && std::ranges::adjacent_find(images, is_same) == images.end() &&
         !text.contains('*') && !text.contains('\\') && image_words(text) == images.size();
}

bool keys_add_nothing(const image_search& in, node_index object, const object_type& type,
                      std::span<const found_image> known) {
  // A text without a tag may have one beside it.
  const auto is_whole = [](const found_image& one) {
    return one.slot.written.contains('@') || !one.slot.ref || !one.slot.ref->tag().empty();
  };
  if (in.doc.encoding != yaml::text_encoding::none || !std::ranges::all_of(known, is_whole)) return false;
  if (!has_these_alone(in.written(object), known) || is_of_operator(type)) return false;
  const std::size_t end = in.doc.at(object).span.end;
  const std::span<const yaml::source_node> nodes(in.doc.nodes);
  const key_bits wanted = bits_of_parts() | key_bit("apiVersion");
  for (node_index i = object + 1; i < nodes.size() && nodes[i].span.begin < end; ++i) {
    if (nodes[i].kind != yaml::source_kind::mapping || (nodes[i].keys & wanted) == 0) continue;
    const bool may_be_object = in.doc.find(i, "apiVersion") != no_node;
    if (may_be_object || may_be_in_parts(in.doc, i)) return false;
  }
  return true;
}

bool may_name_more(std::string_view text, const yaml::source_document& doc, std::span<const found_image> images) {
  const std::string_view own = text.substr(doc.span.begin, doc.span.size());
  if (doc.encoding != yaml::text_encoding::none || !has_these_alone(own, images)) return true;
  for (auto at = yaml::find_word(own, container_key); at != std::string_view::npos;
       at = yaml::find_word(own, container_key, at + 1)) {
    const std::size_t end = at + container_key.size();
    if (end == own.size() || !is_letter(own[end])) return true;
  }
  return yaml::find_word(own, pin::repository_keys.front()) != std::string_view::npos;
}

}  // namespace pinhook::files
