// Collects the failures that did not decide a verdict: of sources of credentials, of mirrors. They are named in the
// end, and a refusal is not final when something that might have lifted it was out of order.
//
// A value; one thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::resolve {

class skipped_sources {
 public:
  /// Failures named in a message, and bytes of each.
  static constexpr std::size_t most_named = 4;
  static constexpr std::size_t most_bytes = 400;

  /// `subject` begins its part of the message: "mirror m.corp:5000".
  void add(std::string subject, const error& failure);
  void clear() { *this = {}; }
  [[nodiscard]] bool is_empty() const { return count_ == 0; }

  /// The verdict with the failures held here: "…; mirror m.corp:5000: …". A refusal (unauthorized, denied, not_found)
  /// becomes unavailable when one of the failures may pass: an older digest then serves, and the refusal is not
  /// remembered as the registry's.
  [[nodiscard]] error added_to(error verdict) const;

 private:
  std::vector<std::string> texts_;
  std::size_t count_ = 0;
  bool has_temporary_ = false;
};

}  // namespace pinhook::resolve
