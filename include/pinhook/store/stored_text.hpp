// Texts of the store that many rows have in common: each stands once, and rows have its number.
//
// A message names its image, which is in the row already: "~\x1a has no tag" with the image for each \x1a, or "=" and
// the message as it is where it has that character itself.
//
// One thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/store/database.hpp>
#include <pinhook/store/observation.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook::store {

/// The forms of a message; each takes back the other. Pure.
[[nodiscard]] std::string stored_message(std::string_view message, std::string_view image);
[[nodiscard]] std::string message_of(std::string_view stored, std::string_view image);

[[nodiscard]] inline std::int64_t seconds_of(wall_time moment) {
  return std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
}
[[nodiscard]] inline wall_time moment_of(std::int64_t seconds) { return wall_time(std::chrono::seconds(seconds)); }

/// Numbers of texts and places within one transaction, which are added where they are missing.
class stored_names {
 public:
  [[nodiscard]] static result<stored_names> open(database& db);

  [[nodiscard]] result<std::int64_t> text(const std::string& of);
  [[nodiscard]] result<std::int64_t> place(std::int64_t cluster, const image_use& of);

 private:
  stored_names(statement find_text, statement put_text, statement find_place, statement put_place)
      : find_text_(std::move(find_text)),
        put_text_(std::move(put_text)),
        find_place_(std::move(find_place)),
        put_place_(std::move(put_place)) {}

  statement find_text_, put_text_, find_place_, put_place_;
  std::map<std::string, std::int64_t, std::less<>> texts_;
};

}  // namespace pinhook::store
