#include <pinhook/http/answer_time.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <ctime>
#include <string>

namespace pinhook::http {

// libcurl reads them whatever the locale is, and gives -1 for a text that is no date.
std::optional<std::chrono::sys_seconds> parse_date(std::string_view text) {
  const time_t read = curl_getdate(std::string(text).c_str(), nullptr);
  if (read < 0) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(read));
}

wall_time answered_at(const result<response>& outcome, wall_time ours) {
  if (!outcome) return ours;
  const auto text = find_header(outcome->headers, "Date");
  const auto theirs = text ? parse_date(*text) : std::nullopt;
  // Beyond the year 2200 the clock's nanoseconds overflow.
  constexpr std::chrono::sys_seconds latest(std::chrono::seconds(7'258'118'400));
  if (!theirs || *theirs > latest) return ours;
  return std::max<wall_time>(*theirs, ours);
}

}  // namespace pinhook::http
