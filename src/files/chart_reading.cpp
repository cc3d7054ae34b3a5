#include <pinhook/files/chart_reading.hpp>

#include <pinhook/files/chart_texts.hpp>
#include <pinhook/files/template_lines.hpp>
#include <pinhook/files/template_text.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace pinhook::files {
namespace {

using place = value_use::place;
using token_kind = template_token_kind;

struct template_body {
  std::string_view file;
  std::vector<template_piece> pieces;
  bool is_helper = false;
};

bool opens_block(std::string_view word) {
  return word == "if" || word == "with" || word == "range" || word == "define" || word == "block";
}

class template_reader {
 public:
  template_reader(std::span<const chart_template> templates, std::span<const chart_template> helpers) {
    for (const chart_template& one : helpers) take_file(one);
    files_.clear();
    for (const chart_template& one : templates) take_file(one);
  }

  chart_uses read() {
    for (const template_body& body : files_) run(body, chart_value{.is_root = true}, 0);
    return std::move(out_);
  }

 private:
  struct block {
    chart_value dot;
    chart_value outer_dot;
    std::size_t variables = 0;
  };
  struct frame {
    const template_body& body;
    std::size_t depth;
    chart_value dot;
    chart_value dollar;
    std::vector<std::pair<std::string, chart_value>> variables{};
    std::vector<block> blocks{};
    template_lines output{};
    chart_value returned{};
    std::size_t line = 1;
    bool is_below = false;
  };

  // Bodies of `define` are stored by their names; the rest is the file's own body.
  void take_file(const chart_template& from) {
    template_body own{from.path, {}, false};
    template_body* into = &own;
    std::size_t depth = 0;
    for (const template_piece& piece : split_template(from.text)) {
      const auto tokens = piece.is_action ? template_tokens(piece.text) : std::vector<template_token>();
      const std::string_view word = tokens.empty() ? std::string_view() : tokens[0].text;
      if (depth == 0 && word == "define" && tokens.size() > 1) {
        auto& helper = helpers_[std::string(tokens[1].text)];
        helper = {from.path, {}, true};
        into = &helper;
        depth = 1;
        continue;
      }
      if (depth > 0 && opens_block(word)) ++depth;
      if (depth > 0 && word == "end" && --depth == 0) {
        into = &own;
        continue;
      }
      into->pieces.push_back(piece);
    }
    files_.push_back(std::move(own));
  }

  chart_value run(const template_body& body, chart_value dot, std::size_t depth) {
    if (depth > max_template_depth) {
      out_.is_whole = false;
      return {};
    }
    frame f{.body = body, .depth = depth, .dot = dot, .dollar = dot};
    for (const template_piece& piece : body.pieces) {
      f.line = piece.line;
      f.is_below = piece.eats_line;
      if (!piece.is_action) {
        f.output.text(piece.text);
        continue;
      }
      if (++actions_ > max_template_actions) {
        out_.is_whole = false;
        return {};
      }
      act(f, template_tokens(piece.text));
    }
    for (written_text& one : f.output.take_texts()) keep_text(f, std::move(one));
    return std::move(f.returned);
  }

  void keep_text(const frame& f, written_text one) {
    one.file = f.body.file;
    out_.texts.push_back(std::move(one));
  }

  void act(frame& f, const std::vector<template_token>& tokens) {
    if (tokens.empty()) return;
    if (tokens[0].text == "end" || tokens[0].text == "else" || opens_block(tokens[0].text)) f.output.edge();
    expression e{tokens, 0, 0};
    std::string_view word = tokens[0].kind == token_kind::word ? tokens[0].text : std::string_view();
    if (word == "end") return close(f);
    if (word == "break" || word == "continue") return;
    if (word == "else") {
      if (!f.blocks.empty()) f.dot = f.blocks.back().outer_dot;
      if (tokens.size() == 1) return;
      word = tokens[1].text;
      e.at = 2;
      const chart_value v = assigned(f, e, word == "range");
      if (word == "with") f.dot = v;
      return;
    }
    if (opens_block(word)) {
      e.at = 1;
      const std::size_t variables = f.variables.size();
      if (word == "block") e.at = 2;
      const chart_value outer = f.dot;
      const chart_value v = assigned(f, e, word == "range");
      if (word != "if") f.dot = v;
      f.blocks.push_back({f.dot, outer, variables});
      return;
    }
    const bool is_assignment = tokens.size() > 1 && tokens[0].text.starts_with('$') &&
                               tokens[1].kind == token_kind::mark && (tokens[1].text == ":=" || tokens[1].text == "=");
    if (is_assignment)
      assigned(f, e, false);
    else
      write(f, pipeline(f, e));
  }

