// Reads the content of a `pem`, from a file or from text.
//
// Any thread; reads files.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;

namespace pinhook::http {

/// Bytes of a PEM file: the bundle of all public authorities is a quarter of that.
inline constexpr std::size_t max_pem_size = std::size_t{1024} * 1024;

/// For messages: "the CA file /etc/ca.pem", or "the CA that was given as text". `role` is "CA", "client certificate".
[[nodiscard]] std::string name_of(const pem& p, std::string_view role);

/// The text. invalid_input, naming the file: it cannot be read, or is larger than max_pem_size.
[[nodiscard]] result<secret> read_pem(const pem& p, std::string_view role);

/// All certificates in a text, in order; other blocks are ignored. invalid_input: one of them is damaged.
[[nodiscard]] result<std::vector<std::shared_ptr<x509_st>>> parse_certificates(const secret& text);

/// The first private key in a text. invalid_input: there is none, or it needs a pass phrase.
[[nodiscard]] result<std::shared_ptr<evp_pkey_st>> parse_key(const secret& text);

}  // namespace pinhook::http
