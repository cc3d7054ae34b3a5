// The report of the look-up of an image: hosts, proxies, credentials, and, when it was tried, the answer of each.
// `pinhook explain` shows it after the reference. It holds names, never secrets.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential.hpp>

#include <optional>
#include <string>
#include <vector>

namespace pinhook::access {

struct access_report {
  struct host {
    std::string url;
    bool is_mirror = false;
    /// Empty: direct.
    std::string proxy;
    /// The reason why it is never asked, for the end of a sentence: "169.254.169.254 is a link-local address". Empty:
    /// it is asked.
    std::string refusal{};
    /// The image's name there, where it is another one: "hub/acme/app".
    std::string repository{};
    /// The file or setting that names it. Empty: none, it is the registry of the image.
    std::string from{};
    friend bool operator==(const host&, const host&) = default;
  };
  /// The name that nodes read, where it is another one than the reference's.
  std::string meaning{};
  /// In the order of the requests.
  std::vector<host> hosts;
  /// The places that a node asks for the digest of a tag, in their order, where they are others than `hosts`.
  std::optional<std::vector<host>> pulled_from{};
  /// In the order in which they are tried; empty: anonymous.
  std::vector<registry::credential_match> credentials;
  /// Obstacles: secrets that could not be read, a setting that forbids the registry.
  std::vector<std::string> troubles;

  /// One request, or one source without a credential.
  struct attempt {
    std::string host;
    std::string credential;
    /// The digest, or the error.
    result<std::string> answer;
    /// False: the source had no credential, and `answer` has the reason.
    bool was_asked = true;
  };
  std::optional<std::vector<attempt>> attempts;

  /// True when it was tried without a digest from any host.
  [[nodiscard]] bool has_failed() const;
};

/// Lines for a person, each "name        text".
[[nodiscard]] std::string to_lines(const access_report& r);

/// Members of a JSON object, without its braces: "meaning", "hosts", "pulledFrom", "credentials", "troubles", and
/// "attempts" when tried.
[[nodiscard]] std::string to_json_members(const access_report& r);

}  // namespace pinhook::access
