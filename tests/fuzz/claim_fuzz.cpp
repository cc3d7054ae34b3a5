// Any bytes as the payload of a signature that holds: in a DSSE envelope (first byte '{' or others) and in cosign's
// older form. What is verified names the image.
#include "fuzz/fuzz_signer.hpp"
#include "fuzz/json_mutator.hpp"

#include <pinhook/trust/claim.hpp>
#include <pinhook/trust/cosign.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

namespace trust = pinhook::trust;

constexpr std::string_view hexadecimal = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const pinhook::fuzz::signer& by() {
  static const pinhook::fuzz::signer made;
  return made;
}

const trust::cosign_policy& policy() {
  static const trust::cosign_policy made = [] {
    trust::cosign_policy out;
    out.keys.push_back(by().key());
    out.predicate_type.clear();
    return out;
  }();
  return made;
}

void verify(trust::signature of) {
  of.value = by().sign(of.message);
  const bool is_good = trust::verify_cosign(of, "sha256:" + std::string(hexadecimal), policy()).is_verified();
  // JSON may escape its digits, so that only an unescaped payload must have the digest in it.
  if (is_good && of.payload.find('\\') == std::string::npos)
    pinhook::fuzz::require(of.payload.find(hexadecimal) != std::string::npos);
  trust::cosign_policy strict = policy();
  strict.fields.emplace("/predicate/a/0", "x");
  strict.annotations.emplace("k", "v");
  if (trust::verify_cosign(of, "sha256:" + std::string(hexadecimal), strict).is_verified())
    pinhook::fuzz::require(is_good);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  trust::signature of;
  of.payload.assign(reinterpret_cast<const char*>(data), size);
  of.message = trust::pre_authentication("application/vnd.in-toto+json", of.payload);
  verify(of);
  of.as = trust::signature::form::simple_signing;
  of.message = of.payload;
  verify(of);
  (void)trust::predicate_type_of(of);
  return 0;
}
