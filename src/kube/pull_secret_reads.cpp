#include <pinhook/kube/pull_secret_reads.hpp>

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::string_view config_json_type = "kubernetes.io/dockerconfigjson";
constexpr std::string_view dockercfg_type = "kubernetes.io/dockercfg";

// As for the kubelet, the type and the key must match; unlike it, a misspelt one is reported.
result<std::vector<registry::pull_entry>> entries_of(const secret_object& from, std::string_view name) {
  const bool is_json = from.type == config_json_type;
  if (!is_json && from.type != dockercfg_type)
    return fail(error_code::invalid_input,
                fmt::format("its type is {}, not {}", quoted(from.type, 100), config_json_type));
  const std::string_view key = is_json ? ".dockerconfigjson" : ".dockercfg";
  const auto found = from.data.find(key);
  if (found == from.data.end()) return fail(error_code::invalid_input, fmt::format("it has no {}", key));
  const auto form = is_json ? registry::pull_secret_form::config_json : registry::pull_secret_form::dockercfg;
  auto entries = registry::parse_pull_secret(form, found->second, name);
  if (!entries) return fail(std::move(entries.error()).at(key));
  return entries;
}

}  // namespace

awaitable<result<fetch_cache<shared_read>::fetched>> read_secret(std::shared_ptr<api> from, std::string ns,
                                                                 std::string name, const clock& time,
                                                                 std::chrono::nanoseconds fresh, deadline d) {
  auto got = co_await from->get_secret(ns, name, d);
  if (!got) co_return fail(std::move(got.error()));
  auto entries = entries_of(*got, name);
  if (!entries) co_return fail(std::move(entries.error()));
  const steady_time now = time.now();
  auto out = std::make_shared<secret_read>();
  out->entries = *std::move(entries);
  out->at = now;
  co_return fetch_cache<shared_read>::fetched{std::move(out), now + fresh};
}

awaitable<result<fetch_cache<account_read>::fetched>> read_account(std::shared_ptr<api> from, std::string ns,
                                                                   std::string name, const clock& time,
                                                                   std::chrono::nanoseconds fresh, deadline d) {
  auto got = co_await from->get_service_account(ns, name, d);
  if (!got) co_return fail(std::move(got.error()));
  const steady_time now = time.now();
  account_read out{std::move(got->image_pull_secrets), now};
  co_return fetch_cache<account_read>::fetched{std::move(out), now + fresh};
}

}  // namespace pinhook::kube
