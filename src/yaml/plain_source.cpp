#include <pinhook/yaml/plain_source.hpp>

#include <pinhook/yaml/any_source.hpp>
#include <pinhook/yaml/long_scalar.hpp>
#include <pinhook/yaml/plain_end.hpp>
#include <pinhook/yaml/plain_text.hpp>
#include <pinhook/yaml/plain_tree.hpp>
#include <pinhook/yaml/text_scan.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace pinhook::yaml {
namespace {

// A longer key on one line is invalid beyond 1,024 characters.
constexpr std::size_t max_key = 256;

// What begins something else than a plain scalar.
constexpr auto indicators = table_of("-?:,[]{}#&*!|>'\"%@` \n");

constexpr auto quoted_stops = table_of("\"'\\\n/{");

enum class around : std::uint8_t { block, brackets };

bool is_in(const std::array<bool, 256>& table, char c) { return table[static_cast<unsigned char>(c)]; }

// Every function that gives a bool gives false for what this reader leaves to the other one.
class plain_reader {
 public:
  plain_reader(std::string_view text, const source_limits& limits, bool has_high)
      : text_(text), has_high_(has_high), tree_(limits) {}

  bool run() {
    while (at_ < text_.size()) {
      line_begin_ = at_;
      // The line behind a plain scalar was looked at for more of it.
      at_ = content_ > line_begin_ ? content_ : behind_spaces(text_, at_);
      if (is_at('#')) {
        skip_line();
      } else if (at_ >= text_.size() || is_at('\n')) {
        next_line();
      } else if (!take_line(at_ - line_begin_)) {
        return false;
      }
    }
    return tree_.has_document() && tree_.end_document();
  }

  source take() { return tree_.finish(text_.size()); }

 private:
  [[nodiscard]] bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  /// The character, or a line feed at the end.
  [[nodiscard]] char peek(std::size_t at) const { return at < text_.size() ? text_[at] : '\n'; }
  [[nodiscard]] bool ends_word(std::size_t at) const { return yaml::ends_word(text_, at); }
  [[nodiscard]] bool is_dash(std::size_t at) const { return peek(at) == '-' && ends_word(at + 1); }

  void skip_spaces() { at_ = behind_spaces(text_, at_); }

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
    if (is_at('\n')) {
      next_line();
      return true;
    }
    const std::size_t from = at_;
    skip_spaces();
    if (is_at('#')) {
      if (at_ == from) return false;
      skip_line();
      return true;
    }
    if (at_ < text_.size() && text_[at_] != '\n') return false;
    next_line();
    return true;
  }

  // The first document begins with the text.
  void begin_document() { tree_.begin_document(tree_.has_document() ? line_begin_ : 0, text_.size() / 64); }

  bool take_marker() {
    if (tree_.has_document() && !tree_.end_document()) return false;
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
    if (!tree_.has_document()) begin_document();
    if (tree_.is_closed()) return !tree_.has_root() && take_node(indent);
    const bool has_dash = is_dash(at_);
    if (tree_.top().is_waiting) {
      const auto& top = tree_.top();
      if (indent > top.indent || (indent == top.indent && top.is_mapping && has_dash)) return take_node(indent);
      tree_.add_missing();
    }
    while (tree_.top().indent > indent) {
      tree_.close();
      if (tree_.is_closed()) return false;
    }
    if (!has_dash && tree_.is_at_key()) tree_.close();
    const auto& top = tree_.top();
    if (top.indent != indent || top.is_mapping == has_dash) return false;
    return has_dash ? take_item() : take_key();
  }

  // A value in a block, whose first character is at `at_`, `indent` characters behind the begin of the line.
  bool take_node(std::size_t indent) {
    if (is_dash(at_)) return open(false, false, indent) && take_item();
    if (is_at('[') || is_at('{')) return take_flow() && end_line();
    if (is_at('|') || is_at('>')) return take_block();
    source_node n;
    if (!take_scalar(around::block, n)) return false;
    if (is_colon(at_)) return line_ == n.line && tree_.open(n, true, indent) && add_key(n);
    return !tree_.is_closed() && end_scalar(n);
  }

