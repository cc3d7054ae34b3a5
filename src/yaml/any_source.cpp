#include <pinhook/yaml/any_source.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/yaml/block_scalar.hpp>
#include <pinhook/yaml/event_stream.hpp>
#include <pinhook/yaml/merge_count.hpp>
#include <pinhook/yaml/quoted_text.hpp>

#include <fmt/core.h>
#include <libfyaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace pinhook::yaml {
namespace {

// Skips white space and whole comments.
std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
    } else if (text[at] == '#' && at > 0 && is_space(text[at - 1])) {
      while (at < text.size() && !is_break(text[at])) ++at;
    } else {
      break;
    }
  }
  return at;
}

// True when these bytes, between the quotes if there are any, are the value: one line without escapes.
bool is_value(scalar_form form, std::string_view raw) {
  switch (form) {
    case scalar_form::plain:
      return raw.find_first_of("\r\n") == std::string_view::npos;
    case scalar_form::single_quoted:
      return raw.find_first_of("\r\n'") == std::string_view::npos;
    case scalar_form::double_quoted:
      return raw.find_first_of("\r\n\\") == std::string_view::npos;
    default:
      return false;
  }
}

bool is_block(scalar_form f) { return f == scalar_form::literal || f == scalar_form::folded; }
bool is_quoted(scalar_form f) { return f == scalar_form::single_quoted || f == scalar_form::double_quoted; }

// A text with more of such blocks, each behind the other, is refused: each may take a further reading.
constexpr int max_readings = 100;

// Builds the nodes of each document in turn from the events. Where the events are those of a text in which letters
// stand in place of the signs of blocks without lines (block_scalar.hpp), `text` still has the signs.
class tree_builder {
 public:
  tree_builder(std::string_view text, event_stream& events, const source_limits& limits, source& out)
      : text_(text), events_(events), limits_(limits), out_(out), counted_(text.starts_with("\xef\xbb\xbf") ? 3 : 0) {}

  result<void> run() {
    while (fy_event* e = events_.next())
      if (auto ok = take(e); !ok) return ok;
    if (auto problem = events_.problem()) return fail(std::move(*problem));
    if (!open_.empty()) return fail(error_code::malformed, "the document ends in the middle");
    for (std::size_t i = 0; i < out_.documents.size(); ++i)
      out_.documents[i].span.end = i + 1 < out_.documents.size() ? out_.documents[i + 1].span.begin : text_.size();
    return {};
  }

  /// The signs of blocks that have no lines, to which libfyaml gave the lines behind them: the nodes are not those of
  /// the text.
  [[nodiscard]] const std::vector<text_span>& empty_signs() const { return empty_signs_; }

 private:
  // A collection that is not closed yet.
  struct level {
    node_index node = no_node;
    node_index last = no_node;
    std::size_t children = 0;
    bool is_in_key = false;
  };

  result<void> take(fy_event* e) {
    switch (e->type) {
      case FYET_DOCUMENT_START:
        begin_document(e);
        return {};
      case FYET_SCALAR:
      case FYET_ALIAS:
        return add_leaf(e);
      case FYET_SEQUENCE_START:
      case FYET_MAPPING_START:
        return open_collection(e);
      case FYET_SEQUENCE_END:
      case FYET_MAPPING_END:
        return close_collection(e);
      default:
        return {};
    }
  }

  void begin_document(fy_event* e) {
    const fy_mark* mark = fy_event_start_mark(e);
    // One without "---" begins where the last ended: libfyaml 0.8 gives it the mark of its first token, 0.7 none.
    std::size_t begin = mark == nullptr || e->document_start.implicit ? behind_ : mark->input_pos;
    if (out_.documents.empty()) begin = 0;
    out_.documents.emplace_back().span.begin = begin;
    anchors_.clear();
    merges_ = merge_count(text_.size());
    behind_ = begin;
  }

  source_document& document() { return out_.documents.back(); }

