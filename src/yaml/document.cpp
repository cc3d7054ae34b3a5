#include <pinhook/yaml/document.hpp>

#include <pinhook/yaml/any_source.hpp>
#include <pinhook/yaml/block_scalar.hpp>
#include <pinhook/yaml/event_stream.hpp>
#include <pinhook/yaml/quoted_text.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>
#include <libfyaml.h>

#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

namespace pinhook::yaml {
namespace {

class builder {
 public:
  builder(std::string_view text, event_stream& events, const parse_limits& limits)
      : text_(text), events_(events), limits_(limits) {}

  result<node> document() {
    node root;
    bool seen = false;
    while (fy_event* e = events_.next()) {
      if (e->type == FYET_STREAM_START || e->type == FYET_STREAM_END || e->type == FYET_DOCUMENT_END) continue;
      const auto [line, column] = place(e);
      if (e->type == FYET_DOCUMENT_START) {
        if (seen) return refuse_at(line, column, "a second document begins; only one is allowed");
        seen = true;
        continue;
      }
      auto value = build(e, 0);
      if (!value) return value;
      place_unwritten(*value, 1, 1);
      root = std::move(*value);
    }
    if (auto problem = events_.problem()) return fail(std::move(*problem));
    return root;
  }

 private:
  static std::pair<std::size_t, std::size_t> place(fy_event* e) {
    const fy_mark* mark = fy_event_start_mark(e);
    if (mark == nullptr) return {1, 1};
    // Marks count from 0, and those of quoted text and aliases point after the quote or the star.
    fy_token* token = e->type == FYET_SCALAR ? fy_event_get_token(e) : nullptr;
    const auto style = token == nullptr ? FYSS_PLAIN : fy_token_scalar_style(token);
    const bool is_behind = e->type == FYET_ALIAS || style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    return {static_cast<std::size_t>(mark->line) + 1, static_cast<std::size_t>(mark->column) + (is_behind ? 0 : 1)};
  }

  // A value that is not written gets the position of its key or its list: libfyaml 0.7 gives it none, 0.8 another one.
  static void place_unwritten(node& value, std::size_t line, std::size_t column) {
    const bool is_written =
        value.kind != node_kind::scalar || value.style != scalar_style::plain || !value.text.empty();
    if (is_written) return;
    value.line = line;
    value.column = column;
  }

  std::unexpected<error> ended_early() const {
    if (auto problem = events_.problem()) return fail(std::move(*problem));
    return fail(error_code::malformed, "the document ends in the middle");
  }

  // The node that begins with `e`. Recursion is bounded by limits_.depth.
  result<node> build(fy_event* e, std::size_t depth) {
    node out;
    std::tie(out.line, out.column) = place(e);
    if (e->type == FYET_ALIAS)
      return refuse_at(out.line, out.column,
                       "an alias (*name); write the value itself, and a text that begins with * in quotes");
    if (fy_event_get_anchor_token(e) != nullptr)
      return refuse_at(out.line, out.column, "an anchor (&name); write the value where it is needed");
    if (fy_event_get_tag_token(e) != nullptr) return refuse_at(out.line, out.column, "a tag (!name); leave it out");
    switch (e->type) {
      case FYET_SCALAR:
        read_scalar(e, out);
        return out;
      case FYET_SEQUENCE_START:
        out.kind = node_kind::sequence;
        break;
      case FYET_MAPPING_START:
        out.kind = node_kind::mapping;
        break;
      default:
        return refuse_at(out.line, out.column, "something that is neither text nor a list nor a mapping");
    }
    if (depth >= limits_.depth)
      return refuse_at(out.line, out.column, fmt::format("nested deeper than {} levels", limits_.depth));
    auto filled = out.kind == node_kind::sequence ? fill_sequence(out, depth) : fill_mapping(out, depth);
    if (!filled) return fail(std::move(filled.error()));
    return out;
  }

  result<void> fill_sequence(node& out, std::size_t depth) {
    while (fy_event* e = events_.next()) {
      if (e->type == FYET_SEQUENCE_END) return {};
      auto item = build(e, depth + 1);
      if (!item) return fail(std::move(item.error()));
      place_unwritten(*item, out.line, out.column);
      out.items.push_back(std::move(*item));
    }
    return ended_early();
  }

