#include "e2e/control_plane.hpp"
#include "e2e/polling.hpp"

#include <pinhook/registry/digest.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <signal.h>

#include <fstream>
#include <stdexcept>
#include <utility>

namespace pinhook::e2e {
namespace {

namespace asio = boost::asio;
using testing::child_options;
using testing::child_process;

// Starting takes about five seconds on two cores; a busy machine may need many more.
constexpr std::chrono::seconds start_limit{120};
// Between choosing a free port and listening on it another process may take it.
constexpr int start_attempts = 3;

std::string last_of(const std::string& text) {
  constexpr std::size_t shown = 4000;
  return text.size() <= shown ? text : "…" + text.substr(text.size() - shown);
}

bool is_listening(std::uint16_t port) {
  asio::io_context io;
  asio::ip::tcp::socket s(io);
  boost::system::error_code refused;
  s.connect({asio::ip::address_v4::loopback(), port}, refused);
  return !refused;
}

}  // namespace

std::uint16_t free_port() {
  asio::io_context io;
  const asio::ip::tcp::acceptor listener(io, {asio::ip::address_v4::loopback(), 0});
  return listener.local_endpoint().port();
}

control_plane::control_plane(std::filesystem::path programs) : programs_(std::move(programs)) {
  write_files();
  write_admission_configuration();
  start_etcd();
  start_api_server();
  start_controller_manager();
}

control_plane::~control_plane() {
  // The controller manager and the API server end slowly when asked to; nothing here is kept.
  for (auto* one : {&controller_manager_, &api_server_, &etcd_})
    if (*one) (*one)->end(SIGKILL);
}

void control_plane::write_files() {
  testing::leaf_options o;
  o.common_name = "kube-apiserver";
  o.names = {"localhost", "127.0.0.1", "kubernetes.default.svc"};
  const auto leaf = authority_.issue(o);
  // Service account tokens are signed with a key of their own; its certificate is the public half.
  const auto signer = testing::certificate_authority::self_signed();
  files_.write("authority.pem", authority_.certificate());
  files_.write("server.pem", leaf.certificate);
  files_.write("server.key", leaf.key);
  files_.write("accounts.key", signer.key);
  files_.write("accounts.pem", signer.certificate);
  // Random enough: a reader of a run's private keys has full access anyway.
  token_ = registry::digest::of(leaf.key).to_string().substr(7);
  manager_token_ = registry::digest::of(signer.key).to_string().substr(7);
  files_.write("audit-policy.yaml",
               "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
               "- {level: Metadata, users: [admin], verbs: [create, update, patch]}\n");
  files_.write("tokens.csv", token_ + ",admin,admin,\"system:masters\"\n" + manager_token_ +
                                 ",system:kube-controller-manager,kube-controller-manager,\"\"\n");
}

// As docs/callers.md shows it, but for the user's name: webhooks are called by URL here, whose port is not known yet.
void control_plane::write_admission_configuration() {
  testing::leaf_options o;
  o.common_name = webhook_client;
  o.names = {webhook_client};
  o.usage = "clientAuth";
  const auto client = callers_.issue(o);
  const auto certificate = files_.write("webhook-client.crt", client.certificate).string();
  const auto key = files_.write("webhook-client.key", client.key).string();
  const auto kubeconfig = files_.write("webhooks.kubeconfig",
                                       "apiVersion: v1\nkind: Config\nusers:\n- name: '*'\n  user:\n"
                                       "    client-certificate: " +
                                           certificate + "\n    client-key: " + key + "\n");
  files_.write("admission.yaml",
               "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n"
               "- name: MutatingAdmissionWebhook\n  configuration:\n"
               "    apiVersion: apiserver.config.k8s.io/v1\n    kind: WebhookAdmissionConfiguration\n"
               "    kubeConfigFile: " +
                   kubeconfig.string() + "\n");
}

void control_plane::start_etcd() {
  for (int attempt = 0;; ++attempt) {
    const auto port = free_port();
    etcd_url_ = "http://127.0.0.1:" + std::to_string(port);
    const std::string peers = "http://127.0.0.1:" + std::to_string(free_port());
    etcd_ = std::make_unique<child_process>(
        child_options{.command = {program("etcd"), "--data-dir", files_.path() / "etcd", "--listen-client-urls",
                                  etcd_url_, "--advertise-client-urls", etcd_url_, "--listen-peer-urls", peers,
                                  "--initial-advertise-peer-urls", peers, "--initial-cluster", "default=" + peers,
                                  // Nothing has to outlive a power cut.
                                  "--unsafe-no-fsync", "--log-level", "warn", "--logger", "zap"},
                      .environment = {},
                      .inherited = {},
                      .ends_with_starter = true},
        "etcd-server");
    const bool is_up = eventually([&] { return !etcd_->is_running() || is_listening(port); }, start_limit);
    if (is_up && etcd_->is_running()) return;
    if (attempt + 1 == start_attempts) throw std::runtime_error("etcd does not start:\n" + last_of(etcd_->output()));
  }
}

void control_plane::start_api_server() {
  const auto in = [&](const char* name) { return (files_.path() / name).string(); };
  for (int attempt = 0;; ++attempt) {
    port_ = free_port();
    api_server_ = std::make_unique<child_process>(
        child_options{
            .command = {program("kube-apiserver"), "--etcd-servers=" + etcd_url_, "--bind-address=127.0.0.1",
                        "--secure-port=" + std::to_string(port_), "--tls-cert-file=" + in("server.pem"),
                        "--tls-private-key-file=" + in("server.key"), "--token-auth-file=" + in("tokens.csv"),
                        "--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc",
                        "--service-account-signing-key-file=" + in("accounts.key"),
                        "--service-account-key-file=" + in("accounts.pem"), "--service-cluster-ip-range=10.0.0.0/24",
                        "--allow-privileged=true", "--audit-policy-file=" + in("audit-policy.yaml"),
                        "--audit-log-path=" + in("audit.log"),
                        "--admission-control-config-file=" + in("admission.yaml"),
                        // Written into the Endpoints of the Service "kubernetes", where loopback is
                        // refused; no one connects to it (192.0.2.0/24 is for documentation, RFC 5737).
                        "--advertise-address=192.0.2.1"},
            .environment = {},
            .inherited = {},
            .ends_with_starter = true},
        "kube-apiserver");
    kubeconfig_ = files_.write("admin.kubeconfig", kubeconfig_text(token_));
    const bool is_up = eventually(
        [&] { return !api_server_->is_running() || kubectl({"get", "--raw", "/readyz"}).exit_code == 0; }, start_limit);
    if (is_up && api_server_->is_running()) return;
    if (attempt + 1 == start_attempts) throw std::runtime_error("the API server does not come up:\n" + log());
  }
}

void control_plane::start_controller_manager() {
  const auto config = files_.write("manager.kubeconfig", kubeconfig_text(manager_token_)).string();
  controller_manager_ = std::make_unique<child_process>(
      child_options{.command = {program("kube-controller-manager"), "--kubeconfig=" + config,
                                "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
                                "--service-account-private-key-file=" + (files_.path() / "accounts.key").string(),
                                "--root-ca-file=" + (files_.path() / "authority.pem").string(),
                                "--use-service-account-credentials", "--leader-elect=false", "--secure-port=0",
                                // The defaults spare big clusters; here they would only make tests wait.
                                "--kube-api-qps=200", "--kube-api-burst=400"},
                    .environment = {},
                    .inherited = {},
                    .ends_with_starter = true},
      "kube-controller-manager");
  const bool is_up =
      eventually([&] { return kubectl({"get", "serviceaccount", "default", "--namespace", "default"}).exit_code == 0; },
                 start_limit);
  if (!is_up) throw std::runtime_error("the controller manager does not come up:\n" + log());
}

std::string control_plane::kubeconfig_text(const std::string& token) const {
  return R"({"apiVersion": "v1", "kind": "Config", "current-context": "test",
 "clusters": [{"name": "test", "cluster": {"server": "https://127.0.0.1:)" +
         std::to_string(port_) + R"(", "certificate-authority": ")" + (files_.path() / "authority.pem").string() +
         R"("}}],
 "users": [{"name": "test", "user": {"token": ")" +
         token + R"("}}],
 "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}
)";
}

