#include <pinhook/yaml/event_stream.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>

#include <fmt/core.h>
#include <libfyaml.h>

#include <algorithm>
#include <utility>

namespace pinhook::yaml {

namespace {

// Line and column of a byte.
std::pair<std::size_t, std::size_t> place_of(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = before.substr(before.rfind('\n') + 1);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto characters =
      std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return {static_cast<std::size_t>(lines) + 1, static_cast<std::size_t>(characters) + 1};
}

bool ends_in_blank(std::string_view text, std::size_t at) {
  return at >= text.size() || is_blank(text[at]) || text[at] == '\n' || text[at] == '\r';
}

// True for a "? " anywhere: a key of the long form, or a text that looks like one.
bool has_long_key(std::string_view text) {
  for (auto at = text.find('?'); at != std::string_view::npos; at = text.find('?', at + 1))
    if (ends_in_blank(text, at + 1)) return true;
  return false;
}

// Finds a ':' followed, after white space with a tab, by the start of a block. That is invalid YAML, and in the value
// of a long key libfyaml 0.7 frees its bookkeeping twice when it reports this (fy_fetch_value in src/lib/fy-parse.c of
// v0.7.12).
std::optional<std::size_t> tab_before_block(std::string_view text) {
  for (auto tab = text.find('\t'); tab != std::string_view::npos; tab = text.find('\t', tab + 1)) {
    std::size_t begin = tab;
    while (begin > 0 && is_blank(text[begin - 1])) --begin;
    std::size_t end = tab;
    while (end < text.size() && is_blank(text[end])) ++end;
    const bool is_block = end < text.size() && (std::string_view("?:|>").contains(text[end]) ||
                                                (text[end] == '-' && ends_in_blank(text, end + 1)));
    if (is_block && begin > 0 && text[begin - 1] == ':') return has_long_key(text) ? std::optional(tab) : std::nullopt;
    tab = end == text.size() ? tab : end - 1;
  }
  return std::nullopt;
}

// UTF-16 and UTF-32, which editors and shells of Windows write, with a byte order mark or without.
bool is_wide(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
         text.substr(0, 2).find('\0') != std::string_view::npos;
}

}  // namespace

result<void> check_text(std::string_view text, std::size_t limit) {
  if (text.size() > limit)
    return fail(error_code::malformed, fmt::format("{} bytes of YAML; the limit is {}", text.size(), limit));
  if (const auto at = text.find('\0'); at != std::string_view::npos) {
    const auto [line, column] = place_of(text, at);
    return refuse_at(line, column,
                     is_wide(text) ? "UTF-16, which is not read; save it as UTF-8" : "a NUL byte; YAML is text");
  }
  if (const auto at = first_invalid_utf8(text)) {
    const auto [line, column] = place_of(text, *at);
    return refuse_at(line, column, "invalid UTF-8");
  }
  if (const auto at = tab_before_block(text)) {
    const auto [line, column] = place_of(text, *at);
    return refuse_at(line, column, "a tab before the beginning of a block; YAML indents by spaces");
  }
  return {};
}

std::unexpected<error> refuse_at(std::size_t line, std::size_t column, std::string_view reason) {
  return fail(error_code::malformed, fmt::format("line {}, column {}: {}", line, column, reason));
}

scalar_form form_of(fy_token* scalar) {
  switch (fy_token_scalar_style(scalar)) {
    case FYSS_SINGLE_QUOTED:
      return scalar_form::single_quoted;
    case FYSS_DOUBLE_QUOTED:
      return scalar_form::double_quoted;
    case FYSS_LITERAL:
      return scalar_form::literal;
    case FYSS_FOLDED:
      return scalar_form::folded;
    default:
      return scalar_form::plain;
  }
}

void event_stream::parser_closer::operator()(fy_parser* p) const { fy_parser_destroy(p); }
void event_stream::diag_closer::operator()(fy_diag* d) const { fy_diag_destroy(d); }

event_stream::event_stream(std::string_view text) {
  fy_diag_cfg diag_options{};
  fy_diag_cfg_default(&diag_options);
  diag_options.fp = nullptr;
  // Without an output function libfyaml prints to standard error.
  diag_options.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
  diag_.reset(fy_diag_create(&diag_options));
  if (!diag_) return;
  fy_diag_set_collect_errors(diag_.get(), true);
  fy_parse_cfg options{};
  options.flags =
      static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_SLOPPY_FLOW_INDENTATION);
  options.diag = diag_.get();
  parser_.reset(fy_parser_create(&options));
  if (parser_ && fy_parser_set_string(parser_.get(), text.data(), text.size()) != 0) parser_.reset();
}

event_stream::~event_stream() { release(); }

fy_event* event_stream::next() {
  release();
  event_ = fy_parser_parse(parser_.get());
  return event_;
}

std::optional<error> event_stream::problem() const {
  void* state = nullptr;
  if (const auto* e = fy_diag_errors_iterate(diag_.get(), &state); e != nullptr)
    return refuse_at(static_cast<std::size_t>(std::max(e->line, 1)), static_cast<std::size_t>(std::max(e->column, 1)),
                     e->msg)
        .error();
  if (fy_parser_get_stream_error(parser_.get())) return error{error_code::malformed, "not valid YAML", {}};
  return std::nullopt;
}

void event_stream::release() {
  if (event_ != nullptr) fy_parser_event_free(parser_.get(), event_);
  event_ = nullptr;
}

}  // namespace pinhook::yaml
