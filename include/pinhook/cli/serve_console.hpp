// Runs a console until SIGTERM or SIGINT, for the commands that show one.
//
// Blocks; one thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/console/console.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string_view>

namespace pinhook::cli {

/// Prints its address to standard error, as `command`. False: it failed while it served. Errors: those of its start.
[[nodiscard]] result<bool> serve_console(asio::io_context& control, console::console_options options,
                                         std::shared_ptr<kube::api_connection> to, std::string_view command);

}  // namespace pinhook::cli
