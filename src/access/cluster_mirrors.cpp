#include <pinhook/access/cluster_mirrors.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/kube/mirror_objects.hpp>
#include <pinhook/kube/serving_sink.hpp>

#include <utility>

namespace pinhook::access {
namespace {

constexpr std::string_view mirrors_of_cluster = "OpenShift's mirrors";

error not_read_yet() { return {error_code::unavailable, "they were not read yet", std::nullopt}; }

error about_mirrors(error e) { return std::move(e).at(mirrors_of_cluster); }

}  // namespace

cluster_mirrors::cluster_mirrors(std::shared_ptr<kube::api_connection> from, std::shared_ptr<registry::node_conf> to,
                                 const clock& time, cluster_mirror_options options, wait_seams seams)
    : from_(std::move(from)), to_(std::move(to)), time_(time), options_(options), seams_(std::move(seams)) {
  to_->await_objects(about_mirrors(not_read_yet()));
}

awaitable<result<void>> cluster_mirrors::read(deadline d) {
  auto sets = co_await kube::read_mirror_objects(*from_, d);
  if (sets) {
    to_->use_objects(registry::conf_of(*sets));
    was_read_ = true;
    auto granted = co_await read_grants(d);
    co_return granted;
  }
  error reason = about_mirrors(std::move(sets.error()));
  if (!was_read_) {
    // A refusal of the API would read as one of the registry.
    error unread = reason;
    unread.code = error_code::unavailable;
    to_->await_objects(std::move(unread));
  }
  co_return fail(std::move(reason));
}

awaitable<result<void>> cluster_mirrors::read_grants(deadline d) {
  if (!options_.grants || !may_read_grants_) co_return result<void>();
  auto images = co_await kube::read_mirror_grants(*from_, d);
  if (images) {
    options_.grants->use(*std::move(images));
    co_return result<void>();
  }
  // Rights of an earlier installation: mirrors get the credentials of the process, as before.
  if (images.error().code == error_code::denied) {
    may_read_grants_ = false;
    log::warning("mirrors get no pull secrets: the objects that name their images may not be read",
                 {{"why", images.error().message}});
    co_return result<void>();
  }
  co_return fail(about_mirrors(std::move(images.error())));
}

awaitable<void> cluster_mirrors::keep(std::function<void(std::string)> on_wait) {
  kube::look_pace pace(options_.interval);
  on_wait(about_mirrors(not_read_yet()).message);
  for (;;) {
    const bool was_known = was_read_;
    const deadline limit = deadline::after(time_.now(), options_.limit);
    const auto done = co_await read(limit);
    if (!done && done.error().message != failure_) {
      failure_ = done.error().message;
      log::error(was_known || was_read_ ? "the mirrors of the cluster cannot be read; the old ones stay"
                                        : "the mirrors of the cluster cannot be read; until then no image is resolved",
                 {{"why", failure_}});
    }
    if (done && (!was_known || !failure_.empty())) log::info("the mirrors of the cluster are in use");
    if (done) failure_.clear();
    if (!was_known) on_wait(failure_);
    const auto span = pace.next(done.has_value(), seams_.random());
    co_await seams_.sleep(span);
  }
}

}  // namespace pinhook::access
