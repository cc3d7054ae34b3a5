#include <pinhook/base/error.hpp>

#include <pinhook/base/printable.hpp>

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace pinhook {

std::string_view to_string(error_code code) noexcept {
  constexpr std::array<std::string_view, 11> names{"invalid_input", "not_found",   "unauthorized", "denied",
                                                   "rate_limited",  "unavailable", "timed_out",    "canceled",
                                                   "malformed",     "unsupported", "internal"};
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : "internal";
}

bool is_temporary(error_code code) noexcept {
  switch (code) {
    case error_code::rate_limited:
    case error_code::unavailable:
    case error_code::timed_out:
    case error_code::canceled:
    case error_code::malformed:
      return true;
    default:
      return false;
  }
}

error error::at(std::string_view where) const& { return error(*this).at(where); }

error error::at(std::string_view where) && {
  message = fmt::format("{}: {}", where, message);
  return std::move(*this);
}

std::string text_quoter::operator()(std::string_view text, std::size_t limit) const {
  const std::string_view shown = begin_of(text, limit);
  std::string marked;
  for (const char c : shown) {
    if (c == '"' || c == '\\') marked += '\\';
    marked += c;
  }
  std::string out = "\"";
  for (const char c : printable(marked)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
  }
  out += shown.size() < text.size() ? "…\"" : "\"";
  return out;
}

std::string quoted_name(std::string_view text, std::size_t limit) {
  return cut_middle(quoted(text, text.size()), limit);
}

}  // namespace pinhook