  static void close(frame& f) {
    if (f.blocks.empty()) return;
    f.dot = f.blocks.back().outer_dot;
    f.variables.resize(std::min(f.blocks.back().variables, f.variables.size()));
    f.blocks.pop_back();
  }

  struct expression {
    const std::vector<template_token>& tokens;
    std::size_t at;
    std::size_t depth;
    [[nodiscard]] bool is_at(std::string_view mark) const {
      return at < tokens.size() && tokens[at].kind == token_kind::mark && tokens[at].text == mark;
    }
    [[nodiscard]] bool is_end() const { return at >= tokens.size() || is_at(")") || is_at("|") || is_at(","); }
  };

  // "$x := PIPELINE", "$key, $value := PIPELINE" of range, or a pipeline alone: its value.
  chart_value assigned(frame& f, expression& e, bool is_range) {
    std::vector<std::string> names;
    std::size_t at = e.at;
    while (at < e.tokens.size() && e.tokens[at].text.starts_with('$') && e.tokens[at].kind == token_kind::chain) {
      names.emplace_back(e.tokens[at].text);
      if (++at < e.tokens.size() && e.tokens[at].text == ",") ++at;
    }
    const bool is_new = at < e.tokens.size() && e.tokens[at].text == ":=";
    const bool is_set = is_new || (at < e.tokens.size() && e.tokens[at].text == "=");
    if (is_set && !names.empty()) e.at = at + 1;
    chart_value v = pipeline(f, e);
    if (is_range) v = v.element();
    if (!is_set || names.empty()) return v;
    auto known = std::ranges::find(f.variables.rbegin(), f.variables.rend(), names.back(),
                                   [](const auto& one) { return one.first; });
    if (!is_new && known != f.variables.rend())
      known->second.add(v);
    else
      f.variables.emplace_back(names.back(), v);
    return v;
  }

  chart_value pipeline(frame& f, expression& e) {
    if (++e.depth > max_template_depth) {
      out_.is_whole = false;
      e.at = e.tokens.size();
      return {};
    }
    chart_value v = command(f, e, nullptr);
    while (e.is_at("|")) {
      ++e.at;
      v = command(f, e, &v);
    }
    --e.depth;
    return v;
  }

  chart_value command(frame& f, expression& e, const chart_value* piped) {
    if (e.is_end()) return piped != nullptr ? *piped : chart_value();
    const template_token& first = e.tokens[e.at];
    if (first.kind != token_kind::word) {
      chart_value v = operand(f, e);
      while (!e.is_end()) static_cast<void>(operand(f, e));
      return v;
    }
    ++e.at;
    std::vector<chart_value> arguments;
    while (!e.is_end()) arguments.push_back(operand(f, e));
    if (piped != nullptr) arguments.push_back(*piped);
    return call(f, first.text, arguments);
  }

  chart_value operand(frame& f, expression& e) {
    const template_token& t = e.tokens[e.at++];
    if (t.kind == token_kind::string) return {.literal = std::string(t.text), .is_literal = true};
    if (t.kind == token_kind::word && t.text == "nil") return {.is_literal = true};
    if (t.kind == token_kind::chain) return chain(f, t.text);
    if (t.kind != token_kind::mark || t.text != "(") return {};
    chart_value v = pipeline(f, e);
    if (!e.is_at(")")) return v;
    const char* end = e.tokens[e.at++].text.data() + 1;
    if (e.at < e.tokens.size() && e.tokens[e.at].kind == token_kind::chain && e.tokens[e.at].text.data() == end)
      v = fields(f, v, e.tokens[e.at++].text);
    return v;
  }

  chart_value chain(frame& f, std::string_view text) {
    if (!text.starts_with('$')) return fields(f, f.dot, text);
    const std::string_view name = text.substr(0, text.find('.'));
    if (name == "$") return fields(f, f.dollar, text.substr(1));
    const auto found =
        std::ranges::find(f.variables.rbegin(), f.variables.rend(), name, [](const auto& one) { return one.first; });
    return fields(f, found == f.variables.rend() ? chart_value() : found->second, text.substr(name.size()));
  }

