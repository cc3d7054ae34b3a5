// The function that answers the requests of a route. The server calls handlers without knowledge of their work.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/server/message.hpp>

#include <functional>

namespace pinhook::server {

/// `body` of the request is valid until the awaitable completes. It must not throw; an exception is answered with 500
/// and logged.
using handler = std::function<awaitable<response>(request)>;

}  // namespace pinhook::server
