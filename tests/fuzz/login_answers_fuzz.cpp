// A line with an image, then any bytes as what gives credentials: a pull secret, and the answers of a credential
// helper, of a kubelet's plugin and of a kubeconfig's. No word of them is in a refusal, and a login that is found can
// be used.
#include "fuzz/json_mutator.hpp"
#include "fuzz/require.hpp"

#include <pinhook/kube/exec_credential.hpp>
#include <pinhook/kube/plugin_exchange.hpp>
#include <pinhook/registry/credential_helper.hpp>
#include <pinhook/registry/pull_keyring.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace pinhook;
using fuzz::require;

void check(const registry::credential& of) {
  require(of.kind != registry::credential_kind::anonymous && !of.identity.empty() && of.identity != "anonymous");
}

void read_pull_secrets(std::string_view text, const registry::reference& image) {
  for (const auto form : {registry::pull_secret_form::config_json, registry::pull_secret_form::dockercfg}) {
    auto entries = registry::parse_pull_secret(form, secret(std::string(text)), "regcred");
    if (!entries) {
      require(entries.error().code == error_code::invalid_input && entries.error().message.size() < 4096);
      continue;
    }
    require(entries->size() <= registry::max_pull_secret_entries);
    const registry::pull_keyring keyring(std::move(*entries));
    for (const auto* one : keyring.find(image)) check(one->credential);
  }
}

void read_answers(std::string_view text, const registry::reference& image) {
  const process_output output{0, secret(std::string(text)), secret("")};
  if (const auto read = registry::read_helper_answer({"any", "reg.test"}, output); read && *read) check(**read);
  kube::plugin_provider provider;
  provider.name = "any";
  provider.api_version = std::string(kube::plugin_api_v1);
  if (const auto read = kube::read_plugin_answer(provider, output)) {
    const kube::named_answer answer{provider.name, &*read};
    for (const auto& one : kube::logins_for(image, {&answer, 1})) check(one);
  }
  kube::exec_plugin plugin;
  plugin.api_version = "client.authentication.k8s.io/v1";
  if (const auto read = kube::read_exec_answer(plugin, output))
    require(!read->token.is_empty() || (!read->certificate.is_empty() && !read->key.is_empty()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return 0;
  const auto image = registry::reference::parse(text.substr(0, line_end));
  if (!image) return 0;
  read_pull_secrets(text.substr(line_end + 1), *image);
  read_answers(text.substr(line_end + 1), *image);
  return 0;
}
