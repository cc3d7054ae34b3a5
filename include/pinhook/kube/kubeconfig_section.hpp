// One mapping of a kubeconfig ("users \"dev\"") that is read key by key. It keeps the first problem, so that a reader
// checks once, at its end.
//
//   kubeconfig_section user(file, "users \"dev\"", node);
//   const std::string token = user.text("token");
//   if (user.problem()) return fail(*user.problem());
//
// One thread. Refers to the file, which must outlive it.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/kube/kubeconfig_file.hpp>
#include <pinhook/yaml/document.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::kube {

class kubeconfig_section {
 public:
  /// `where` is for messages.
  kubeconfig_section(const kubeconfig& file, std::string where, const yaml::node& at);

  /// The key's value; null when it is missing or null.
  [[nodiscard]] const yaml::node* find(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }

  /// Empty when it is missing.
  std::string text(std::string_view key);
  bool boolean(std::string_view key);
  /// A path, relative to the file.
  std::string path(std::string_view key);
  /// The value of "KEY" (a path) or "KEY-data" (base64); both is a problem.
  http::pem pem(const std::string& key);

  /// The path, resolved relative to the file.
  [[nodiscard]] std::string resolved(const std::string& path) const;

  /// Records a problem of `key`, at its line. The first one is kept.
  void refuse(std::string_view key, std::string_view problem, error_code code = error_code::invalid_input);
  [[nodiscard]] const std::optional<error>& problem() const { return problem_; }

 private:
  const kubeconfig& file_;
  std::string where_;
  const yaml::node& at_;
  std::optional<error> problem_;
};

}  // namespace pinhook::kube
