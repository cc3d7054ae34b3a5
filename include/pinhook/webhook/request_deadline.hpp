// How long an admission request may take: the API server says in the query (`?timeout=10s`), the settings say the most.
//
// Pure: safe to use from any thread.
#pragma once

#include <pinhook/base/deadline.hpp>
#include <pinhook/config/settings.hpp>

#include <string_view>

namespace pinhook::webhook {

/// min(timeout − margin, limit) from `received`; the margin is never more than half of the timeout. `timeout` is the
/// query parameter as sent, a Go duration (k8s.io/apiserver pkg/util/webhook); empty, malformed or zero, the limit
/// alone holds.
[[nodiscard]] deadline request_deadline(steady_time received, std::string_view timeout,
                                        const config::settings::deadline_settings& rule);

}  // namespace pinhook::webhook
