#include <pinhook/webhook/served_certificate.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/config/serving_policy.hpp>
#include <pinhook/webhook/part_options.hpp>

#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::webhook {
namespace {

// The names by which API servers may call. Empty where the namespace is not known.
std::vector<std::string> expected_names(const config::settings& s) {
  if (s.own_namespace.empty()) return {};
  std::vector<std::string> out{config::called_name(s, s.own_namespace)};
  out.insert(out.end(), s.tls.names.begin(), s.tls.names.end());
  return out;
}

}  // namespace

result<void> served_certificate::open(const std::optional<key_pair>& pair, const config::settings& s,
                                      const connector& connect) {
  if (pair) {
    auto used = around_.tls.set_pair(pair->certificate, pair->key);
    if (used) around_.numbers.set_certificate_expiry(around_.tls.not_after());
    return used;
  }
  const bool has_files = !s.tls.cert_file.empty();
  if (has_files)
    if (auto ok = open_files(s); !ok) return ok;
  auto cluster = connect();
  if (!cluster && cluster.error().code != error_code::not_found)
    return fail(std::move(cluster.error()).at("Kubernetes API"));
  if (!cluster && has_files) return {};
  if (!cluster)
    return fail(
        error_code::invalid_input,
        fmt::format("no certificate: give --tls-cert and --tls-key (tls.cert_file and tls.key_file), or run in a "
                    "cluster (or give a kubeconfig), where pinhook keeps one itself; {}",
                    cluster.error().message));
  if (has_files) {
    source_ = certificate_source::watched(*std::move(cluster), s, around_);
    return {};
  }
  auto kept = certificate_source::self_managed(*std::move(cluster), s, around_);
  if (!kept) return fail(std::move(kept.error()));
  source_ = *std::move(kept);
  return {};
}

result<void> served_certificate::open_files(const config::settings& s) {
  files_ = std::make_unique<certificate_watch>(server::pair_names{s.tls.cert_file, s.tls.key_file}, tls_file_options(s),
                                               around_.tls, around_.numbers);
  around_.tls.set_expected_names(expected_names(s));
  auto ok = files_->open();
  if (!ok) return ok;
  if (const auto why = around_.tls.why_not_valid())
    log::error("the serving certificate is refused by clients", {{"why", *why}});
  if (const auto why = around_.tls.why_not_named())
    log::warning("the serving certificate is refused by API servers that call the Service", {{"why", *why}});
  return ok;
}

void served_certificate::keep(server::task_group& tasks, std::function<void(bool)> on_stall) {
  if (files_) tasks.spawn(files_->keep(std::move(on_stall)));
  if (source_)
    tasks.spawn(source_->keep());
  else
    around_.state.set(server::health_state::ready);
}

void served_certificate::hurry() {
  if (files_) files_->hurry();
}

}  // namespace pinhook::webhook
