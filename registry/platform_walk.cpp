#include <pinhook/registry/platform_walk.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::registry {

platform_walk::step platform_walk::read_manifest(const digest& own, std::string_view text) {
  auto part = part_for(about_, text, wanted_);
  if (auto* failed = std::get_if<error>(&part)) return std::move(*failed);
  if (auto* config = std::get_if<ask_configuration>(&part)) {
    image_ = own;
    configuration_ = config->digest;
    return std::move(*config);
  }
  auto& entry = std::get<index_entry>(part);
  indexes_.push_back(own);
  if (!entry.is_index && entry.has_platform) return std::move(entry.digest);
  const auto refuse = [&](std::string_view answer) {
    return error{
        error_code::malformed, fmt::format("{} answered for {} with {}", about_.peer, about_.subject, answer), {}};
  };
  if (std::ranges::find(indexes_, entry.digest) != indexes_.end()) return refuse("an index that leads back to itself");
  if (indexes_.size() == max_index_depth && entry.is_index)
    return refuse(fmt::format("indexes within indexes, deeper than {}", max_index_depth));
  if (indexes_.size() > max_index_depth) return refuse("more indexes than its entries declare");
  return ask_manifest{std::move(entry.digest)};
}

platform_walk::step platform_walk::read_configuration(std::string_view text) {
  if (auto fits = check_configuration(about_, text, *configuration_, wanted_); !fits) return std::move(fits.error());
  return *image_;
}

}  // namespace pinhook::registry
