#include <pinhook/yaml/plain_source.hpp>

#include <pinhook/base/utf8.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace pinhook::yaml {
namespace {

// A longer key on one line is invalid beyond 1,024 characters.
constexpr std::size_t max_key = 256;

constexpr std::string_view flow_signs = ",[]{}";

constexpr std::array<bool, 256> table_of(std::string_view characters) {
  std::array<bool, 256> out{};
  for (const char c : characters) out[static_cast<unsigned char>(c)] = true;
  return out;
}

// What may end a plain scalar, in blocks and between brackets.
constexpr auto block_stops = table_of("\n:#");
constexpr auto flow_stops = table_of("\n:#,[]{}");
// What begins something else than a plain scalar.
constexpr auto indicators = table_of("-?:,[]{}#&*!|>'\"%@` \n");

bool is_in(const std::array<bool, 256>& table, char c) { return table[static_cast<unsigned char>(c)]; }

// True when the text has no control characters but line feeds. `has_high`: it has more than ASCII.
bool has_no_controls(std::string_view text, bool& has_high) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t highs = ones * 0x80U;
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20U && c != '\n') || c == '\x7f'; };
  std::uint64_t seen = 0;
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    seen |= word;
    const std::uint64_t del = word ^ (ones * 0x7fU);
    // A high bit for each byte below 0x20, or for DEL; a byte beside one may have one too.
    const std::uint64_t maybe = (((word - ones * 0x20U) & ~word) | ((del - ones) & ~del)) & highs;
    if (maybe != 0)
      for (std::size_t i = at; i < at + sizeof word; ++i)
        if (is_control(text[i])) return false;
  }
  for (; at < text.size(); ++at) {
    if (is_control(text[at])) return false;
    seen |= static_cast<unsigned char>(text[at]);
  }
  has_high = (seen & highs) != 0;
  return true;
}

// True for text beyond ASCII in which only line feeds end lines: no C1 controls, U+2028, U+2029, byte order marks.
bool has_plain_characters(std::string_view text) {
  if (first_invalid_utf8(text)) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (byte(at) == 0xc2U && byte(at + 1) < 0xa0U) return false;
    if (byte(at) == 0xe2U && byte(at + 1) == 0x80U && (byte(at + 2) == 0xa8U || byte(at + 2) == 0xa9U)) return false;
    if (byte(at) == 0xefU && byte(at + 1) >= 0xbbU) return false;
  }
  return true;
}

// Every function that gives a bool gives false for what this reader leaves to the other one.
class plain_reader {
 public:
  plain_reader(std::string_view text, const source_limits& limits, bool has_high)
      : text_(text), limits_(limits), has_high_(has_high) {}

  bool run() {
    while (at_ < text_.size()) {
      line_begin_ = at_;
      while (is_at(' ')) ++at_;
      if (is_at('#')) {
        skip_line();
      } else if (at_ >= text_.size() || is_at('\n')) {
        next_line();
      } else if (!take_line(at_ - line_begin_)) {
        return false;
      }
    }
    if (out_.documents.empty() || !end_document()) return false;
    for (std::size_t i = 0; i < out_.documents.size(); ++i)
      out_.documents[i].span.end = i + 1 < out_.documents.size() ? out_.documents[i + 1].span.begin : text_.size();
    return true;
  }

  source take() { return std::move(out_); }

 private:
  // A collection that is not closed yet.
  struct level {
    node_index node = no_node;
    node_index last = no_node;
    std::size_t indent = 0;
    bool is_mapping = false;
    bool is_flow = false;
    /// Its last key, or its last dash, has no value yet.
    bool is_waiting = false;
  };

  [[nodiscard]] bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  /// The character, or a line feed at the end.
  [[nodiscard]] char peek(std::size_t at) const { return at < text_.size() ? text_[at] : '\n'; }
  [[nodiscard]] bool ends_word(std::size_t at) const { return peek(at) == ' ' || peek(at) == '\n'; }
  [[nodiscard]] bool is_dash(std::size_t at) const { return peek(at) == '-' && ends_word(at + 1); }

