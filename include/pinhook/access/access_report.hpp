// How an image would be asked for: at which hosts, through which proxy, with whose credentials; and, when tried, what
// each answered. What `pinhook explain` shows behind the reference. Names, never secrets.
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
    /// Empty: directly.
    std::string proxy;
  };
  /// In the order in which they are asked.
  std::vector<host> hosts;
  /// In the order in which they are tried; empty: it is asked anonymously.
  std::vector<registry::credential_match> credentials;
  /// What stands in the way: secrets that could not be read, a rule that forbids the registry.
  std::vector<std::string> troubles;

  /// One question that was asked, or one source that had nothing to ask with.
  struct attempt {
    std::string host;
    std::string credential;
    /// The digest, or why there is none.
    result<std::string> answer;
    /// False: the source had nothing to ask with, and `answer` says why.
    bool was_asked = true;
  };
  std::optional<std::vector<attempt>> attempts;

  /// Tried, and nobody gave a digest.
  [[nodiscard]] bool has_failed() const;
};

/// Lines for a person, each "name        text".
[[nodiscard]] std::string to_lines(const access_report& r);

/// Members of a JSON object, without its braces: "hosts", "credentials", "troubles", and "attempts" when tried.
[[nodiscard]] std::string to_json_members(const access_report& r);

}  // namespace pinhook::access
