// What answers the requests of a route. The server knows handlers, not what they do.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/server/message.hpp>

#include <functional>

namespace pinhook::server {

/// `body` of the request is valid until the awaitable completes. Must not throw; one that does is answered with 500 and
/// logged.
using handler = std::function<awaitable<response>(request)>;

}  // namespace pinhook::server
