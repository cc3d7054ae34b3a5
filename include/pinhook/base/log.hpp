// One event, one line: JSON for machines, text for a terminal.
//
//   log::info("pinned", {{"namespace", ns}, {"from", written}, {"to", pin}, {"duration_ms", 1.8}});
//   {"time":"2026-11-20T22:40:01.123Z","level":"info","message":"pinned","namespace":"shop",…}
//
// Values are escaped; a `secret` does not convert to a field. Lines go to standard error (standard output belongs to
// commands). Every function may be called from any thread; a line is written whole.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace pinhook::log {

enum class level : std::uint8_t { debug, info, warning, error };
enum class format : std::uint8_t { json, text };

/// Texts and lists stay with the caller. Lists become JSON arrays.
using value = std::variant<std::string_view, std::int64_t, double, bool, std::span<const std::string>>;

struct field {
  std::string_view key;
  value content;

  template <class T>
  field(std::string_view k, const T& v) : key(k), content(make(v)) {}

 private:
  template <class T>
  static value make(const T& v) {
    if constexpr (std::is_same_v<T, bool>)
      return v;
    else if constexpr (std::is_integral_v<T>)
      return static_cast<std::int64_t>(v);
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<double>(v);
    else if constexpr (std::is_convertible_v<const T&, std::span<const std::string>>)
      return std::span<const std::string>(v);
    else
      return std::string_view(v);
  }
};

using fields = std::vector<field>;

struct options {
  /// Lines below this level are dropped.
  level least = level::info;
  /// Without a value: text when standard error is a terminal, else JSON.
  std::optional<format> shape;
};

/// Call once at start-up, before other threads log. Without it: the defaults of `options`.
void configure(const options& o);

[[nodiscard]] bool is_enabled(level l) noexcept;

void write(level l, std::string_view message, const fields& f);

inline void debug(std::string_view message, const fields& f = {}) { write(level::debug, message, f); }
inline void info(std::string_view message, const fields& f = {}) { write(level::info, message, f); }
inline void warning(std::string_view message, const fields& f = {}) { write(level::warning, message, f); }
inline void error(std::string_view message, const fields& f = {}) { write(level::error, message, f); }

/// The line that `write` would print, without the line end. Pure, for tests.
[[nodiscard]] std::string render(format shape, std::string_view time, level l, std::string_view message,
                                 const fields& f);

[[nodiscard]] std::string_view to_string(level l) noexcept;

/// Sends lines to `sink` instead of standard error until the next call; an empty function restores it. For tests and
/// the demo.
void redirect(void (*sink)(std::string_view line));

}  // namespace pinhook::log