  // Appends a node below the innermost open collection. Anchors are known by name from here on.
  result<node_index> add(fy_event* e, source_node n) {
    auto& nodes = document().nodes;
    if (nodes.size() >= limits_.nodes)
      return refuse_at(n.line, n.column, fmt::format("more than {} values in one document", limits_.nodes));
    n.has_tag = fy_event_get_tag_token(e) != nullptr;
    fy_token* anchor = e->type == FYET_ALIAS ? nullptr : fy_event_get_anchor_token(e);
    n.has_anchor = anchor != nullptr;
    const auto index = static_cast<node_index>(nodes.size());
    if (open_.empty()) {
      document().root = index;
    } else {
      level& up = open_.back();
      if (up.is_in_key && is_at_key() && is_long_key(skip_blanks(text_, behind_)))
        return refuse_at(n.line, n.column, "a \"?\" inside of a key; write the key in one line, in braces or brackets");
      n.parent = up.node;
      (up.last == no_node ? nodes[up.node].first : nodes[up.last].next) = index;
      up.last = index;
      ++up.children;
      begin_no_later(up.node, n);
    }
    nodes.push_back(n);
    if (anchor != nullptr) {
      std::size_t size = 0;
      const char* name = fy_token_get_text(anchor, &size);
      anchors_.insert_or_assign(std::string(name == nullptr ? "" : name, size), index);
    }
    return index;
  }

  // The next node is a key of the innermost open collection.
  [[nodiscard]] bool is_at_key() const {
    const source_node& up = out_.documents.back().nodes[open_.back().node];
    return up.kind == source_kind::mapping && open_.back().children % 2 == 0;
  }

  // Behind "?" keys inside of such a key, libfyaml 0.7 gives the value to another mapping.
  [[nodiscard]] bool is_long_key(std::size_t at) const {
    return at + 1 < text_.size() && text_[at] == '?' && is_space(text_[at + 1]);
  }

  // libfyaml gives the ':' as the start of a pair in a flow sequence ("[a: 1]").
  void begin_no_later(node_index collection, const source_node& child) {
    auto& nodes = document().nodes;
    for (node_index i = collection; i != no_node && nodes[i].span.begin > child.span.begin; i = nodes[i].parent) {
      nodes[i].span.begin = child.span.begin;
      nodes[i].line = child.line;
      nodes[i].column = child.column;
    }
  }

  void place(source_node& n, const fy_mark* from) {
    n.line = static_cast<std::uint32_t>(from->line) + 1;
    n.column = static_cast<std::uint32_t>(from->column) + 1;
  }

  result<void> add_leaf(fy_event* e) {
    source_node n;
    const fy_mark* begin = fy_event_start_mark(e);
    const fy_mark* end = fy_event_end_mark(e);
    fy_token* token = fy_event_get_token(e);
    if (token == nullptr || begin == nullptr || end == nullptr) return add_empty(e);
    place(n, begin);
    n.span = {begin->input_pos, end->input_pos};
    if (e->type == FYET_ALIAS)
      n.kind = source_kind::alias;
    else
      n.form = form_of(token);
    // For a value that is not written libfyaml 0.7 has no token, and 0.8 an empty one before its ':' or further away.
    if (n.form == scalar_form::plain && n.span.size() == 0) return add_empty(e);
    if (!take_block(n)) n.text = value_of(n, token);
    // The marks of quoted text and of aliases leave out the quotes and the star.
    if (n.kind == source_kind::alias || is_quoted(n.form)) {
      --n.span.begin;
      --n.column;
      if (n.kind != source_kind::alias) ++n.span.end;
    }
    // libfyaml 0.7 reads keys without a name beside each other ("a: : : |"), which YAML forbids, and then lines twice.
    if (n.span.begin < behind_leaf_) return refuse_at(n.line, n.column, "a value inside of the one before it");
    if (n.kind == source_kind::alias)
      if (auto ok = aim(n); !ok) return ok;
    if (const auto added = add(e, n); !added) return fail(added.error());
    behind_leaf_ = behind_ = n.span.end;
    return {};
  }

