#include <pinhook/resolve/skipped_sources.hpp>

#include <pinhook/base/printable.hpp>

#include <fmt/format.h>

#include <utility>

namespace pinhook::resolve {
namespace {

bool is_refusal(error_code code) {
  return code == error_code::unauthorized || code == error_code::denied || code == error_code::not_found;
}

}  // namespace

void skipped_sources::add(std::string subject, const error& failure) {
  ++count_;
  has_temporary_ = has_temporary_ || is_temporary(failure.code);
  if (texts_.size() == most_named) return;
  texts_.push_back(cut_words(fmt::format("{}: {}", subject, failure.message), most_bytes));
}

error skipped_sources::added_to(error verdict) const {
  for (const auto& text : texts_) verdict.message += "; " + text;
  if (count_ > texts_.size())
    fmt::format_to(std::back_inserter(verdict.message), "; and {} more", count_ - texts_.size());
  if (has_temporary_ && is_refusal(verdict.code)) {
    verdict.code = error_code::unavailable;
    verdict.mended_by = remedy::of_code;
  }
  return verdict;
}

}  // namespace pinhook::resolve
