#include <pinhook/webhook/caller_limits.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace pinhook::webhook {
namespace {

namespace ip = boost::asio::ip;

// The addresses that count as one.
ip::address counted_as(const ip::address& from) {
  if (from.is_v4()) return from;
  ip::address_v6 v6 = from.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  ip::address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes);
}

}  // namespace

std::size_t caller_limits::addresses() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

double caller_limits::left_of(const bucket& b, steady_time now) const {
  const std::chrono::duration<double> passed = now - b.at;
  return std::min(per_minute_, b.left + passed.count() * per_minute_ / 60);
}

caller_limits::bucket& caller_limits::bucket_of(const ip::address& from, steady_time now) {
  const auto found = buckets_.find(from);
  if (found != buckets_.end()) return found->second;
  if (buckets_.size() >= max_addresses) {
    // One that is full again is as one that was never there.
    std::erase_if(buckets_, [&](const auto& one) { return left_of(one.second, now) >= per_minute_; });
  }
  // The unspecified address stands for all that have no room.
  const bool has_room = buckets_.size() < max_addresses;
  return buckets_.try_emplace(has_room ? from : ip::address(), bucket{per_minute_, now, {}}).first->second;
}

// What comes back is taken off all namespaces by their parts: used and left stay the whole together.
void caller_limits::fill(bucket& b, steady_time now) const {
  const double left = left_of(b, now);
  const double used = per_minute_ - b.left;
  const double rest = used > 0 ? (per_minute_ - left) / used : 0;
  for (auto& [ns, part] : b.used) part *= rest;
  std::erase_if(b.used, [](const auto& one) { return one.second < 1; });
  b.left = left;
  b.at = now;
}

double& caller_limits::used_of(bucket& b, const std::string& ns) {
  const auto found = b.used.find(ns);
  if (found != b.used.end()) return found->second;
  // No namespace has an empty name; reviews of objects without a namespace are not pinned.
  return b.used[b.used.size() < max_namespaces ? ns : std::string()];
}

bool caller_limits::take(const ip::address& from, const std::string& ns, double cost) {
  const steady_time now = time_.now();
  const std::lock_guard lock(mutex_);
  bucket& b = bucket_of(from, now);
  fill(b, now);
  if (b.left < std::min(cost, per_minute_)) return false;
  double& used = used_of(b, ns);
  if (used > 0 && used + cost > b.left) return false;
  used += cost;
  b.left -= cost;
  return true;
}

void caller_limits::give_back(const ip::address& from, const std::string& ns, double cost) {
  const steady_time now = time_.now();
  const std::lock_guard lock(mutex_);
  bucket& b = bucket_of(from, now);
  fill(b, now);
  double& used = used_of(b, ns);
  used = std::max(0.0, used - cost);
  b.left = std::min(per_minute_, b.left + cost);
}

caller_limits::share::share(caller_limits& all, const ip::address& from) : all_(all), from_(counted_as(from)) {}

bool caller_limits::share::begin(const std::string& ns) {
  if (all_.take(from_, ns, guess)) return true;
  all_.numbers_.count_withheld_lookup();
  return false;
}

void caller_limits::share::end(const std::string& ns, bool found_nothing) {
  if (!found_nothing) all_.give_back(from_, ns, guess - 1);
}

error caller_limits::share::refusal() const {
  return {error_code::rate_limited,
          fmt::format("the look-ups with pull secrets that {} may cause in a minute are used up (callers.lookups)",
                      from_.to_string()),
          std::nullopt};
}

}  // namespace pinhook::webhook
