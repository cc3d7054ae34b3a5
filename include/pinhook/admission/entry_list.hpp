// The text of an audit annotation: "one; two; and 3 more".
//
// One request, one thread.
#pragma once

#include <pinhook/admission/review.hpp>
#include <pinhook/base/json_bytes.hpp>
#include <pinhook/base/printable.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <string>

namespace pinhook::admission {

/// The entries that fit into max_message_size bytes, and the number of the others. The first is always shown, cut if
/// necessary.
class entry_list {
 public:
  /// `entry` makes the text, and is called only where the text may fit: an object may have 1,000 of them.
  template <class Entry>
  void add(const Entry& entry) {
    if (left_ != 0) {
      ++left_;
      return;
    }
    std::string one(entry());
    if (!json::is_plain(one.data(), one.size())) one = printable(one);
    if (one.size() > max_message_size - rest_size) one = cut_words(one, max_message_size - rest_size);
    const bool is_first = text_.empty();
    if (!is_first && text_.size() + 2 + one.size() + rest_size > max_message_size) {
      ++left_;
      return;
    }
    if (!is_first) text_ += "; ";
    text_ += one;
  }
  [[nodiscard]] bool is_empty() const { return text_.empty(); }
  [[nodiscard]] std::string text() const { return left_ == 0 ? text_ : fmt::format("{}; and {} more", text_, left_); }
  void clear() { *this = {}; }

 private:
  // Room for "; and 1000 more".
  static constexpr std::size_t rest_size = 32;
  std::string text_;
  std::size_t left_ = 0;
};

}  // namespace pinhook::admission
