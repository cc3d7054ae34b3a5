#include <pinhook/cli/cluster_session.hpp>

#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/http/proxy.hpp>
#include <pinhook/kube/find_cluster.hpp>
#include <pinhook/kube/names.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

// The time of a reading. A page of 500 objects takes a second at most, and the largest clusters have some 300.
constexpr std::chrono::minutes reading_limit{15};

// invalid_input: a name that no namespace has.
result<std::vector<std::string>> namespaces_of(const cluster_arguments& options, const kube::cluster& where) {
  if (options.all_namespaces) return std::vector<std::string>();
  std::vector<std::string> out = options.namespaces;
  if (out.empty()) out.push_back(where.ns);
  std::ranges::sort(out);
  const auto [first, last] = std::ranges::unique(out);
  out.erase(first, last);
  for (const auto& one : out)
    if (!kube::is_namespace_name(one))
      return fail(error_code::invalid_input, fmt::format("{} is not a valid name of a namespace", quoted(one)));
  return out;
}

// A line that is rewritten in place and gone at the end.
void print_reading(std::size_t done, std::size_t total, std::size_t objects) {
  constexpr const char* back_and_clear = "\r\x1b[K";
  if (done < total)
    fmt::print(stderr, "{}reading {}/{} lists, {} objects", back_and_clear, done, total, objects);
  else
    fmt::print(stderr, "{}", back_and_clear);
  std::fflush(stderr);
}

}  // namespace

http::curl_client_options cluster_session::http_options() {
  http::curl_client_options out;
  out.proxy = http::proxy_from_environment();
  out.guards_addresses = false;
  return out;
}

result<std::unique_ptr<cluster_session>> cluster_session::open(const cluster_arguments& options,
                                                               const config::settings& s, const environment& all) {
  auto selector = fleet::label_selector::parse(options.selector);
  if (!selector) return fail(std::move(selector.error()).at("--selector"));
  auto where = kube::find_cluster_of_person(
      {options.kubeconfig.empty() ? s.kubeconfig : options.kubeconfig, options.context}, all);
  if (!where) {
    where.error().code = error_code::invalid_input;
    return fail(std::move(where.error()));
  }
  auto namespaces = namespaces_of(options, *where);
  if (!namespaces) return fail(std::move(namespaces.error()));
  std::unique_ptr<cluster_session> out(new cluster_session());
  out->question_ = {.namespaces = std::move(*namespaces), .selector = std::move(*selector), .kinds = s.pin.kinds};
  if (!options.quiet && is_terminal(STDERR_FILENO)) out->question_.on_progress = print_reading;
  out->connection_ = std::make_unique<kube::api_connection>(out->http_, std::move(*where), machine_processes(),
                                                            out->io_.get_executor(), machine_clock());
  return out;
}

result<access::fleet_reading> cluster_session::read() {
  access::fleet_question question = question_;
  return access::run_to_end(io_, access::read_fleet(*connection_, io_.get_executor(), std::move(question),
                                                    deadline::after(machine_clock().now(), reading_limit)));
}

int exit_code_of_cluster(const error& e) {
  return e.code == error_code::invalid_input || e.code == error_code::unsupported ? exit_usage : exit_lookup;
}

}  // namespace pinhook::cli
