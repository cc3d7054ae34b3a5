#include "e2e/polling.hpp"
#include "e2e/replica.hpp"
#include "support/https_client.hpp"
#include "support/paths.hpp"

#include <pinhook/base/json.hpp>

#include <signal.h>

#include <sstream>
#include <stdexcept>

namespace pinhook::e2e {
namespace {

std::uint16_t port_of(const json::document& line, std::string_view key) {
  const auto text = json::find_string(line, key).value_or("");
  return static_cast<std::uint16_t>(std::stoi("0" + std::string(text.substr(text.rfind(':') + 1))));
}

}  // namespace

replica::replica(const replica_options& o) {
  testing::child_options c;
  c.command = {testing::program_path(), "serve"};
  for (const auto& [name, value] : o.settings) c.environment.emplace_back("PINHOOK_" + name, value);
  c.ends_with_starter = true;
  process_ = std::make_unique<testing::child_process>(c, "of this tree: make build");
  const auto line = json::parse(process_->wait_for_line("\"serving\""));
  if (!line) throw std::runtime_error("pinhook does not serve:\n" + log());
  ports_ = {port_of(*line, "listen"), port_of(*line, "admin")};
}

void replica::send(int signal) const { ::kill(process_->pid(), signal); }

bool replica::is_ready() const {
  testing::https_client c(ports_.admin, {.tls = false});
  const auto r = c.ask(testing::get("/readyz"));
  return r && r->status == 200;
}

bool replica::wait_until_ready(std::chrono::milliseconds within) const {
  return eventually([&] { return !is_running() || is_ready(); }, within) && is_running();
}

std::string replica::metrics() const {
  testing::https_client c(ports_.admin, {.tls = false});
  const auto r = c.ask(testing::get("/metrics"));
  return r ? r->body : "";
}

double replica::metric(const std::string& name, const std::string& labels) const {
  std::istringstream lines(metrics());
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_named = line.starts_with(name + "{") || line.starts_with(name + " ");
    if (is_named && line.find(labels) != std::string::npos) sum += std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

}  // namespace pinhook::e2e
