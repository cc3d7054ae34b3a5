#include <pinhook/webhook/caller_gate.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/base/printable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pinhook::webhook {
namespace {

using server::caller;
using server::client_certificate;

constexpr std::string_view advice = "docs/callers.md has the API server's configuration";
// Names of a certificate in a refusal.
constexpr std::size_t most_named = 5;
constexpr std::size_t most_of_a_name = 100;

std::vector<glob> globs_of(const std::vector<std::string>& names) {
  std::vector<glob> out;
  out.reserve(names.size());
  for (const auto& one : names) out.emplace_back(one == "*" ? "**" : one);
  return out;
}

std::string shown_names(const std::vector<std::string>& names) {
  if (names.empty()) return "no name";
  std::vector<std::string> shown;
  for (const auto& one : names) {
    if (shown.size() == most_named) {
      shown.push_back(fmt::format("{} more", names.size() - most_named));
      break;
    }
    shown.push_back(quoted(one, most_of_a_name));
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

caller kind_of(client_certificate state, bool is_named) {
  switch (state) {
    case client_certificate::verified:
      return is_named ? caller::known : caller::other_name;
    case client_certificate::invalid:
      return caller::invalid_certificate;
    default:
      return caller::no_certificate;
  }
}

std::string reason_of(caller kind, const server::client& from) {
  switch (kind) {
    case caller::no_certificate:
      return fmt::format(
          "callers need a client certificate that callers.client_ca vouches for, and this one has sent none; {}",
          advice);
    case caller::invalid_certificate:
      return fmt::format("the caller's client certificate does not count by callers.client_ca: {}; {}", from.fault,
                         advice);
    default:
      return fmt::format("the caller's client certificate is for {}, which callers.names does not have; {}",
                         shown_names(from.names), advice);
  }
}

}  // namespace

caller_gate::caller_gate(const config::settings& s, server::metrics& numbers, const clock& time)
    : verifies_(!s.callers.client_ca.empty()),
      required_(s.callers.required),
      names_(globs_of(s.callers.names)),
      numbers_(numbers),
      time_(time) {
  numbers_.set_callers_verified(s.callers.are_verified());
}

bool caller_gate::is_named(const server::client& from) const {
  return std::ranges::any_of(from.names, [&](const std::string& name) {
    return std::ranges::any_of(names_, [&](const glob& one) { return one.matches(name); });
  });
}

std::optional<server::refusal> caller_gate::check(const server::client& from) {
  if (!verifies_) {
    numbers_.count_caller(caller::any);
    return std::nullopt;
  }
  const caller kind = kind_of(from.certificate, is_named(from));
  numbers_.count_caller(kind);
  if (kind == caller::known || !required_) return std::nullopt;
  std::string reason = reason_of(kind, from);
  log_refusal(from, reason);
  return server::refusal{403, std::move(reason), {}};
}

void caller_gate::log_refusal(const server::client& from, const std::string& reason) {
  const auto now = time_.now().time_since_epoch().count();
  auto next = next_log_.load();
  if (now < next ||
      !next_log_.compare_exchange_strong(next, now + std::chrono::nanoseconds(std::chrono::seconds(1)).count()))
    return;
  log::warning("a caller was refused", {{"address", from.address.to_string()}, {"why", reason}});
}

std::string describe_callers(const config::settings& s) {
  if (s.callers.client_ca.empty())
    return "not verified: whoever reaches the port is answered; callers.client_ca is not set (docs/callers.md)";
  const std::string names =
      fmt::format("client certificates of callers.client_ca, named {}", fmt::join(s.callers.names, ", "));
  return s.callers.required
             ? "verified by " + names
             : fmt::format("not verified: known by {}; others are answered, too (callers.required)", names);
}

std::string describe_labels(const config::settings& s, bool is_not_allowed) {
  using config::switch_state;
  const switch_state check = s.callers.labelled_namespaces;
  if (check == switch_state::off || (check == switch_state::automatic && s.callers.are_verified())) return {};
  if (!is_not_allowed) return "credentials are used for those with the label pinhook.dev/pin alone";
  return check == switch_state::on
             ? "no credentials are used: RBAC does not allow get on namespaces (callers.labelled_namespaces: on)"
             : "labels are not checked, so credentials of all namespaces are used: RBAC does not allow get on "
               "namespaces";
}

}  // namespace pinhook::webhook
