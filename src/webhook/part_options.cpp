#include <pinhook/webhook/part_options.hpp>

#include <pinhook/webhook/cores.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pinhook::webhook {
namespace {

std::chrono::milliseconds whole(std::chrono::nanoseconds d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d);
}

}  // namespace

std::size_t thread_count(const config::settings& s) { return s.threads == 0 ? usable_cores() : s.threads; }

resolve::resolver_options resolver_options(const config::settings& s, resolve::resolver_options base) {
  base.cache = s.cache;
  base.gate.requests = std::max(base.gate.requests, s.resolver.host_concurrency);
  return base;
}

file_watch_options tls_file_options(const config::settings& s) {
  file_watch_options out;
  out.poll = s.tls.reload_interval;
  out.settle = std::min(out.settle, out.poll);
  return out;
}

proofs::proof_options proof_options(const config::settings& s) {
  proofs::proof_options out;
  out.cache = s.verdicts;
  out.limit = s.resolver.lookup_limit;
  return out;
}

server::server_options admin_options(const config::settings& s) {
  server::server_options out;
  out.name = "admin";
  out.listen = s.admin_listen.to_string();
  return out;
}

server::server_options service_options(const config::settings& s) {
  server::server_options out;
  out.name = "webhook";
  out.listen = s.listen.to_string();
  out.limits.body = s.limits.body;
  out.limits.header = s.limits.header;
  out.limits.idle = whole(s.limits.idle);
  out.limits.request = whole(s.limits.request);
  out.limits.handshake = whole(s.limits.handshake);
  out.limits.connections = s.limits.connections;
  return out;
}

}  // namespace pinhook::webhook