  // A scalar in a block that is no key: a plain one may go on.
  bool end_scalar(source_node& n) {
    if (n.form == scalar_form::plain && peek(at_) == '\n' && may_go_on(tree_.top().indent)) {
      auto lines = read_plain_lines(text_, n.span.begin, n.span.end, tree_.top().indent);
      if (!lines) return false;
      if (lines->breaks > 0) {
        go_behind(*lines);
        n.span.end = lines->end;
        n.text = tree_.own(std::move(lines->value));
        n.is_word = false;
      }
    }
    return tree_.add(n) && end_line();
  }

  // False when the line behind the one that ends here is another key or item, as nearly all are.
  [[nodiscard]] bool may_go_on(std::size_t indent) {
    const std::size_t line = at_ + 1;
    content_ = behind_spaces(text_, line);
    return peek(content_) == '\n' || content_ - line > indent;
  }

  bool take_block() {
    // libfyaml 0.7 refuses some texts whose sign is alone on its line.
    const bool is_alone = text_.find_first_not_of(' ', line_begin_) == at_;
    if (tree_.is_closed() || is_alone) return false;
    auto block = read_block(text_, at_, tree_.top().indent);
    if (!block) return false;
    source_node n;
    n.form = is_at('|') ? scalar_form::literal : scalar_form::folded;
    n.span = {text_.find('\n', at_) + 1, block->end};
    n.line = line_ + 1;
    go_behind(*block);
    at_ = line_begin_;
    n.text = value_of(n.span, std::move(block->value));
    return tree_.add(n);
  }

  // The value, as a part of the text where it is written there.
  std::string_view value_of(const text_span& span, std::string value) {
    const std::string_view raw = text_.substr(span.begin, span.size());
    return raw == value ? raw : tree_.own(std::move(value));
  }

  void go_behind(const long_scalar& s) {
    at_ = s.end;
    if (s.breaks == 0) return;
    line_ += static_cast<std::uint32_t>(s.breaks);
    line_begin_ = s.last_line;
  }

  // The dash is at `at_`; what is behind it may be a sequence or mapping that begins there.
  bool take_item() {
    for (;;) {
      const std::size_t behind = ++at_;
      skip_spaces();
      // libfyaml 0.7 refuses an empty item where the sequence begins at its key.
      if (at_ >= text_.size() || is_at('\n') || is_at('#')) return !tree_.is_at_key() && end_empty(behind);
      if (!is_dash(at_)) return take_node(at_ - line_begin_);
      if (!open(false, false, at_ - line_begin_)) return false;
    }
  }

  bool take_key() {
    source_node n;
    return take_scalar(around::block, n) && is_colon(at_) && line_ == n.line && add_key(n);
  }

  [[nodiscard]] bool is_colon(std::size_t at) const { return peek(at) == ':' && ends_word(at + 1); }

  // The ':' of the key is at `at_`; its value follows on the line, or on the next ones.
  bool add_key(const source_node& key) {
    if (key.span.size() > max_key || !tree_.add(key)) return false;
    const std::size_t behind = ++at_;
    skip_spaces();
    if (at_ >= text_.size() || is_at('\n') || is_at('#')) return end_empty(behind);
    if (is_at('[') || is_at('{')) return take_flow() && end_line();
    if (is_at('|') || is_at('>')) return take_block();
    source_node n;
    return take_scalar(around::block, n) && !is_colon(at_) && end_scalar(n);
  }

  // The end of a line without a value behind the sign that ends at `behind`.
  bool end_empty(std::size_t behind) {
    at_ = behind;
    source_node place;
    place.span = {behind, behind};
    place.line = line_;
    place.column = column_of(behind);
    tree_.wait(place);
    return end_line();
  }

