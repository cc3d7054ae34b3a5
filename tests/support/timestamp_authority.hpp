// An RFC 3161 timestamp authority with a key of its own, whose clock is an argument.
//
//   timestamp_authority stamps;
//   root.timestamp_authorities.push_back(stamps.trusted());
//   signature.timestamps.push_back(stamps.stamp(signature.stamped, when));   // a TimeStampResp in DER
//
// One thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/trust/trusted_root.hpp>

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace pinhook::testing {

class timestamp_authority {
 public:
  timestamp_authority();

  /// As a trusted root lists it: one certificate, signed by itself, valid for twenty years before and after now.
  [[nodiscard]] trust::trusted_authority trusted() const;
  /// A token over `data` by SHA-256, without certificates, as cosign asks for it.
  [[nodiscard]] std::string stamp(const std::string& data, wall_time when) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
};

}  // namespace pinhook::testing
