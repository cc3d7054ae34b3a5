// Updates trust roots from a TUF repository over HTTP: fetches the files that trust/tuf_update asks for.
//
//   auto update = trust::tuf_update::begin(std::move(options));
//   auto done = co_await fetch_tuf(http, {.url = "https://tuf-repo-cdn.sigstore.dev"}, *update, machine_clock(), d);
//
// Nothing is believed because of where it came from, so plain http will do, and so will a mirror.
//
// Thread rule: one thread, that of the HTTP client.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/trust/tuf_update.hpp>

#include <memory>
#include <string>

namespace pinhook::access {

struct tuf_repository {
  /// "https://tuf-repo-cdn.sigstore.dev": where timestamp.json is; targets are in the folder `targets` below it.
  std::string url;
  /// Null: the system's authorities.
  std::shared_ptr<const http::tls_settings> tls = nullptr;
};

/// The address without a slash at its end. invalid_input: no http or https URL, or one with a query.
[[nodiscard]] result<std::string> parse_tuf_url(const std::string& text);

/// Gives `update` all that it wants; it must outlive the call, and after an error still has what was verified by then.
/// Errors of files: those of tuf_update::take. Of fetching: unavailable, timed_out, rate_limited, unauthorized,
/// canceled; unsupported for a redirect, which is not followed; messages begin with the address of the file.
awaitable<result<void>> fetch_tuf(http::client& http, tuf_repository from, trust::tuf_update& update, const clock& time,
                                  deadline d, wait_seams seams = {});

}  // namespace pinhook::access
