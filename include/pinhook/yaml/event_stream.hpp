// libfyaml's events of a text, one at a time: the base of both readers of this floor.
//
// One thread. The text must outlive the stream; it holds no NUL and is valid UTF-8 (`check_text`).
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

struct fy_diag;
struct fy_event;
struct fy_parser;
struct fy_token;

namespace pinhook::yaml {

/// malformed: more than `limit` bytes, a NUL byte, bytes that are not UTF-8, of which libfyaml 0.7 accepts some and
/// leaks memory on others, or tabs on which it would crash.
[[nodiscard]] result<void> check_text(std::string_view text, std::size_t limit);

/// "line 3, column 5: …"; both from 1.
[[nodiscard]] std::unexpected<error> refuse_at(std::size_t line, std::size_t column, std::string_view reason);

[[nodiscard]] scalar_form form_of(fy_token* scalar);

class event_stream {
 public:
  explicit event_stream(std::string_view text);
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;
  ~event_stream();

  /// False: libfyaml had no memory for a parser.
  [[nodiscard]] bool is_ready() const { return parser_ != nullptr; }
  /// Valid until the next call; null at the end and after an error.
  fy_event* next();
  /// libfyaml's error; no value when the text simply ended.
  [[nodiscard]] std::optional<error> problem() const;

 private:
  struct parser_closer {
    void operator()(fy_parser* p) const;
  };
  struct diag_closer {
    void operator()(fy_diag* d) const;
  };
  void release();

  std::unique_ptr<fy_diag, diag_closer> diag_;
  std::unique_ptr<fy_parser, parser_closer> parser_;
  fy_event* event_ = nullptr;
};

}  // namespace pinhook::yaml
