#include <pinhook/base/utf8.hpp>
#include <pinhook/yaml/event_stream.hpp>

#include <fmt/format.h>
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

}  // namespace

result<void> check_text(std::string_view text, std::size_t limit) {
  if (text.size() > limit)
    return fail(error_code::malformed, fmt::format("{} bytes of YAML; the limit is {}", text.size(), limit));
  if (const auto at = text.find('\0'); at != std::string_view::npos) {
    const auto [line, column] = place_of(text, at);
    return refuse_at(line, column, "a NUL byte; YAML is text");
  }
  if (const auto at = first_invalid_utf8(text)) {
    const auto [line, column] = place_of(text, *at);
    return refuse_at(line, column, "this byte is no UTF-8");
  }
  return {};
}

std::unexpected<error> refuse_at(std::size_t line, std::size_t column, std::string_view what) {
  return fail(error_code::malformed, fmt::format("line {}, column {}: {}", line, column, what));
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
  if (fy_parser_get_stream_error(parser_.get())) return error{error_code::malformed, "this is no YAML", {}};
  return std::nullopt;
}

void event_stream::release() {
  if (event_ != nullptr) fy_parser_event_free(parser_.get(), event_);
  event_ = nullptr;
}

}  // namespace pinhook::yaml