command_result control_plane::kubectl(std::vector<std::string> arguments, std::string input) const {
  std::vector<std::string> command{program("kubectl"), "--kubeconfig", kubeconfig_};
  command.insert(command.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return run_command({.command = std::move(command),
                      .input = std::move(input),
                      // Nothing of the user's: no preferences, no cache.
                      .environment = {{"HOME", files_.path()}, {"KUBECONFIG", kubeconfig_}}});
}

std::filesystem::path control_plane::kubeconfig_of(const std::string& ns, const std::string& account) const {
  auto r = kubectl({"create", "token", account, "--namespace", ns, "--duration", "4h"});
  if (r.exit_code != 0) throw std::runtime_error("no token for " + account + ": " + r.errors);
  while (r.output.ends_with('\n')) r.output.pop_back();
  return files_.write(ns + "-" + account + ".kubeconfig", kubeconfig_text(r.output));
}

std::vector<std::string> control_plane::audit_events(const std::string& ns) const {
  std::ifstream in(files_.path() / "audit.log");
  const std::string wanted = R"("namespace":")" + ns + "\"";
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    if (line.find(wanted) != std::string::npos) out.push_back(line);
  return out;
}

bool control_plane::is_running() const {
  return etcd_->is_running() && api_server_->is_running() && controller_manager_->is_running();
}

std::string control_plane::log() const {
  std::string out;
  if (etcd_) out += "etcd:\n" + last_of(etcd_->output());
  if (api_server_) out += "\nkube-apiserver:\n" + last_of(api_server_->output());
  if (controller_manager_) out += "\nkube-controller-manager:\n" + last_of(controller_manager_->output());
  return out;
}

}  // namespace pinhook::e2e
