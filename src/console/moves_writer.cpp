#include <pinhook/console/moves_writer.hpp>

#include <pinhook/base/deadline.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/files/moves_file.hpp>

#include <fmt/core.h>

namespace pinhook::console {
namespace {

// The key of the ConfigMap, which the webhook has as a file.
constexpr const char* moves_key = "moves.yaml";
constexpr std::chrono::seconds write_limit{30};

// What it says of tags, without when it was written.
std::string tags_in(const std::string& text) {
  const auto at = text.find("\ntags:");
  return at == std::string::npos ? std::string() : text.substr(at);
}

}  // namespace

bool moves_writer::wants() const {
  if (is_writing_) return false;
  const auto now = time_.now();
  if (!looked_ || (written_ && now - *written_ >= longest)) return true;
  return has_news_ && now - *looked_ >= pause;
}

awaitable<void> moves_writer::write(fleet::made_moves made) {
  is_writing_ = true;
  has_news_ = false;
  looked_ = time_.now();
  left_out_ = made.left_out == 0
                  ? std::string()
                  : fmt::format(
                        "--moves-configmap: {} tags are left out for lack of room, {} of which moved: those "
                        "have no cooldown",
                        made.left_out, made.left_out_moved);
  std::string text = files::write_moves(made.moves);
  std::string tags = tags_in(text);
  const bool is_new = !written_ || tags != tags_ || *looked_ - *written_ >= longest;
  if (is_new) {
    const auto done = co_await put(std::move(text));
    const std::string failure = done ? std::string() : "--moves-configmap: " + done.error().message;
    if (failure != failure_ && !failure.empty()) log::error("moved tags are not written", {{"reason", failure}});
    failure_ = failure;
    // It is tried again.
    has_news_ = has_news_ || !done;
    if (done) {
      written_ = looked_;
      tags_ = std::move(tags);
    }
  }
  is_writing_ = false;
}

awaitable<result<void>> moves_writer::put(std::string text) {
  const deadline limit = deadline::after(time_.now(), write_limit);
  access::file_object_name name = name_;
  auto held = co_await access::read_file_object(*to_, std::move(name), limit);
  if (!held) co_return fail(std::move(held.error()));
  access::file_object changed{held->version, {}};
  changed.files.emplace(moves_key, std::move(text));
  name = name_;
  auto done = co_await access::write_file_object(*to_, std::move(name), std::move(changed), limit);
  co_return done;
}

std::optional<trouble> moves_writer::current_trouble() const {
  if (!failure_.empty()) return trouble{{}, failure_};
  if (!left_out_.empty()) return trouble{{}, left_out_};
  return std::nullopt;
}

}  // namespace pinhook::console