  void next_line() {
    ++at_;
    ++line_;
  }

  void skip_line() {
    at_ = std::min(text_.find('\n', at_), text_.size());
    next_line();
  }

  // The rest of a line after a value: nothing, or a comment.
  bool end_line() {
    const std::size_t from = at_;
    while (is_at(' ')) ++at_;
    if (is_at('#')) {
      if (at_ == from) return false;
      skip_line();
      return true;
    }
    if (at_ < text_.size() && text_[at_] != '\n') return false;
    next_line();
    return true;
  }

  source_document& document() { return out_.documents.back(); }

  void begin_document() {
    const std::size_t nodes = out_.documents.empty() ? text_.size() / 64 : document().nodes.size();
    const std::size_t begin = out_.documents.empty() ? 0 : line_begin_;
    auto& added = out_.documents.emplace_back();
    added.span.begin = begin;
    added.nodes.reserve(std::min<std::size_t>(nodes, 4096));
    behind_ = begin;
  }

  // A document without a value is left to the other reader.
  bool end_document() {
    while (!open_.empty()) close();
    return document().root != no_node;
  }

  bool take_marker() {
    if (!out_.documents.empty() && !end_document()) return false;
    begin_document();
    at_ += 3;
    return end_line();
  }

  // A line with content, whose first character is at `at_`.
  bool take_line(std::size_t indent) {
    if (indent == 0) {
      const std::string_view three = text_.substr(at_, 3);
      if (three == "---" && ends_word(at_ + 3)) return take_marker();
      if (three == "...") return false;
    }
    if (out_.documents.empty()) begin_document();
    if (open_.empty()) return document().root == no_node && take_node(indent);
    const bool has_dash = is_dash(at_);
    if (open_.back().is_waiting) {
      const level& top = open_.back();
      if (indent > top.indent || (indent == top.indent && top.is_mapping && has_dash)) return take_node(indent);
      add_empty();
    }
    while (open_.back().indent > indent) {
      close();
      if (open_.empty()) return false;
    }
    if (!open_.back().is_mapping && !has_dash && is_at_key()) close();
    const level& top = open_.back();
    if (top.indent != indent || top.is_mapping == has_dash) return false;
    return has_dash ? take_item() : take_key();
  }

  // A value in a block, whose first character is at `at_`, `indent` characters behind the begin of the line.
  bool take_node(std::size_t indent) {
    if (is_dash(at_)) return open(false, false, indent) && take_item();
    if (is_at('[') || is_at('{')) return take_flow() && end_line();
    source_node n;
    if (!take_scalar(block_stops, n)) return false;
    if (is_colon(at_)) return open_at(n, indent) && add_key(n);
    return !open_.empty() && add(n) && end_line();
  }

  // The dash is at `at_`; what is behind it may be a sequence or mapping that begins there.
  bool take_item() {
    for (;;) {
      open_.back().is_waiting = true;
      const std::size_t behind = ++at_;
      while (is_at(' ')) ++at_;
      // libfyaml 0.7 refuses an empty item where the sequence begins at its key.
      if (at_ >= text_.size() || is_at('\n') || is_at('#')) return !is_at_key() && end_empty(behind);
      if (!is_dash(at_)) return take_node(at_ - line_begin_);
      if (!open(false, false, at_ - line_begin_)) return false;
    }
  }

  // True for a sequence that begins where its key does.
  [[nodiscard]] bool is_at_key() const {
    return open_.size() > 1 && open_[open_.size() - 2].is_mapping &&
           open_[open_.size() - 2].indent == open_.back().indent;
  }

  bool take_key() {
    source_node n;
    if (!take_scalar(block_stops, n) || !is_colon(at_)) return false;
    return add_key(n);
  }

  [[nodiscard]] bool is_colon(std::size_t at) const { return peek(at) == ':' && ends_word(at + 1); }

