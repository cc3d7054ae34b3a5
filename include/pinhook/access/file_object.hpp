// A ConfigMap or a Secret of which each key is a file, read and written whole: by server-side apply with a field
// manager of its own, and only while it is as it was read.
//
//   auto held = co_await read_file_object(connection, name, d);
//   held->files["trusted_root.json"] = …;
//   co_await write_file_object(connection, name, *held, d);
//
// RBAC: get and patch, and create where it is not there yet. Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace pinhook::access {

/// Bytes of all files of one object, which the API server limits.
inline constexpr std::size_t max_file_object = std::size_t{1024} * 1024;

struct file_object_name {
  /// Else a ConfigMap.
  bool is_secret = false;
  std::string ns;
  std::string name;
  /// The field manager of writes. Keys that it wrote before and does not write again are removed.
  std::string manager{"pinhook-trust"};

  /// "NAMESPACE/NAME". invalid_input: it is not two valid names.
  [[nodiscard]] static result<file_object_name> parse(bool is_secret, std::string_view text);
};

struct file_object {
  /// Of the API server; empty: there is no such object yet.
  std::string version;
  std::map<std::string, std::string> files;
};

/// malformed: no ConfigMap (Secret), or a value that is not base64 where it has to be.
[[nodiscard]] result<file_object> parse_file_object(bool is_secret, std::string_view text);
/// The body of the server-side apply. Files of a ConfigMap that are not UTF-8 go to its binaryData.
[[nodiscard]] std::string applied_file_object(const file_object_name& name, const file_object& of);

/// One that is not there is empty. Errors: those of the API, with the request.
awaitable<result<file_object>> read_file_object(kube::api_connection& to, file_object_name name, deadline d);
/// invalid_input: the files are too large for an object. unavailable: somebody else changed it meanwhile. Others: those
/// of the API.
awaitable<result<void>> write_file_object(kube::api_connection& to, file_object_name name, file_object of, deadline d);

}  // namespace pinhook::access
