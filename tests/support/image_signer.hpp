// Signs images as cosign's older layout does (tag sha256-….sig), with a key of its own.
//
//   image_signer acme;
//   files.write("acme.pub", acme.public_key());
//   const signed_documents of = acme.sign(digest);                     // pusher.push_signature("a", of)
//   server.on("GET", "/v2/a/manifests/" + of.tag, {.body = of.manifest});
//   server.on("GET", "/v2/a/blobs/" + of.blob, {.body = of.payload});
//
// Source: sigstore/cosign specs/SIGNATURE_SPEC.md. One thread.
#pragma once

#include <pinhook/base/base64.hpp>
#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace pinhook::testing {

/// What a registry holds beside a signed image.
struct signed_documents {
  /// Of the manifest: "sha256-….sig".
  std::string tag;
  std::string manifest;
  /// The digest of the payload.
  std::string blob;
  std::string payload;
};

class image_signer {
 public:
  image_signer() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("no key was made");
  }

  [[nodiscard]] std::string public_key() const {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> to(BIO_new(BIO_s_mem()), BIO_free_all);
    if (PEM_write_bio_PUBKEY(to.get(), key_.get()) != 1) throw std::runtime_error("the key cannot be written");
    char* text = nullptr;
    const long size = BIO_get_mem_data(to.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  /// `digest`: "sha256:…".
  [[nodiscard]] signed_documents sign(const std::string& digest) const {
    const std::string payload =
        fmt::format(R"({{"critical":{{"identity":{{"docker-reference":""}},"image":{{"docker-manifest-digest":"{}"}},)"
                    R"("type":"cosign container image signature"}},"optional":null}})",
                    digest);
    const std::string blob = registry::digest::of(payload).to_string();
    const std::string manifest = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":)"
        R"("application/vnd.oci.image.config.v1+json","digest":"{0}","size":{1}}},"layers":[{{"mediaType":)"
        R"("application/vnd.dev.cosign.simplesigning.v1+json","digest":"{0}","size":{1},"annotations":)"
        R"({{"dev.cosignproject.cosign/signature":"{2}"}}}}]}})",
        blob, payload.size(), encode_base64(signature_of(payload)));
    return {fmt::format("sha256-{}.sig", digest.substr(7)), manifest, blob, payload};
  }

  /// ECDSA over SHA-256, in DER.
  [[nodiscard]] std::string signature_of(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> with(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    if (EVP_DigestSignInit(with.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(with.get(), nullptr, &size, bytes, text.size()) != 1)
      throw std::runtime_error("nothing was signed");
    std::string out(size, '\0');
    if (EVP_DigestSign(with.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size()) != 1)
      throw std::runtime_error("nothing was signed");
    out.resize(size);
    return out;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

}  // namespace pinhook::testing