  // A quoted scalar, or the first line of a plain one; afterwards `at_` is at the next character that is no space.
  bool take_scalar(around in, source_node& n) {
    const std::size_t begin = at_;
    n.line = line_;
    n.column = column_of(begin);
    const char first = peek(at_);
    if (first == '"' || first == '\'') {
      if (!take_quoted(first, n)) return false;
    } else {
      if (is_in(indicators, first) && (first != '-' || ends_word(at_ + 1) || flow_signs.contains(peek(at_ + 1))))
        return false;
      const plain_end last = in == around::brackets ? plain_end_in_flow(text_, at_) : plain_end_in_block(text_, at_);
      n.is_word = !last.has_slash;
      std::size_t end = last.at;
      while (text_[end - 1] == ' ') --end;
      n.form = scalar_form::plain;
      n.span = {begin, end};
      n.text = text_.substr(begin, end - begin);
      at_ = end;
    }
    if (!is_at(' ')) return true;
    const std::size_t end = at_;
    skip_spaces();
    // A comment needs the space before it.
    if (is_at('#')) at_ = end;
    return true;
  }

  // The closing quote, an escape, or the end of the line. `is_word` becomes false for a text with a slash or a bracket.
  [[nodiscard]] std::size_t quoted_end(char quote, bool& is_word) const {
    for (std::size_t at = at_ + 1; at < text_.size(); ++at) {
      const char c = text_[at];
      if (!is_in(quoted_stops, c)) continue;
      if (c == quote || c == '\n' || (c == '\\' && quote == '"')) return at;
      if (c == '/' || c == '{') is_word = false;
    }
    return text_.size();
  }

  bool take_quoted(char quote, source_node& n) {
    const std::size_t begin = at_;
    bool is_word = true;
    const std::size_t end = quoted_end(quote, is_word);
    if (end >= text_.size()) return false;
    n.form = quote == '"' ? scalar_form::double_quoted : scalar_form::single_quoted;
    if (text_[end] == quote && (quote == '"' || peek(end + 1) != quote)) {
      n.text = text_.substr(begin + 1, end - begin - 1);
      n.is_word = is_word;
      at_ = end + 1;
    } else {
      auto value = read_quoted(text_, begin, tree_.is_closed() ? 0 : tree_.top().indent);
      // Between brackets only on one line.
      if (!value || (value->breaks > 0 && (tree_.is_closed() || tree_.top().is_flow))) return false;
      go_behind(*value);
      n.text = tree_.own(std::move(value->value));
    }
    n.span = {begin, at_};
    return true;
  }

  // Brackets and all between them. Values that are not written, pairs in sequences and commas before a closing
  // bracket are left to the other reader.
  bool take_flow() {
    const std::size_t outer = tree_.depth();
    if (!open_flow()) return false;
    bool may_begin = true;
    while (tree_.depth() > outer) {
      if (!skip_flow_blanks()) return false;
      const auto& top = tree_.top();
      const char c = peek(at_);
      if (c == ']' || c == '}') {
        if ((c == '}') != top.is_mapping || (may_begin && top.last != no_node)) return false;
        tree_.reach(++at_);
        tree_.close();
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
    if (!take_scalar(around::brackets, key) || !is_at(':') || key.span.size() > max_key) return false;
    ++at_;
    // JSON needs no space behind its keys.
    if (key.form == scalar_form::plain && !ends_word(at_)) return false;
    return tree_.add(key) && skip_flow_blanks();
  }

  bool take_flow_scalar() {
    source_node n;
    return take_scalar(around::brackets, n) && !is_at(':') && tree_.add(n);
  }

  bool open_flow() {
    if (!open(is_at('{'), true, 0)) return false;
    tree_.reach(++at_);
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
    return tree_.open(n, is_mapping, indent);
  }

  [[nodiscard]] std::uint32_t column_of(std::size_t at) const {
    std::size_t out = at - line_begin_ + 1;
    if (has_high_)
      for (std::size_t i = line_begin_; i < at; ++i)
        if ((static_cast<unsigned char>(text_[i]) & 0xC0U) == 0x80U) --out;
    return static_cast<std::uint32_t>(out);
  }

  std::string_view text_;
  bool has_high_;
  plain_tree tree_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  /// Behind the spaces of the line that was looked at last.
  std::size_t content_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

std::optional<source> read_plain_source(std::string_view text, const source_limits& limits) {
  if (text.size() > limits.size) return std::nullopt;
  const plain_text kind = plain_text_of(text);
  if (kind == plain_text::none) return std::nullopt;
  plain_reader reader(text, limits, kind == plain_text::unicode);
  if (!reader.run()) return std::nullopt;
  return reader.take();
}

}  // namespace pinhook::yaml
