// Whether what lies beside an image is nowhere because the mirrors lack it, where an operator declares them complete
// (route_options::complete).
//
//   mirror_absence said(table.are_mirrors_complete(ref));
//   … said.take(failure of a mirror); …
//   if (said.is_final()) return fail(*said.word());   // the registry behind them is not asked
//
// They are complete together: where one of them could not be asked, it may have the document. A value; one thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <optional>

namespace pinhook::resolve {

class mirror_absence {
 public:
  explicit mirror_absence(bool are_complete) : are_complete_(are_complete) {}

  void take(const error& failure) {
    if (failure.code == error_code::not_found)
      word_ = failure;
    else
      has_failed_ = true;
  }
  /// What the last mirror without it said; no value: none said so.
  [[nodiscard]] const std::optional<error>& word() const { return word_; }
  [[nodiscard]] bool is_final() const { return are_complete_ && word_ && !has_failed_; }

 private:
  bool are_complete_;
  bool has_failed_ = false;
  std::optional<error> word_;
};

}  // namespace pinhook::resolve