  // False: it is no block, or one whose sign is not found.
  bool take_block(source_node& n) {
    // No plain text begins so: a letter is in its place.
    if (n.form == scalar_form::plain && (text_[n.span.begin] == '|' || text_[n.span.begin] == '>')) {
      make_empty_block(n, n.span.begin);
      return true;
    }
    const auto sign = is_block(n.form) ? block_sign(text_, behind_, n.span.begin) : std::nullopt;
    if (!sign) return false;
    const std::size_t indent = open_.empty() ? 0 : indent_of_open();
    const std::string_view lines = text_.substr(n.span.begin, n.span.size());
    if (lines.find_first_not_of(" \r\n") == std::string_view::npos)
      make_block_without_tokens(n, *sign, indent);
    else if (!open_.empty() && is_outside_of_block(text_, n.span.begin, indent))
      empty_signs_.push_back(*sign);
    else
      n.text = own(lines, block_value(text_, *sign, n.span, indent));
    return true;
  }

  // The spaces before the innermost open collection.
  [[nodiscard]] std::size_t indent_of_open() const {
    const source_node& up = out_.documents.back().nodes[open_.back().node];
    const std::size_t column = up.column - 1;
    return up.kind == source_kind::sequence ? column : std::min(column, indent_of_line(text_, up.span.begin));
  }

  // libfyaml 0.7 takes a line that begins with "#" for a comment, and so no line for the block's, where it is indented
  // less than the sign on a line of its own.
  void make_block_without_tokens(source_node& n, const text_span& sign, std::size_t indent) {
    const text_span lines = open_.empty() ? text_span{} : block_lines(text_, sign.begin, indent);
    if (lines.size() == 0) return make_empty_block(n, sign.begin);
    n.span = lines;
    n.text = own(text_.substr(lines.begin, lines.size()), block_value(text_, sign, lines, indent));
  }

  void make_empty_block(source_node& n, std::size_t sign) {
    n.form = text_[sign] == '|' ? scalar_form::literal : scalar_form::folded;
    empty_block block = empty_block_at(text_, sign);
    n.line += static_cast<std::uint32_t>(sign == n.span.begin ? 1 : 0);
    n.column = 1;
    n.span = block.span;
    n.text = own("", std::move(block.value));
  }

  // The value, as a part of the text where it is written there.
  std::string_view own(std::string_view raw, std::string value) {
    return raw == value ? raw : std::string_view(out_.owned.emplace_back(std::move(value)));
  }

  // libfyaml is asked only where needed: unfolding is half of its work.
  std::string_view value_of(const source_node& n, fy_token* token) {
    const std::string_view raw = text_.substr(n.span.begin, n.span.size());
    if (is_value(n.form, raw)) return raw;
    if (is_quoted(n.form))
      if (auto quoted = read_quoted_text(text_, n.span, n.form == scalar_form::double_quoted ? '"' : '\''))
        return own(raw, std::move(quoted->value));
    std::size_t size = 0;
    const char* at = fy_token_get_text(token, &size);
    std::string_view value(at == nullptr ? "" : at, size);
    // libfyaml 0.7 counts characters of folded text that it does not write.
    while (value.ends_with('\0')) value.remove_suffix(1);
    return own(raw, std::string(value));
  }

  result<void> aim(source_node& alias) {
    const auto found = anchors_.find(alias.text);
    if (found == anchors_.end())
      return refuse_at(alias.line, alias.column,
                       fmt::format("the alias {} has no anchor before it", quoted(alias.text)));
    for (const level& one : open_)
      if (one.node == found->second)
        return refuse_at(alias.line, alias.column,
                         fmt::format("the alias {} is inside its own anchor", quoted(alias.text)));
    alias.target = found->second;
    return {};
  }

  // For "key:" or "-" without a value: the place after the ':' or the '-'.
  result<void> add_empty(fy_event* e) {
    source_node n;
    std::size_t at = behind_;
    if (!open_.empty()) {
      const level& up = open_.back();
      const bool is_value = document().nodes[up.node].kind == source_kind::mapping && up.children % 2 == 1;
      const bool is_item =
          document().nodes[up.node].kind == source_kind::sequence && !document().nodes[up.node].is_flow;
      const std::size_t next = skip_blanks(text_, behind_);
      const char sign = is_value ? ':' : '-';
      if ((is_value || is_item) && next < text_.size() && text_[next] == sign && is_lone(next)) at = next + 1;
    }
    // An anchor and a tag come before the value.
    for (fy_token* before : {fy_event_get_anchor_token(e), fy_event_get_tag_token(e)})
      if (const fy_mark* end = before == nullptr ? nullptr : fy_token_end_mark(before); end != nullptr)
        at = std::max(at, end->input_pos);
    n.span = {at, at};
    go_to(at);
    n.line = line_;
    n.column = column_;
    if (const auto added = add(e, n); !added) return fail(added.error());
    behind_ = at;
    return {};
  }

