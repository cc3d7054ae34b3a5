#include <pinhook/kube/find_cluster.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/kube/in_cluster.hpp>
#include <pinhook/kube/kubeconfig.hpp>

#include <fmt/core.h>

#include <array>
#include <string_view>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::size_t max_pem_size = std::size_t{1024} * 1024;

// A missing file is reported at the start, not with the first object that needs it.
std::optional<error> unreadable_file(const cluster& c) {
  std::vector<std::pair<std::string_view, std::string>> files{{"client-certificate", c.tls.certificate.file},
                                                              {"client-key", c.tls.key.file}};
  for (const http::pem& one : c.tls.authorities) files.emplace_back("certificate-authority", one.file);
  for (const auto& [key, file] : files) {
    if (file.empty()) continue;
    auto text = read_file(file, max_pem_size);
    if (text) continue;
    if (text.error().code == error_code::not_found) text.error().code = error_code::invalid_input;
    return std::move(text.error()).at(fmt::format("{}: {}", c.origin, key));
  }
  return std::nullopt;
}

result<cluster> choose_checked(const std::vector<kubeconfig>& files, std::string_view context = {}) {
  auto out = choose_cluster(files, context);
  if (!out) return out;
  if (auto bad = unreadable_file(*out)) return fail(*std::move(bad));
  return out;
}

result<kubeconfig> open_kubeconfig(const std::string& file) {
  const auto text = read_file(file, max_kubeconfig_size);
  if (!text) return fail(text.error());
  return parse_kubeconfig(text->reveal(), file);
}

result<cluster> from_variable(std::string_view list, std::string_view context = {}) {
  std::vector<kubeconfig> files;
  for (std::string_view left = list; !left.empty();) {
    const auto colon = left.find(':');
    const std::string file(left.substr(0, colon));
    left = colon == std::string_view::npos ? std::string_view() : left.substr(colon + 1);
    if (file.empty()) continue;
    auto one = open_kubeconfig(file);
    if (one)
      files.push_back(*std::move(one));
    else if (one.error().code != error_code::not_found)  // as kubectl: files of the list may be missing
      return fail(std::move(one.error()).at("KUBECONFIG"));
  }
  if (files.empty()) return fail(error_code::not_found, fmt::format("no file of KUBECONFIG {} exists", quoted(list)));
  return choose_checked(files, context);
}

result<cluster> from_named(const std::string& file, std::string_view context = {}) {
  auto named = open_kubeconfig(file);
  if (named) return choose_checked({*std::move(named)}, context);
  if (named.error().code == error_code::not_found) named.error().code = error_code::invalid_input;
  return fail(std::move(named.error()).at("kubeconfig"));
}

result<cluster> find_now(const std::string& kubeconfig_setting, const environment& variables,
                         const std::string& folder) {
  if (!kubeconfig_setting.empty()) return from_named(kubeconfig_setting);
  auto here = in_cluster(variables, folder);
  if (here || here.error().code != error_code::not_found) return here;
  const std::string_view list = variable(variables, "KUBECONFIG");
  if (list.empty())
    return fail(
        error_code::not_found,
        fmt::format("no Kubernetes API: not in a cluster ({}), and KUBECONFIG is not set", here.error().message));
  return from_variable(list);
}

}  // namespace

result<cluster> find_cluster_of_person(const cluster_choice& choice, const environment& variables,
                                       const std::string& folder, std::chrono::nanoseconds limit) {
  const auto find = [=]() -> result<cluster> {
    if (!choice.kubeconfig.empty()) return from_named(choice.kubeconfig, choice.context);
    if (const auto list = variable(variables, "KUBECONFIG"); !list.empty()) return from_variable(list, choice.context);
    const std::string home(variable(variables, "HOME"));
    auto own = home.empty() ? fail(error_code::not_found, "HOME is not set")
                            : from_variable(home + "/.kube/config", choice.context);
    if (own || own.error().code != error_code::not_found) return own;
    auto here = in_cluster(variables, folder);
    if (!choice.context.empty() || (!here && here.error().code == error_code::not_found))
      return fail(
          error_code::not_found,
          "no cluster: name a kubeconfig with --kubeconfig or KUBECONFIG, have one at ~/.kube/config, or run it "
          "in a cluster");
    return here;
  };
  return read_within<cluster>(choice.kubeconfig.empty() ? "the kubeconfig" : "kubeconfig " + choice.kubeconfig, find,
                              limit);
}

result<cluster> find_cluster(const std::string& kubeconfig_setting, const environment& variables,
                             const std::string& folder, std::chrono::nanoseconds limit) {
  const std::string name =
      kubeconfig_setting.empty() ? fmt::format("{} or KUBECONFIG", folder) : "kubeconfig " + kubeconfig_setting;
  return read_within<cluster>(name, [=] { return find_now(kubeconfig_setting, variables, folder); }, limit);
}

}  // namespace pinhook::kube
