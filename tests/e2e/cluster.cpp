#include "e2e/cluster.hpp"
#include "support/image_pusher.hpp"
#include "support/paths.hpp"

#include <pinhook/base/json_writer.hpp>

#include <fmt/core.h>
#include <rapidjson/pointer.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <stdexcept>

namespace pinhook::e2e {
namespace {

using command = std::vector<std::string>;

std::unique_ptr<world>& the_world() {
  static std::unique_ptr<world> one;
  return one;
}

// Ends the shared world before static objects are destroyed.
class end_of_world : public ::testing::Environment {
  void TearDown() override { the_world().reset(); }
};
const auto* const registered = ::testing::AddGlobalTestEnvironment(new end_of_world);

std::uint16_t port_of(const std::string& host) {
  return static_cast<std::uint16_t>(std::stoi(host.substr(host.rfind(':') + 1)));
}

std::string must(const command_result& r, const std::string& step) {
  if (r.exit_code != 0 || r.errors.find("Warning:") != std::string::npos)
    throw std::runtime_error(fmt::format("{}: exit code {}\n{}{}", step, r.exit_code, r.output, r.errors));
  return r.output;
}

// JSON is YAML; kustomize takes its patches so.
std::string client_config_patch(std::uint16_t port, const std::string& bundle) {
  std::string out;
  int i = 0;
  for (const char* mode : {"enforce", "best-effort", "audit"})
    out += fmt::format(
        R"({}{{"op":"replace","path":"/webhooks/{}/clientConfig","value":{{"url":"https://127.0.0.1:{}/v1/pin/{}"{}}}}})",
        i == 0 ? "" : ",", i, port, mode, bundle.empty() ? "" : R"(,"caBundle":")" + bundle + "\""),
        ++i;
  return "[" + out + "]";
}

std::string base64(const std::string& text) {
  auto r = run_command({.command = {"base64", "-w0"}, .input = text});
  return r.output;
}

}  // namespace

std::filesystem::path programs_folder() {
  const char* folder = std::getenv("E2E_PROGRAMS");
  if (folder == nullptr || *folder == '\0')
    throw std::runtime_error("E2E_PROGRAMS is not set: run `make e2e`, or set it to the output of tests/e2e/tools");
  return folder;
}

world::world(std::filesystem::path programs) : plane(std::move(programs)) {
  registry_gate.add({.webhook = port_of(registry.host()), .admin = 0});
  testing::leaf_options o;
  o.names = {"127.0.0.1"};
  const auto leaf = authority.issue(o);
  certificate_ = plane.files().write("serving.pem", leaf.certificate);
  key_ = plane.files().write("serving.key", leaf.key);
}

void world::install(certificate_source source, const std::vector<std::string>& components) {
  source_ = source;
  namespace fs = std::filesystem;
  const fs::path kustomize = fs::canonical(fs::path(testing::source_dir()) / "manifests/kustomize");
  const auto folder = plane.files().path() / "install";
  const std::string bundle = source == certificate_source::files ? base64(authority.certificate()) : "";
  const auto way = fs::relative(kustomize, fs::weakly_canonical(folder));
  std::string with;
  for (const auto& one : components) with += fmt::format("- \"{}\"\n", (way / "components" / one).string());
  // No kubelet runs here, so the Deployment would stay without Pods.
  plane.files().write(
      "install/kustomization.yaml",
      fmt::format("resources: [\"{}\"]\ncomponents:\n{}patches:\n"
                  "- target: {{kind: Deployment}}\n"
                  "  patch: '{{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{{\"name\":"
                  "\"pinhook\",\"namespace\":\"pinhook\"}},\"$patch\":\"delete\"}}'\n"
                  "- target: {{kind: MutatingWebhookConfiguration}}\n"
                  "  patch: '{}'\n",
                  (way / "overlays/self-managed").string(), with, client_config_patch(service.port(), bundle)));
  const auto rendered = must(plane.kubectl({"kustomize", folder.string()}), "kubectl kustomize");
  must(plane.kubectl({"apply", "--validate=strict", "-f", "-"}, rendered), "applying the manifests");
  // Its name ends in a hash of its content.
  const auto config = must(plane.kubectl({"get", "configmap", "-n", "pinhook", "-l", "app.kubernetes.io/name=pinhook",
                                          "-o", "jsonpath={.items[0].data.pinhook\\.yaml}"}),
                           "reading the configuration");
  config_ = plane.files().write("pinhook.yaml", config);
  kubeconfig_ = plane.kubeconfig_of("pinhook", "pinhook");
}

std::map<std::string, std::string> world::settings() const {
  const std::string registries = R"({"127.0.0.1:)" + std::to_string(registry_gate.port()) + R"(": {}})";
  std::map<std::string, std::string> out{{"CONFIG", config_},
                                         {"KUBECONFIG", kubeconfig_},
                                         {"NAMESPACE", "pinhook"},
                                         {"LISTEN", "127.0.0.1:0"},
                                         {"ADMIN_LISTEN", "127.0.0.1:0"},
                                         {"REGISTRIES", registries},
                                         // No cloud's metadata service is asked from here.
                                         {"CLOUDS", "[]"},
                                         {"LOG_FORMAT", "json"},
                                         {"SHUTDOWN_DELAY", "0s"},
                                         {"THREADS", "2"}};
  if (source_ == certificate_source::files) {
    out["TLS_CERT_FILE"] = certificate_;
    out["TLS_KEY_FILE"] = key_;
  } else {
    out["TLS_NAMES"] = "[127.0.0.1]";
  }
  return out;
}