  result<void> fill_mapping(node& out, std::size_t depth) {
    std::unordered_set<std::string> keys;
    while (fy_event* e = events_.next()) {
      if (e->type == FYET_MAPPING_END) return {};
      auto key = build(e, depth + 1);
      if (!key) return fail(std::move(key.error()));
      place_unwritten(*key, out.line, out.column);
      if (key->kind != node_kind::scalar) return refuse_at(key->line, key->column, "a key must be text");
      if (!keys.insert(key->text).second)
        return refuse_at(key->line, key->column, fmt::format("duplicate key {}", quoted(key->text)));
      fy_event* next = events_.next();
      if (next == nullptr) break;
      auto value = build(next, depth + 1);
      if (!value) return fail(std::move(value.error()));
      place_unwritten(*value, key->line, key->column);
      out.members.push_back({std::move(key->text), key->line, key->column, std::move(*value)});
    }
    return ended_early();
  }

  void read_scalar(fy_event* e, node& out) const {
    fy_token* token = fy_event_get_token(e);
    if (token == nullptr) return;  // "key:" without a value
    std::size_t size = 0;
    const auto style = fy_token_scalar_style(token);
    const fy_mark* begin = fy_event_start_mark(e);
    const fy_mark* end = fy_event_end_mark(e);
    std::optional<quoted_text> quoted;
    if (begin != nullptr && end != nullptr && (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED))
      quoted = read_quoted_text(text_, {begin->input_pos, end->input_pos}, style == FYSS_DOUBLE_QUOTED ? '"' : '\'');
    if (quoted)
      out.text = std::move(quoted->value);
    else if (const char* text = fy_token_get_text(token, &size); text != nullptr)
      out.text.assign(text, size);
    out.style = style == FYSS_PLAIN ? scalar_style::plain : scalar_style::quoted;
  }

  std::string_view text_;
  event_stream& events_;
  parse_limits limits_;
};

// The text with "" in place of the signs of blocks without lines, since libfyaml takes the next key for their text.
// Lines stay, and columns before the signs.
std::string with_empty_texts(std::string_view text, const parse_limits& limits) {
  if (!text.contains('|') && !text.contains('>')) return std::string(text);
  const auto read = read_any_source(text, {.size = limits.size, .depth = limits.depth});
  if (!read) return std::string(text);
  std::vector<edit> edits;
  for (const source_document& doc : read->documents)
    for (std::size_t i = 0; i < doc.nodes.size(); ++i) {
      const source_node& n = doc.nodes[i];
      if ((n.form != scalar_form::literal && n.form != scalar_form::folded) || !n.text.empty()) continue;
      // Behind the key, or behind the begin of the list that holds it.
      const text_span before = i == 0 ? doc.span : doc.nodes[i - 1].span;
      const bool is_leaf = i > 0 && doc.nodes[i - 1].first == no_node;
      if (const auto sign = block_sign(text, is_leaf ? before.end : before.begin, n.span.begin))
        edits.push_back({*sign, "\"\""});
    }
  auto out = splice(text, std::move(edits));
  return out ? *std::move(out) : std::string(text);
}

}  // namespace

bool node::is_null() const {
  return kind == node_kind::scalar && style == scalar_style::plain &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

const node* node::find(std::string_view key) const {
  for (const auto& m : members)
    if (m.key == key) return &m.value;
  return nullptr;
}

result<node> parse(std::string_view text, const parse_limits& limits) {
  if (auto ok = check_text(text, limits.size); !ok) return fail(std::move(ok.error()));
  if (text.empty()) return node{};
  const std::string written = with_empty_texts(text, limits);
  event_stream events(written);
  if (!events.is_ready()) return fail(error_code::internal, "libfyaml cannot create a parser");
  return builder(written, events, limits).document();
}

std::string_view to_string(node_kind kind) noexcept {
  switch (kind) {
    case node_kind::scalar:
      return "a scalar";
    case node_kind::sequence:
      return "a list";
    case node_kind::mapping:
      return "a mapping";
  }
  return "a scalar";
}

}  // namespace pinhook::yaml
