#include "support/docker_registry.hpp"

#include <stdexcept>

namespace pinhook::testing {

docker_registry::docker_registry(const docker_registry_options& o) : is_tls_(o.tls != nullptr) {
  const std::string root = directory_.path().string();
  std::string config =
      "version: 0.1\n"
      "log: {level: info, accesslog: {disabled: true}}\n"
      "storage: {filesystem: {rootdirectory: " +
      root +
      "/data}, delete: {enabled: true}}\n"
      "http:\n  addr: 127.0.0.1:0\n  secret: of-the-test\n";
  if (is_tls_) {
    directory_.write("leaf.pem", o.tls->certificate);
    directory_.write("leaf.key", o.tls->key);
    config += "  tls: {certificate: " + root + "/leaf.pem, key: " + root + "/leaf.key}\n";
  }
  if (!o.htpasswd.empty()) {
    directory_.write("htpasswd", o.htpasswd);
    config += "auth: {htpasswd: {realm: test, path: " + root + "/htpasswd}}\n";
  }
  if (!o.token_realm.empty()) {
    directory_.write("authority.pem", o.token_authority);
    config += "auth:\n  token:\n    realm: " + o.token_realm + "\n    service: " + service + "\n    issuer: " + issuer +
              "\n    rootcertbundle: " + root + "/authority.pem\n";
  }
  child_options child;
  child.command = {"docker-registry", "serve", directory_.write("config.yml", config).string()};
  process_ = std::make_unique<child_process>(child, "docker-registry");
  const std::string before = "listening on 127.0.0.1:";
  const std::string line = process_->wait_for_line(before);
  const auto at = line.find(before);
  if (at == std::string::npos) throw std::runtime_error("docker-registry does not start: " + process_->output());
  port_ = static_cast<std::uint16_t>(std::stoul(line.substr(at + before.size())));
}

}  // namespace pinhook::testing