  // True when the ':' or '-' there is an indicator and not the start of a text.
  [[nodiscard]] bool is_lone(std::size_t at) const {
    return at + 1 >= text_.size() || is_space(text_[at + 1]) || std::string_view(",[]{}").contains(text_[at + 1]);
  }

  // Counts lines and columns up to `at`, which never decreases.
  void go_to(std::size_t at) {
    for (; counted_ < at; ++counted_) {
      const auto c = static_cast<unsigned char>(text_[counted_]);
      if (c == '\n') {
        ++line_;
        column_ = 1;
      } else if ((c & 0xC0U) != 0x80U) {
        ++column_;
      }
    }
  }

  result<void> open_collection(fy_event* e) {
    source_node n;
    n.kind = e->type == FYET_MAPPING_START ? source_kind::mapping : source_kind::sequence;
    if (const fy_mark* begin = fy_event_start_mark(e); begin != nullptr) {
      place(n, begin);
      n.span = {begin->input_pos, begin->input_pos};
      const char c = begin->input_pos < text_.size() ? text_[begin->input_pos] : '\0';
      n.is_flow = fy_event_get_node_style(e) == FYNS_FLOW && (c == '{' || c == '[');
    }
    if (open_.size() >= limits_.depth)
      return refuse_at(n.line, n.column, fmt::format("nested deeper than {} levels", limits_.depth));
    const bool is_in_key = !open_.empty() && (open_.back().is_in_key || is_at_key());
    const auto added = add(e, n);
    if (!added) return fail(added.error());
    behind_ = n.is_flow ? n.span.begin + 1 : n.span.begin;
    open_.push_back({*added, no_node, 0, is_in_key});
    return {};
  }

  result<void> close_collection(fy_event* e) {
    const node_index closed = open_.back().node;
    source_node& n = document().nodes[closed];
    if (n.is_flow) {
      if (const fy_mark* end = fy_event_end_mark(e); end != nullptr) behind_ = std::max(behind_, end->input_pos);
    }
    n.span.end = std::max(n.span.begin, behind_);
    open_.pop_back();
    return n.kind == source_kind::mapping && !anchors_.empty() ? merges_.add(document(), closed) : result<void>();
  }

  std::string_view text_;
  event_stream& events_;
  const source_limits& limits_;
  source& out_;
  std::vector<level> open_;
  std::map<std::string, node_index, std::less<>> anchors_;
  std::vector<text_span> empty_signs_;
  merge_count merges_{0};
  /// After the last byte that belongs to a node.
  std::size_t behind_ = 0;
  std::size_t behind_leaf_ = 0;  // the last one that is written
  /// The line and column of the byte `counted_`, for empty values.
  std::size_t counted_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
};

}  // namespace

result<source> read_any_source(std::string_view text, const source_limits& limits) {
  if (auto ok = check_text(text, limits.size); !ok) return fail(std::move(ok.error()));
  if (text.empty()) return source{};
  // Holds letters where the text has the signs of blocks without lines.
  std::string clear;
  for (int reading = 0; reading < max_readings; ++reading) {
    source out;
    event_stream events(clear.empty() ? text : std::string_view(clear));
    if (!events.is_ready()) return fail(error_code::internal, "libfyaml cannot create a parser");
    tree_builder builder(text, events, limits, out);
    const auto done = builder.run();
    if (builder.empty_signs().empty()) {
      if (!done) return fail(done.error());
      return out;
    }
    if (clear.empty()) clear = text;
    for (const text_span& sign : builder.empty_signs()) {
      std::fill_n(clear.begin() + static_cast<std::ptrdiff_t>(sign.begin), sign.size(), ' ');
      clear[sign.begin] = 'x';
    }
  }
  return fail(error_code::malformed,
              fmt::format("more than {} blocks without a line, each behind the other: write \"\" in place of | or >",
                          max_readings));
}

}  // namespace pinhook::yaml
