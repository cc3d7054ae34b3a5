// The steps from a chosen key source to AWS's keys, as a resumable value without I/O; the caller performs each step:
//
//   auto flow = make_aws_identity_flow(*choose_aws_key_source(env), sts_region);
//   for (aws_step step = flow->start();;)
//     // aws_read_file → on_file · aws_send → on_answer · aws_keys, error: done
//
// One thread at a time.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/aws_keys.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

namespace pinhook::cloud {

/// Bytes of a token's file. A service account's token has about 1 KiB.
inline constexpr std::size_t max_aws_token_file = std::size_t{64} * 1024;

/// The time limits of one request. Metadata services are a hop away: one that does not answer in a second is not there.
struct aws_time_limits {
  std::chrono::nanoseconds api = std::chrono::seconds(10);
  std::chrono::nanoseconds container = std::chrono::seconds(5);
  std::chrono::nanoseconds instance = std::chrono::seconds(1);
};

struct aws_read_file {
  std::string file;
};
struct aws_send {
  http::request request;
  /// True: to a metadata service or an agent nearby, never through a proxy. False: to a service on the internet.
  bool is_local = false;
  std::chrono::nanoseconds limit{};
};
using aws_step = std::variant<aws_read_file, aws_send, aws_keys, error>;

class aws_identity_flow {
 public:
  virtual ~aws_identity_flow() = default;
  [[nodiscard]] virtual aws_step start() = 0;
  [[nodiscard]] virtual aws_step on_file(const result<secret>& content);
  [[nodiscard]] virtual aws_step on_answer(const result<http::response>& outcome);
};

}  // namespace pinhook::cloud
