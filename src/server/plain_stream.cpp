#include <pinhook/server/stream.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace pinhook::server {
namespace {

class plain_stream final : public stream {
 public:
  explicit plain_stream(int descriptor) : descriptor_(descriptor) {}

  io_result handshake() override { return {}; }

  io_result read(std::span<char> into) override {
    return outcome(::recv(descriptor_, into.data(), into.size(), 0), io_status::want_read);
  }

  io_result write(std::string_view bytes) override {
    return outcome(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL), io_status::want_write);
  }

  void close() override {}
  [[nodiscard]] bool has_buffered() const override { return false; }
  [[nodiscard]] client_proof verify_peer(const client_authorities&, wall_time) const override { return {}; }
  [[nodiscard]] std::string failure() const override { return "the connection ended"; }

 private:
  static io_result outcome(ssize_t n, io_status when_blocked) {
    if (n > 0) return {io_status::done, static_cast<std::size_t>(n)};
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {when_blocked, 0};
    return {io_status::closed, 0};
  }

  int descriptor_;
};

}  // namespace

std::unique_ptr<stream> make_plain_stream(int descriptor) { return std::make_unique<plain_stream>(descriptor); }

}  // namespace pinhook::server
