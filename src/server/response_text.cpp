#include <pinhook/server/response_text.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <string>

namespace pinhook::server {
namespace {

struct named_status {
  unsigned status;
  std::string_view phrase;
};

// RFC 9110 §15, RFC 6585.
constexpr std::array<named_status, 19> phrases{{{200, "OK"},
                                                {400, "Bad Request"},
                                                {401, "Unauthorized"},
                                                {403, "Forbidden"},
                                                {404, "Not Found"},
                                                {405, "Method Not Allowed"},
                                                {408, "Request Timeout"},
                                                {411, "Length Required"},
                                                {413, "Content Too Large"},
                                                {414, "URI Too Long"},
                                                {415, "Unsupported Media Type"},
                                                {417, "Expectation Failed"},
                                                {429, "Too Many Requests"},
                                                {431, "Request Header Fields Too Large"},
                                                {500, "Internal Server Error"},
                                                {501, "Not Implemented"},
                                                {503, "Service Unavailable"},
                                                {504, "Gateway Timeout"},
                                                {505, "HTTP Version Not Supported"}}};

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
  for (const auto& one : phrases)
    if (one.status == status) return one.phrase;
  return "Unknown";
}

void append_response(std::string& out, const response& r, const response_form& form) {
  out.reserve(out.size() + r.body.size() + 256);
  // A few appends: formatted, these lines took a fiftieth of a warm answer.
  const auto header = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  out.append("HTTP/1.1 ").append(std::to_string(r.status)).append(1, ' ').append(reason_phrase(r.status));
  out.append("\r\n");
  if (!form.date.empty()) header("Date", form.date);
  if (!r.content_type.empty()) header("Content-Type", r.content_type);
  for (const auto& [name, value] : r.headers) header(name, value);
  if (form.closes) header("Connection", "close");
  header("Content-Length", std::to_string(r.body.size()));
  out += "\r\n";
  if (!form.without_body) out += r.body;
}

std::string http_date(wall_time when) {
  // fmt's %a and %b are those of the C locale here: the program sets no other.
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(when)));
}

}  // namespace pinhook::server
