// Any bytes as the entry of a transparency log, in a tree of one entry whose head the log has signed: an entry that is
// accepted holds the signature that it is about. Parts: kind and version, body; a further one is a checkpoint as it is,
// which no log has signed. In the body, SIGNATURE, TWICE, PAYLOAD, MESSAGE and VERIFIER stand for the signature in
// base64, once and twice, the hashes of what was signed, and the key in PEM in base64.
#include "fuzz/fuzz_signer.hpp"
#include "fuzz/json_mutator.hpp"

#include <pinhook/base/base64.hpp>
#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/trust/checkpoint.hpp>
#include <pinhook/trust/log_proof.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace trust = pinhook::trust;
using pinhook::fuzz::require;

const pinhook::fuzz::signer& by() {
  static const pinhook::fuzz::signer made;
  return made;
}

const trust::trusted_log& the_log() {
  static const trust::trusted_log made{std::string(32, 'l'), by().key(), "log.example", {}};
  return made;
}

std::string head_of(std::string_view body) {
  const std::string text = "log.example\n1\n" + pinhook::encode_base64(trust::leaf_hash(body)) + "\n";
  return text + "\n\xe2\x80\x94 log.example " + pinhook::encode_base64(std::string(4, 'l') + by().sign(text)) + "\n";
}

const trust::signature& the_signature() {
  static const trust::signature made = [] {
    trust::signature out;
    out.payload = "{}";
    out.message = trust::pre_authentication("application/vnd.in-toto+json", out.payload);
    out.value = by().sign(out.message);
    return out;
  }();
  return made;
}

std::string key_in_pem() {
  return pinhook::encode_base64("-----BEGIN PUBLIC KEY-----\n" + pinhook::encode_base64(by().key().spki()) +
                                "\n-----END PUBLIC KEY-----\n");
}

std::string signature_text() {
  std::string out = pinhook::encode_base64(the_signature().value);
  while (out.ends_with('=')) out.pop_back();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto parts = pinhook::fuzz::parts_of({reinterpret_cast<const char*>(data), size}, 3);
  const trust::signature& of = the_signature();
  static const std::pair<std::string_view, std::string> texts[] = {
      {"SIGNATURE", pinhook::encode_base64(of.value)},
      {"TWICE", pinhook::encode_base64(pinhook::encode_base64(of.value))},
      {"PAYLOAD", pinhook::encode_hexadecimal(trust::sha256(of.payload))},
      {"MESSAGE", pinhook::encode_hexadecimal(trust::sha256(of.message))},
      {"VERIFIER", key_in_pem()}};
  for (const auto& [name, text] : texts) pinhook::fuzz::replace_each(parts[1], name, text);
  const auto space = parts[0].find(' ');
  trust::log_entry entry;
  entry.log_id = the_log().id;
  entry.kind = parts[0].substr(0, space);
  entry.version = space == std::string::npos ? "" : parts[0].substr(space + 1);
  entry.body = parts[1];
  entry.proof = trust::inclusion_proof{0, {}, head_of(entry.body)};
  static const trust::signer made_by{by().key(), trust::hash::sha256, ""};
  const auto proven = trust::verify_log_entry(entry, of, made_by, {the_log()});
  // JSON may escape the text; base64 has two alphabets, and may have spaces in it.
  if (proven && entry.kind != "intoto" && entry.body.find_first_of("\\-_ ") == std::string::npos)
    require(entry.body.find(signature_text()) != std::string::npos);
  entry.promise = parts[2];
  (void)trust::verify_log_entry(entry, of, made_by, {the_log()});
  if (const auto head = trust::checkpoint::parse(parts[2])) {
    (void)trust::root_of(std::string(32, 'a'), head->size / 2, head->size, {head->root, head->root});
    (void)head->is_signed_by(the_log());
  }
  return 0;
}
