#include "found_slots.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pinhook::test {
namespace {

using files::found_image;
using yaml::no_node;
using yaml::scalar_form;

// Line and column of an offset, counted independently of the reader.
std::string place_of(std::string_view text, std::size_t offset) {
  std::size_t line = 1, column = 1;
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  for (std::size_t i = text.starts_with(mark) ? mark.size() : 0; i < offset; ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      ++column;
    }
  }
  return fmt::format("{}:{}", line, column);
}

bool is_block(const yaml::source_node& n) { return n.form == scalar_form::literal || n.form == scalar_form::folded; }

// The bytes of a scalar, read alone, give the same text.
void expect_in_text(const yaml::source_document& doc, std::string_view text, yaml::node_index i) {
  const yaml::source_node& n = doc.at(doc.resolve(i));
  ASSERT_EQ(n.kind, yaml::source_kind::scalar);
  ASSERT_LE(n.span.begin, n.span.end);
  ASSERT_LE(n.span.end, text.size());
  ASSERT_LE(doc.span.begin, n.span.begin);
  ASSERT_LE(n.span.end, doc.span.end);
  const std::string_view raw = text.substr(n.span.begin, n.span.size());
  if (n.form == scalar_form::none) {
    EXPECT_TRUE(raw.empty() && n.text.empty());
    return;
  }
  if (is_block(n)) {
    EXPECT_NE(raw.find(n.text.substr(0, n.text.find_last_not_of('\n') + 1)), raw.npos) << raw;
    return;
  }
  const auto alone = yaml::read_source(raw);
  ASSERT_TRUE(alone) << raw;
  ASSERT_EQ(alone->documents.size(), 1U) << raw;
  ASSERT_EQ(alone->documents[0].root, 0U) << raw;
  EXPECT_EQ(alone->documents[0].at(0).text, n.text) << raw;
}

void expect_in_text(const yaml::source& from, std::string_view text, const found_image& image) {
  const files::slot& s = image.slot;
  ASSERT_LT(image.tree, from.documents.size());
  const yaml::source_document& doc = from.documents[image.tree];
  const bool is_inner = image.tree != s.document;
  const std::string place = fmt::format("{}:{}", s.line, s.column);
  if (s.form == files::slot_form::scalar) {
    ASSERT_NE(image.scalar, no_node);
    // For a block the first letter after its indentation.
    const std::size_t begin = doc.at(image.scalar).span.begin;
    EXPECT_EQ(place, place_of(text, is_block(doc.at(image.scalar)) ? text.find_first_not_of(" \r\n", begin) : begin));
    if (!is_inner) {
      EXPECT_EQ(doc.at_pointer(doc.root, s.pointer), image.scalar) << s.pointer;
    }
    EXPECT_EQ(doc.at(doc.resolve(image.scalar)).text, image.before + s.written);
    expect_in_text(doc, text, image.scalar);
    return;
  }
  ASSERT_NE(image.mapping, no_node);
  ASSERT_NE(image.name, no_node);
  if (!is_inner) {
    EXPECT_EQ(doc.resolve(doc.at_pointer(doc.root, s.pointer)), image.mapping) << s.pointer;
  }
  bool has_place = false;
  for (const auto i : {image.registry, image.name, image.tag_key, image.tag, image.digest_key, image.digest}) {
    if (i == no_node) continue;
    expect_in_text(doc, text, i);
    has_place = has_place || place == place_of(text, doc.at(i).span.begin);
  }
  EXPECT_TRUE(has_place) << place;
  if (image.tag != no_node) {
    EXPECT_EQ(doc.at(image.tag_key).next, image.tag);
  }
  if (image.digest != no_node) {
    EXPECT_EQ(doc.at(image.digest_key).next, image.digest);
  }
}

std::string line_of(const files::slot& s) {
  const std::string meaning = s.reason != files::skip_reason::none ? fmt::format("({})", to_string(s.reason))
                              : s.tag                              ? s.tag->written()
                                                                   : "-";
  return fmt::format("{}:{} {} | {} | {} | {} | {}", s.line, s.column, s.pointer, s.object, s.name, s.written, meaning);
}

}  // namespace

std::vector<std::string> found_slots(std::string_view text, std::string_view path, const files::image_places& places) {
  auto from = yaml::read_source(text);
  if (!from) return {fmt::format("{}: {}", to_string(from.error().code), from.error().message)};
  const auto found = files::find_images(*from, text, path, places);
  if (!found) return {fmt::format("{}: {}", to_string(found.error().code), found.error().message)};
  EXPECT_TRUE(found->empty() || files::may_hold_images(text, path, places)) << text;
  std::vector<std::string> out;
  for (const found_image& image : *found) {
    SCOPED_TRACE(image.slot.pointer);
    expect_in_text(*from, text, image);
    const bool has_problem =
        image.slot.reason == files::skip_reason::invalid || image.slot.reason == files::skip_reason::overridden;
    EXPECT_TRUE(!has_problem || !image.slot.problem.empty());
    EXPECT_TRUE(image.slot.ref || image.slot.reason != files::skip_reason::none);
    out.push_back(line_of(image.slot));
  }
  return out;
}

}  // namespace pinhook::test
