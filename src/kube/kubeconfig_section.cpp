#include <pinhook/kube/kubeconfig_section.hpp>

#include <pinhook/base/base64.hpp>

#include <fmt/core.h>

#include <filesystem>
#include <utility>

namespace pinhook::kube {

kubeconfig_section::kubeconfig_section(const kubeconfig& file, std::string where, const yaml::node& at)
    : file_(file), where_(std::move(where)), at_(at) {
  if (at.kind != yaml::node_kind::mapping && !at.is_null())
    problem_ = error{
        error_code::invalid_input,
        fmt::format("{}, line {}: {} must be a mapping, not {}", file.file, at.line, where_, yaml::to_string(at.kind)),
        std::nullopt};
}

const yaml::node* kubeconfig_section::find(std::string_view key) const {
  const yaml::node* found = at_.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string kubeconfig_section::text(std::string_view key) {
  const yaml::node* found = find(key);
  if (found == nullptr) return {};
  if (found->kind == yaml::node_kind::scalar) return found->text;
  refuse(key, fmt::format("must be text, not {}", yaml::to_string(found->kind)));
  return {};
}

bool kubeconfig_section::boolean(std::string_view key) {
  const yaml::node* found = find(key);
  if (found == nullptr) return false;
  const bool is_plain = found->kind == yaml::node_kind::scalar && found->style == yaml::scalar_style::plain;
  if (!is_plain || (found->text != "true" && found->text != "false")) refuse(key, "must be true or false");
  return is_plain && found->text == "true";
}

std::string kubeconfig_section::path(std::string_view key) { return resolved(text(key)); }

http::pem kubeconfig_section::pem(const std::string& key) {
  const std::string data_key = key + "-data";
  http::pem out;
  out.file = path(key);
  const std::string data = text(data_key);
  if (data.empty()) return out;
  auto decoded = decode_base64(data);
  if (!out.file.empty())
    refuse(data_key, fmt::format("is set beside {}; remove one of them", key));
  else if (!decoded)
    refuse(data_key, "is not base64");
  else
    out.text = secret(*std::move(decoded));
  return out;
}

std::string kubeconfig_section::resolved(const std::string& path) const {
  namespace fs = std::filesystem;
  if (path.empty() || path.front() == '/') return path;
  return (fs::path(file_.file).parent_path() / path).string();
}

void kubeconfig_section::refuse(std::string_view key, std::string_view problem, error_code code) {
  if (problem_) return;
  std::size_t line = at_.line;
  for (const yaml::member& one : at_.members)
    if (one.key == key) line = one.line;
  problem_ = error{code, fmt::format("{}, line {}: {}: {} {}", file_.file, line, where_, key, problem), std::nullopt};
}

}  // namespace pinhook::kube
