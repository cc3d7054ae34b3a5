// The registries that pinhook may contact at all: the settings registry.allow and registry.deny.
//
//   *.example.com              every host below example.com, of any depth
//   registry.example.com:5000  with that port
//   ghcr.io/acme/*             one organisation's repositories
//
// "*" stands for any characters. An allowed host without a port matches the host without a port or with 443; a denied
// one matches the host with any port. A rule without a path applies to every repository.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

/// Bytes of a rule.
inline constexpr std::size_t max_access_rule = 512;

class access_rules {
 public:
  /// Everything is allowed.
  access_rules() = default;

  /// An empty `allow` allows everything. invalid_input: an invalid rule; the message names it and its setting.
  [[nodiscard]] static result<access_rules> make(const std::vector<std::string>& allow,
                                                 const std::vector<std::string>& deny);

  /// Checks an image that a user named. denied: the message names the rule and its setting.
  [[nodiscard]] std::optional<error> refusal(const reference& ref) const;

  /// Checks a host that a redirect, a token realm or a mirror named, as "host" or "host:port". Only a rule without a
  /// path denies it.
  [[nodiscard]] std::optional<error> refusal_of_host(std::string_view authority) const;

 private:
  struct rule {
    std::string text;
    std::string host;
    std::string port;  // empty: the rule has no port
    std::string path;  // empty: every repository
  };
  struct place {
    std::string host;
    std::string port;  // "443" when the authority has none
  };
  [[nodiscard]] static result<rule> read(const std::string& text, std::string_view setting);
  [[nodiscard]] static place place_of(std::string_view authority);
  [[nodiscard]] static bool is_about(const rule& r, const place& at, bool any_port);

  std::vector<rule> allow_;
  std::vector<rule> deny_;
};

}  // namespace pinhook::registry
