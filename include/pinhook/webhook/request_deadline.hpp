// The time that an admission request may take: from the API server's query (`?timeout=10s`), at most the settings'
// limit.
//
// Pure: safe to use from any thread.
#pragma once

#include <pinhook/base/deadline.hpp>
#include <pinhook/config/settings.hpp>

#include <string_view>

namespace pinhook::webhook {

/// min(timeout − margin, limit) from `received`; the margin is never more than half of the timeout. `timeout` is the
/// query parameter as sent, a Go duration (k8s.io/apiserver pkg/util/webhook); if it is empty, malformed or zero, only
/// the limit applies.
[[nodiscard]] deadline request_deadline(steady_time received, std::string_view timeout,
                                        const config::settings::deadline_settings& rule);

}  // namespace pinhook::webhook
