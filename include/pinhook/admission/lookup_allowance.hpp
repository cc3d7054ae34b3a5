// The look-ups with pull secrets that a request's caller may still cause, where it is not known who calls: a limit on
// how many tags of other people's private images one address can guess.
//
// An object of one request; what it counts on may be shared by all threads.
#pragma once

#include <pinhook/base/error.hpp>

#include <string>

namespace pinhook::admission {

class lookup_allowance {
 public:
  virtual ~lookup_allowance() = default;

  /// Before a look-up for the namespace whose answer the cache does not hold, and before secrets are read that are not
  /// held. False: it must not be begun; there is no `end` for it.
  [[nodiscard]] virtual bool begin(const std::string& ns) = 0;

  /// After it. `found_nothing`: the registry has no such image, or refused it, as it does after most guesses.
  virtual void end(const std::string& ns, bool found_nothing) = 0;

  /// The error of a look-up that must not be begun.
  [[nodiscard]] virtual error refusal() const = 0;
};

}  // namespace pinhook::admission
