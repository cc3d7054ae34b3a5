// tls_settings with their files read, ready for connections.
//
// Made by one thread; read-only after that.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/file_stamp.hpp>
#include <pinhook/http/message.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;
struct x509_store_st;

namespace pinhook::http {

struct loaded_tls {
  std::shared_ptr<x509_store_st> trust;
  /// The client certificate and its issuers; empty: none.
  std::vector<std::shared_ptr<x509_st>> certificates;
  std::shared_ptr<evp_pkey_st> key;
  bool verify = true;
  /// A host as in a URL ("one.example", "[::1]"); empty: the URL's own.
  std::string server_name;
};

/// invalid_input, naming the file and its fault: unreadable authorities, certificate or key, a key of another
/// certificate, a key without certificate, an invalid server name.
[[nodiscard]] result<loaded_tls> load_tls(const tls_settings& s);

/// Gives a connection's context the trust store and the client certificate. False: OpenSSL refuses them.
[[nodiscard]] bool apply(const loaded_tls& tls, ssl_ctx_st* context);

/// The stamps of all files that the settings name, in a fixed order; a missing file has an empty one.
[[nodiscard]] std::vector<file_stamp> stamps_of(const tls_settings& s);

}  // namespace pinhook::http
