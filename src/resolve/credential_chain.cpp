#include <pinhook/resolve/credential_chain.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pinhook::resolve {
namespace {

// The rank of a refusal as a report: "not found" went to a client that the registry let in; "unauthorized" only tells
// that a secret is wrong. Zero: not a refusal that another credential may lift.
int weight(error_code code) {
  switch (code) {
    case error_code::not_found:
      return 3;
    case error_code::denied:
      return 2;
    case error_code::unauthorized:
      return 1;
    default:
      return 0;
  }
}

// Sources named in a message; the rest is counted.
constexpr std::size_t most_named = 3;

}  // namespace

credential_chain::credential_chain(std::size_t limit) : limit_(std::max<std::size_t>(limit, 1)) {}

void credential_chain::offer(std::vector<registry::credential> some) {
  offered_ += some.size();
  const std::size_t room = std::min(some.size(), limit_ - candidates_.size());
  candidates_.insert(candidates_.end(), std::make_move_iterator(some.begin()),
                     std::make_move_iterator(some.begin() + static_cast<std::ptrdiff_t>(room)));
}

void credential_chain::offer_anonymous() {
  if (candidates_.empty()) candidates_.emplace_back();
}

bool credential_chain::wants_more() const { return !is_final_ && candidates_.size() < limit_; }

const registry::credential* credential_chain::next() const {
  return is_final_ || tried_ == candidates_.size() ? nullptr : &candidates_[tried_];
}

void credential_chain::failed(error failure) {
  ++tried_;
  is_final_ = weight(failure.code) == 0;
  if (is_final_ || !best_ || weight(failure.code) > weight(best_->code)) best_ = std::move(failure);
}

error credential_chain::verdict() const {
  error out = best_.value_or(error{error_code::internal, "no credential was tried", std::nullopt});
  if (tried_ < 2) return out;
  std::string sources;
  for (std::size_t i = 0; i < std::min(tried_, most_named); ++i)
    fmt::format_to(std::back_inserter(sources), "{}{}", i == 0 ? "" : ", ", candidates_[i].source);
  if (tried_ > most_named) sources += ", …";
  fmt::format_to(std::back_inserter(out.message), " ({} credentials were tried: {})", tried_, sources);
  if (offered_ > candidates_.size() && !is_final_)
    fmt::format_to(std::back_inserter(out.message), " (and no more than {} of {} are)", candidates_.size(), offered_);
  return out;
}

}  // namespace pinhook::resolve
