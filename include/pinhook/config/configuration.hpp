// Reads settings from a YAML file, PINHOOK_… variables and flags; the later wins. Also writes settings as a YAML file.
//
//   settings s;
//   auto read = read_configuration(text, "pinhook.yaml", s);
//   auto variables = apply_environment(environment(), s);
//   auto flag = apply_text("--listen", "listen", "127.0.0.1:0", s);
//   fmt::print("{}", render(s));     // reads back as `s`
//
// Pure but for `environment`.
#pragma once

#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::config {

/// invalid_input: an unknown key (with a suggestion), a value of another type or out of range, invalid YAML. The
/// message names `file`, the line and the key. Keys that are absent or null leave `s` as it was.
[[nodiscard]] result<void> read_configuration(std::string_view text, std::string_view file, settings& s);

/// "deadline.limit" → "PINHOOK_DEADLINE_LIMIT".
[[nodiscard]] std::string variable_name(std::string_view key);

/// Takes every PINHOOK_… variable of a setting. Variables of Services (service_variables.hpp), those that
/// PINHOOK_IGNORE_UNKNOWN lists (names between commas), and PINHOOK_CONFIG, which belongs to the command line, are
/// skipped. invalid_input: a value that is not valid, or a PINHOOK_… variable of no setting (with a suggestion); the
/// message names the variable.
[[nodiscard]] result<void> apply_environment(const environment& all, settings& s);

/// One setting from a text: of a flag or a variable, called `origin` in messages. `key` is a key of the table.
[[nodiscard]] result<void> apply_text(std::string_view origin, std::string_view key, std::string_view text,
                                      settings& s);

/// Checks that need several settings: listen and admin.listen on one port, a certificate without its key, an authority
/// that ends before its certificates.
[[nodiscard]] result<void> check_together(const settings& s);

enum class detail : std::uint8_t {
  values,      // keys and values
  documented,  // with type, meaning and when to change in comments
};

/// All settings as YAML that `read_configuration` reads back.
[[nodiscard]] std::string render(const settings& s, detail level = detail::values);

}  // namespace pinhook::config