  // The ':' of the key is at `at_`; its value follows on the line, or on the next ones.
  bool add_key(const source_node& key) {
    if (key.span.size() > max_key || !add(key)) return false;
    open_.back().is_waiting = true;
    const std::size_t behind = ++at_;
    while (is_at(' ')) ++at_;
    if (at_ >= text_.size() || is_at('\n') || is_at('#')) return end_empty(behind);
    if (is_at('[') || is_at('{')) return take_flow() && end_line();
    source_node n;
    return take_scalar(block_stops, n) && !is_colon(at_) && add(n) && end_line();
  }

  // The end of a line without a value behind the sign that ends at `behind`.
  bool end_empty(std::size_t behind) {
    at_ = behind;
    empty_ = behind;
    empty_line_ = line_;
    empty_column_ = column_of(behind);
    return end_line();
  }

  // The value that did not come.
  void add_empty() {
    source_node n;
    n.span = {empty_, empty_};
    n.line = empty_line_;
    n.column = empty_column_;
    link(n);
    behind_ = empty_;
  }

  // A scalar on one line; afterwards `at_` is at the next character that is no space. Leaves escapes to the other
  // reader.
  bool take_scalar(const std::array<bool, 256>& stops, source_node& n) {
    const std::size_t begin = at_;
    n.line = line_;
    n.column = column_of(begin);
    const char first = peek(at_);
    if (first == '"' || first == '\'') {
      const std::size_t end = text_.find_first_of(first == '"' ? "\"\\\n" : "'\n", at_ + 1);
      if (end == std::string_view::npos || text_[end] != first || peek(end + 1) == first) return false;
      n.form = first == '"' ? scalar_form::double_quoted : scalar_form::single_quoted;
      n.text = text_.substr(begin + 1, end - begin - 1);
      at_ = end + 1;
      n.span = {begin, at_};
    } else {
      if (is_in(indicators, first) && (first != '-' || ends_word(at_ + 1) || flow_signs.contains(peek(at_ + 1))))
        return false;
      at_ = plain_end(stops);
      std::size_t end = at_;
      while (text_[end - 1] == ' ') --end;
      n.form = scalar_form::plain;
      n.span = {begin, end};
      n.text = text_.substr(begin, end - begin);
      at_ = end;
    }
    const std::size_t end = at_;
    while (is_at(' ')) ++at_;
    // A comment needs the space before it.
    if (is_at('#')) at_ = end;
    return true;
  }

  // Where the plain scalar ends that begins at `at_`: at the end of the line, a comment, the ':' of a key, a bracket.
  [[nodiscard]] std::size_t plain_end(const std::array<bool, 256>& stops) const {
    const bool is_flow = &stops == &flow_stops;
    for (std::size_t at = at_ + 1; at < text_.size(); ++at) {
      const char c = text_[at];
      if (!is_in(stops, c)) continue;
      if (c == '#' && text_[at - 1] != ' ') continue;
      if (c == ':' && !ends_word(at + 1) && !(is_flow && flow_signs.contains(peek(at + 1)))) continue;
      return at;
    }
    return text_.size();
  }

  // Brackets and all between them. Values that are not written, pairs in sequences and commas before a closing
  // bracket are left to the other reader.
  bool take_flow() {
    const std::size_t outer = open_.size();
    if (!open_flow()) return false;
    bool may_begin = true;
    while (open_.size() > outer) {
      if (!skip_flow_blanks()) return false;
      const level& top = open_.back();
      const char c = peek(at_);
      if (c == ']' || c == '}') {
        if ((c == '}') != top.is_mapping || (may_begin && top.last != no_node)) return false;
        behind_ = ++at_;
        close();
        may_begin = false;
      } else if (!may_begin) {
        if (c != ',') return false;
        ++at_;
        may_begin = true;
      } else {
        if (top.is_mapping && !take_flow_key()) return false;
        const bool opens = is_at('[') || is_at('{');
        if (opens ? !open_flow() : !take_flow_scalar()) return false;
        may_begin = opens;
      }
    }
    return true;
  }

  bool take_flow_key() {
    source_node key;
    if (!take_scalar(flow_stops, key) || !is_at(':') || key.span.size() > max_key) return false;
    ++at_;
    // JSON needs no space behind its keys.
    if (key.form == scalar_form::plain && !ends_word(at_)) return false;
    return add(key) && skip_flow_blanks();
  }