  // ".Values.image" of the value before it. A path of an unknown value may be any value of that name.
  chart_value fields(const frame& f, chart_value v, std::string_view names) {
    bool is_known = true;
    std::string last;
    for (std::size_t at = 0; at < names.size();) {
      const auto end = std::min(names.find('.', at), names.size());
      if (end > at) {
        last = names.substr(at, end - at);
        is_known = is_known && (!v.is_nothing() || last == "Values");
        if (last == "Values" && v.is_nothing()) is_known = true;
        v = v.field(last);
      }
      at = end + 1;
    }
    if (!is_known && v.is_nothing())
      out_.uses.push_back(
          {.values = {{"**", last}}, .file = std::string(f.body.file), .line = f.line, .as = std::string(names)});
    return v;
  }

  chart_value call(frame& f, std::string_view function, const std::vector<chart_value>& arguments) {
    if ((function == "include" || function == "template") && !arguments.empty()) return included(f, arguments);
    const auto effect = effect_of(function);
    if (effect == function_effect::tests) test(f, function, arguments);
    if (effect == function_effect::cuts) use_in(f, place::test, function, arguments);
    if (effect == function_effect::hashes) use_in(f, place::hash, function, arguments);
    if (auto text = formatted(function, arguments)) {
      text->line = f.line;
      keep_text(f, *std::move(text));
    }
    return apply_function(function, arguments);
  }

  chart_value included(frame& f, const std::vector<chart_value>& arguments) {
    const std::string& name = arguments[0].literal;
    const chart_value dot = arguments.size() > 1 ? arguments[1] : chart_value();
    if (const auto found = helpers_.find(name); found != helpers_.end()) return run(found->second, dot, f.depth + 1);
    // A helper of a missing library may write any of its arguments. Policies and secrets are not text of the image.
    chart_value out;
    if (name.contains("ullSecret") || name.contains("ullPolicy")) return out;
    for (values_path& path : dot.all_paths())
      if (!path.empty()) out.paths.push_back(std::move(path));
    return out;
  }

  // A comparison with "" only checks for an empty value.
  void test(const frame& f, std::string_view function, const std::vector<chart_value>& arguments) {
    const auto is_empty = [](const chart_value& v) { return v.is_literal && v.literal.empty(); };
    for (const chart_value& one : arguments)
      if (!one.paths.empty() && (arguments.size() < 2 || std::ranges::none_of(arguments, is_empty)))
        out_.uses.push_back(
            {place::test, one.paths, one.is_changed, std::string(f.body.file), f.line, std::string(function)});
  }

  void use_in(const frame& f, place at, std::string_view function, const std::vector<chart_value>& arguments) {
    for (const chart_value& one : arguments)
      if (auto paths = one.all_paths(); !paths.empty())
        out_.uses.push_back(
            {at, std::move(paths), one.is_changed, std::string(f.body.file), f.line, std::string(function)});
  }

  void write(frame& f, const chart_value& v) {
    const std::string key = f.output.key(f.is_below);
    auto values =
        f.output.take(v, {.line = f.line, .is_image = is_image_key(key) || (key.empty() && f.body.is_helper)});
    if (v.all_paths().empty()) return;
    if (key.empty() && f.body.is_helper) {
      f.returned.add({.is_changed = v.is_changed, .paths = std::move(values)});
      return;
    }
    value_use use{.values = std::move(values),
                  .is_changed = v.is_changed,
                  .file = std::string(f.body.file),
                  .line = f.line,
                  .as = key};
    if (f.output.is_note(key))
      use.at = place::note;
    else if (is_image_key(key))
      use.at = place::image;
    else if (!key.empty() && key != "tag")
      use.at = place::other;
    out_.uses.push_back(std::move(use));
  }

  std::map<std::string, template_body, std::less<>> helpers_;
  std::vector<template_body> files_;
  chart_uses out_;
  std::size_t actions_ = 0;
};

}  // namespace

chart_uses read_templates(std::span<const chart_template> templates, std::span<const chart_template> helpers) {
  return template_reader(templates, helpers).read();
}

}  // namespace pinhook::files
