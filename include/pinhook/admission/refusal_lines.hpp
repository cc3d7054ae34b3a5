// The lines of a refusal, and the operator's help in them and in warnings. The lines, which kubectl prints one below
// the other, are:
//
//   pinhook cannot pin 2 of 3 images:
//   - container web, image "ghcr.io/acme/web:1.44": the reason. The advice
//   - container api, image "ghcr.io/acme/api:2": the reason. The advice
//   Namespace shop is labelled pinhook.dev/pin=enforce: …
//   Help: https://wiki.example.com/pins
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/review.hpp>
#include <pinhook/pin/policy.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {

/// A single finding is behind the head ("head: finding"), several are below it. At most `size` bytes with the
/// line breaks: of `count` findings `findings` has the first ones; those without room are counted ("- and 3 more"), the
/// first one is cut if necessary. `head` is without its colon, `findings` are without their full stops.
[[nodiscard]] std::vector<std::string> finding_lines(std::string head, const std::vector<std::string>& findings,
                                                     std::size_t count, std::size_t size);

/// A finding with lines of its own below it.
struct finding_text {
  std::string text;
  std::vector<std::string> lines;
};

/// The same with the lines of each finding, indented, below it. They get the room that all findings leave.
[[nodiscard]] std::vector<std::string> detailed_finding_lines(std::string head,
                                                              const std::vector<finding_text>& findings,
                                                              std::size_t count, std::size_t size);

/// The reason why images are looked at here: the namespace's label and its meaning; at most `max_mode_size` bytes.
inline constexpr std::size_t max_mode_size = 256;
[[nodiscard]] std::string mode_line(std::string_view ns, pin::mode m);

/// "Help: …" with the operator's text, filled; empty when there is none.
[[nodiscard]] std::string help_line(std::string_view help, std::string_view ns);

/// The lines at the end of every refusal: of the mode and, if there is one, of help.
[[nodiscard]] std::vector<std::string> last_lines(std::string_view ns, pin::mode m, std::string_view help);

/// Puts `help`, a line of help_line, behind each warning that has room for it; a line to copy stays alone.
void add_help(std::vector<warning>& warnings, std::string_view help);

/// Bytes of the lines, with a line break behind each.
[[nodiscard]] std::size_t size_of(const std::vector<std::string>& lines);

}  // namespace pinhook::admission
