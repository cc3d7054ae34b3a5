#include <pinhook/cli/cluster_registries.hpp>

#include <pinhook/access/reference_credentials.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>

#include <chrono>
#include <utility>

namespace pinhook::cli {
namespace {

// A secret takes some 10 ms, and eight are read at a time.
constexpr std::chrono::minutes secrets_limit{5};

}  // namespace

result<cluster_registries> open_registries(const registries_question& question, asking_tenants asking) {
  auto progress = question.options.quiet ? access::registry_digests::progress() : access::shown_progress(question.name);
  auto opened = access::registry_digests::open(question.settings, question.variables, std::move(progress));
  if (!opened) return fail(std::move(opened.error()));
  cluster_registries out{std::move(*opened), {}};
  if (!question.options.reads_pull_secrets) return out;
  cluster_session& session = question.session;
  access::secret_question asked{
      .to = std::shared_ptr<kube::api_connection>(std::shared_ptr<void>(), &session.connection()),
      .on = session.io().get_executor(),
      .asking = std::move(asking),
      .namespaces = question.settings.pull_secrets.namespaces,
      .own = out.digests->connection().access.own_credentials()};
  auto read = access::run_to_end(
      session.io(), access::read_pull_secrets(std::move(asked), deadline::after(machine_clock().now(), secrets_limit)));
  out.digests->use_credentials(std::move(read.credentials));
  out.troubles = std::move(read.troubles);
  return out;
}

}  // namespace pinhook::cli
