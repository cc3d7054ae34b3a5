#include <pinhook/access/document_reader.hpp>

#include <pinhook/registry/mirror_grants.hpp>
#include <pinhook/resolve/credential_chain.hpp>
#include <pinhook/resolve/lookup_run.hpp>
#include <pinhook/resolve/mirror_absence.hpp>
#include <pinhook/resolve/skipped_sources.hpp>

#include <fmt/core.h>

#include <optional>
#include <utility>
#include <vector>

namespace pinhook::access {
namespace {

using route = std::shared_ptr<const registry::route>;
using source = std::shared_ptr<registry::credential_source>;
using document_kind = registry::document_name::kind;

// One host to ask, with the name of the image there for the look-up of credentials.
struct host_place {
  route by;
  source credentials;
  registry::reference named;
};

bool is_by_digest(const registry::document_name& name) {
  return name.of == document_kind::blob ||
         (name.of == document_kind::manifest && registry::digest::parse(name.name).has_value());
}

bool is_out_of_reach(const error& e) { return e.code == error_code::unavailable || e.code == error_code::timed_out; }

class reading {
 public:
  reading(reader_tools with, registry::reference ref, route only)
      : with_(std::move(with)), ref_(std::move(ref)), only_(std::move(only)) {}

  awaitable<result<registry::document>> read(registry::document_name name, deadline d) {
    std::vector<route> all{only_};
    resolve::mirror_absence absence(!only_ && with_.routes->are_mirrors_complete(ref_));
    if (!only_) {
      registry::reference named = ref_;
      auto routes = co_await with_.routes->routes_for(std::move(named), d);
      if (!routes) co_return fail(std::move(routes.error()));
      all = (*routes)->in_order;
    }
    resolve::skipped_sources skipped;
    std::optional<error> verdict;
    for (const route& by : all) {
      if (is_by_digest(name) ? !by->can_pull : !by->can_resolve) continue;
      if (by->is_source && absence.is_final()) co_return fail(*absence.word());
      if (by->is_upstream && absence.word() && lost_registry_) co_return fail(*lost_registry_);
      host_place place = place_for(by);
      registry::document_name wanted = name;
      auto got = co_await read_at(std::move(place), std::move(wanted), d);
      if (got) co_return got;
      // The registry's own word, whatever a mirror had to say.
      if (by->is_upstream && got.error().code == error_code::not_found) co_return got;
      // Behind a mirror that answers, the registry may be out of reach for good: it is not waited for again.
      if (by->is_upstream && absence.word() && is_out_of_reach(got.error())) {
        lost_registry_ = std::move(got.error());
        lost_registry_->message =
            fmt::format("the mirrors do not have it, and the registry cannot be asked: {}", lost_registry_->message);
        co_return fail(*lost_registry_);
      }
      absence.take(got.error());
      if (got.error().code != error_code::not_found && !by->is_upstream && !only_)
        skipped.add(fmt::format("mirror {}", by->host), got.error());
      verdict = std::move(got.error());
    }
    const error none{error_code::denied, fmt::format("no host may be asked for {}", ref_.canonical()), std::nullopt};
    co_return fail(skipped.added_to(std::move(verdict).value_or(none)));
  }

 private:
  host_place place_for(const route& by) const {
    if (by->is_upstream) return {by, with_.credentials, ref_};
    const auto there = resolve::reference_at(*by, ref_);
    if (!there) return {by, nullptr, ref_};
    const bool may_be_granted = by->named && !by->is_source;
    return {by, may_be_granted ? registry::for_mirror(with_.credentials, with_.own, ref_) : with_.own, *there};
  }

  awaitable<result<registry::document>> read_at(host_place place, registry::document_name name, deadline d) {
    if (good_ && good_route_ == place.by) {
      registry::credential credential = *good_;
      registry::document_name wanted = name;
      auto got = co_await ask(place.by, std::move(wanted), std::move(credential), d);
      if (got || (got.error().code != error_code::unauthorized && got.error().code != error_code::denied))
        co_return got;
      good_.reset();
    }
    auto got = co_await try_credentials(std::move(place), std::move(name), d);
    co_return got;
  }

  awaitable<result<registry::document>> try_credentials(host_place place, registry::document_name name, deadline d) {
    resolve::credential_chain chain(with_.most_credentials);
    bool has_any = false;
    resolve::skipped_sources skipped;
    std::vector<source> parts;
    if (place.credentials) {
      parts.assign(place.credentials->parts().begin(), place.credentials->parts().end());
      if (parts.empty()) parts.push_back(place.credentials);
    }
    // The last round has no source: anonymous, where none gave a credential.
    for (std::size_t i = 0; i <= parts.size(); ++i) {
      if (i == parts.size() && has_any) break;
      if (i < parts.size()) {
        registry::reference named = place.named;
        auto some = co_await parts[i]->credentials_for(std::move(named), d);
        if (!some) {
          skipped.add("a source of credentials could not be asked", some.error());
          continue;
        }
        has_any = has_any || !some->empty();
        chain.offer(std::move(*some));
      } else {
        chain.offer_anonymous();
      }
      while (const registry::credential* next = chain.next()) {
        registry::credential credential = *next;
        registry::document_name wanted = name;
        auto got = co_await ask(place.by, std::move(wanted), std::move(credential), d);
        if (got) {
          good_ = *next;
          good_route_ = place.by;
          co_return got;
        }
        chain.failed(std::move(got.error()));
      }
      if (!chain.wants_more()) break;
    }
    // Where a credential is missing, "not found" may only mean "not shown".
    co_return fail(skipped.added_to(chain.verdict()));
  }

  awaitable<result<registry::document>> ask(route by, registry::document_name name, registry::credential credential,
                                            deadline d) {
    registry::reference ref = ref_;
    auto got = co_await with_.client.read_by(std::move(by), std::move(ref), std::move(name), std::move(credential), d);
    co_return got;
  }

  reader_tools with_;
  registry::reference ref_;
  /// Null: those of the table.
  route only_;
  /// Why it is not asked again.
  std::optional<error> lost_registry_;
  std::optional<registry::credential> good_;
  route good_route_;
};

signatures::document_reader reader_of(std::shared_ptr<reading> one) {
  return [one = std::move(one)](registry::document_name name, deadline d) { return one->read(std::move(name), d); };
}

}  // namespace

signatures::document_reader document_reader(reader_tools with, registry::reference ref) {
  return reader_of(std::make_shared<reading>(std::move(with), std::move(ref), nullptr));
}

result<signatures::document_reader> trust_reader(reader_tools with, const registry::reference& ref,
                                                 const std::string& server) {
  registry::mirror_setting setting;
  // The server's names of repositories begin with the registry.
  setting.url = fmt::format("{}/v2/{}", server, ref.registry());
  setting.override_path = true;
  auto made = registry::make_route(setting, ref);
  if (!made) return fail(std::move(made.error()).at(fmt::format("the Notary server {}", quoted(server))));
  made->is_upstream = false;
  made->host = made->base->where().authority();
  made->ns.clear();
  return reader_of(
      std::make_shared<reading>(std::move(with), ref, std::make_shared<const registry::route>(std::move(*made))));
}

}  // namespace pinhook::access