  bool take_flow_scalar() {
    source_node n;
    return take_scalar(flow_stops, n) && !is_at(':') && add(n);
  }

  bool open_flow() {
    if (!open(is_at('{'), true, 0)) return false;
    behind_ = ++at_;
    return true;
  }

  // Spaces, ends of lines and comments between brackets; false at the end of the text, or at a document's marker.
  bool skip_flow_blanks() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '#') {
        if (text_[at_ - 1] != ' ' && text_[at_ - 1] != '\n') return false;
        at_ = text_.find('\n', at_);
        if (at_ == std::string_view::npos) return false;
      }
      if (text_[at_] == '\n') {
        ++line_;
        line_begin_ = at_ + 1;
        const std::string_view three = text_.substr(line_begin_, 3);
        if (three == "---" || three == "...") return false;
      } else if (text_[at_] != ' ') {
        return true;
      }
    }
    return false;
  }

  bool open(bool is_mapping, bool is_flow, std::size_t indent) {
    source_node n;
    n.span = {at_, at_};
    n.line = line_;
    n.column = column_of(at_);
    n.is_flow = is_flow;
    return push(n, is_mapping, indent);
  }

  // The mapping whose first key is `key`.
  bool open_at(const source_node& key, std::size_t indent) {
    source_node n;
    n.span = {key.span.begin, key.span.begin};
    n.line = key.line;
    n.column = key.column;
    return push(n, true, indent);
  }

  bool push(source_node& n, bool is_mapping, std::size_t indent) {
    n.kind = is_mapping ? source_kind::mapping : source_kind::sequence;
    if (open_.size() >= limits_.depth || document().nodes.size() >= limits_.nodes) return false;
    open_.push_back({link(n), no_node, indent, is_mapping, n.is_flow, false});
    behind_ = n.span.begin;
    return true;
  }

  void close() {
    if (open_.back().is_waiting) add_empty();
    source_node& n = document().nodes[open_.back().node];
    n.span.end = std::max(n.span.begin, behind_);
    open_.pop_back();
  }

  bool add(const source_node& n) {
    if (document().nodes.size() >= limits_.nodes) return false;
    link(n);
    behind_ = n.span.end;
    return true;
  }

  // Appends a node below the innermost open collection, which then waits for no value.
  node_index link(const source_node& n) {
    auto& nodes = document().nodes;
    const auto index = static_cast<node_index>(nodes.size());
    nodes.push_back(n);
    if (open_.empty()) {
      document().root = index;
      return index;
    }
    level& up = open_.back();
    nodes[index].parent = up.node;
    (up.last == no_node ? nodes[up.node].first : nodes[up.last].next) = index;
    up.last = index;
    up.is_waiting = false;
    return index;
  }

  [[nodiscard]] std::uint32_t column_of(std::size_t at) const {
    std::size_t out = at - line_begin_ + 1;
    if (has_high_)
      for (std::size_t i = line_begin_; i < at; ++i)
        if ((static_cast<unsigned char>(text_[i]) & 0xC0U) == 0x80U) --out;
    return static_cast<std::uint32_t>(out);
  }

  std::string_view text_;
  const source_limits& limits_;
  bool has_high_;
  source out_;
  std::vector<level> open_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t line_ = 1;
  /// After the last byte that belongs to a node.
  std::size_t behind_ = 0;
  /// The place of the value that the innermost collection waits for.
  std::size_t empty_ = 0;
  std::uint32_t empty_line_ = 1;
  std::uint32_t empty_column_ = 1;
};

}  // namespace

std::optional<source> read_plain_source(std::string_view text, const source_limits& limits) {
  bool has_high = false;
  if (text.size() > limits.size || !has_no_controls(text, has_high)) return std::nullopt;
  if (has_high && !has_plain_characters(text)) return std::nullopt;
  plain_reader reader(text, limits, has_high);
  if (!reader.run()) return std::nullopt;
  return reader.take();
}

}  // namespace pinhook::yaml