world& Cluster::shared() {
  auto& one = the_world();
  if (one) return *one;
  for (const char* name : {"KUBECONFIG", "DOCKER_CONFIG", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"})
    ::unsetenv(name);
  one = std::make_unique<world>(programs_folder());
  one->install(certificate_source::files);
  return *one;
}

Cluster::~Cluster() {
  for (auto& one : replicas_) {
    shared().service.remove(one->ports().webhook);
    if (HasFailure()) ADD_FAILURE() << "the log of a replica:\n" << one->log();
    one->end(SIGTERM);
  }
  command arguments{"delete", "namespace", "--wait=false"};
  arguments.insert(arguments.end(), namespaces_.begin(), namespaces_.end());
  if (!namespaces_.empty()) kubectl(arguments);
}

replica& Cluster::start_pinhook(const replica_options& o) {
  replica_options whole{shared().settings()};
  for (const auto& [name, value] : o.settings) whole.settings[name] = value;
  auto& one = *replicas_.emplace_back(std::make_unique<replica>(whole));
  const auto before = shared().service.ready();
  if (!one.wait_until_ready()) throw std::runtime_error("pinhook does not become ready:\n" + one.log());
  shared().service.add(one.ports());
  if (!eventually([&] { return shared().service.ready() > before; }))
    throw std::runtime_error("the relay does not see that pinhook is ready");
  return one;
}

int Cluster::stop_pinhook(replica& one, int signal) {
  const int code = one.end(signal);
  shared().service.remove(one.ports().webhook);
  return code;
}

std::string Cluster::make_namespace(std::string_view mode) {
  static std::atomic<int> made = 0;
  std::string name = fmt::format("test-{}", ++made);
  const std::string label = mode.empty() ? "" : fmt::format(R"(,"labels":{{"pinhook.dev/pin":"{}"}})", mode);
  kubectl_ok({"create", "-f", "-"},
             fmt::format(R"({{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{}"{}}}}})", name, label));
  namespaces_.push_back(name);
  EXPECT_TRUE(eventually([&] { return kubectl({"get", "serviceaccount", "default", "-n", name}).exit_code == 0; }))
      << "no default service account in " << name;
  return name;
}

void Cluster::opt_in(const std::string& ns, const std::string& mode) {
  static const auto once = push("opt-in", "1", "opt-in");
  kubectl_ok({"label", "namespace", ns, "--overwrite", "pinhook.dev/pin=" + mode});
  const auto goes_by_it = [&] {
    const auto r = kubectl({"run", "opt-in", "-n", ns, "--dry-run=server", "-o", "json", "--image", image("opt-in:1")});
    return r.output.find(once) != std::string::npos || r.errors.find("would be pinned") != std::string::npos;
  };
  EXPECT_TRUE(eventually(goes_by_it)) << ns << " has not opted in";
}

int Cluster::kubernetes_minor() {
  static const auto version = json::parse(kubectl_ok({"get", "--raw", "/version"}));
  // Some distributions write "37+".
  return version ? std::atoi(text_at(*version, "/minor").c_str()) : 0;
}

command_result Cluster::kubectl(command arguments, std::string input) {
  return shared().plane.kubectl(std::move(arguments), std::move(input));
}

std::string Cluster::kubectl_ok(command arguments, std::string input) {
  std::string line = "kubectl";
  for (const auto& one : arguments) line += " " + one;
  const auto r = kubectl(std::move(arguments), std::move(input));
  EXPECT_EQ(r.exit_code, 0) << line << ": " << r;
  return r.output;
}

std::string text_at(const json::value& object, const std::string& pointer) {
  const auto* found = rapidjson::Pointer(pointer).Get(object);
  if (found == nullptr || found->IsNull()) return {};
  if (found->IsString()) return std::string(json::text_of(*found));
  return json::to_text(*found);
}

json::document Cluster::object(const std::string& ns, const std::string& object) {
  const auto r = kubectl({"get", object, "-n", ns, "-o", "json"});
  auto parsed = json::parse(r.exit_code == 0 ? r.output : "{}");
  return parsed ? std::move(*parsed) : json::document(rapidjson::kObjectType);
}

std::string Cluster::read(const std::string& ns, const std::string& name, const std::string& pointer) {
  return text_at(object(ns, name), pointer);
}

std::vector<std::string> Cluster::read_all(const std::string& ns, const std::string& kind, const std::string& pointer) {
  std::vector<std::string> out;
  const auto list = object(ns, kind);
  const auto* items = json::find(list, "items");
  if (items != nullptr && items->IsArray())
    for (const auto& one : items->GetArray()) out.push_back(text_at(one, pointer));
  return out;
}

std::string Cluster::push(const std::string& repository, const std::string& tag, const std::string& seed) {
  asio::io_context io(1);
  testing::image_pusher pusher(io, shared().registry.url());
  return pusher.push_image(repository, tag, seed);
}

void Cluster::sign(const std::string& repository, const std::string& digest, const testing::image_signer& by) {
  asio::io_context io(1);
  testing::image_pusher pusher(io, shared().registry.url());
  pusher.push_signature(repository, by.sign(digest));
}

std::string Cluster::image(const std::string& name) {
  return fmt::format("127.0.0.1:{}/{}", shared().registry_gate.port(), name);
}

void Cluster::set_registry_down(bool is_down) {
  const auto port = port_of(shared().registry.host());
  if (is_down) {
    shared().registry_gate.cut(port);
  } else {
    shared().registry_gate.add({.webhook = port, .admin = 0});
  }
}

}  // namespace pinhook::e2e
