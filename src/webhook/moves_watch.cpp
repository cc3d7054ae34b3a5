#include <pinhook/webhook/moves_watch.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/files/moves_file.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pinhook::webhook {
namespace {

std::string summary_of(const resolve::tag_moves& moves) {
  const auto moved = std::ranges::count_if(moves.tags(), [](const auto& one) { return one.second.before.has_value(); });
  return fmt::format("moves.file of {}: {} tags, {} of them moved within {}", timestamp_text(moves.written()),
                     moves.tags().size(), moved, duration_text(moves.cooldown()));
}

}  // namespace

result<std::unique_ptr<mounted_file>> open_moves(std::string file, const moves_user& user) {
  const auto in_use = std::make_shared<std::string>();
  return mounted_file::open(std::move(file),
                            {.setting = "moves.file",
                             .noun = "file of moved tags",
                             .most_bytes = files::max_moves_size,
                             .take = [user, in_use](std::string_view text) -> result<void> {
                               auto read = files::read_moves(text);
                               if (!read) return fail(std::move(read.error()));
                               user.numbers.set_moves(read->tags().size(), read->written());
                               *in_use = summary_of(*read);
                               user.note(*in_use);
                               user.use(std::make_shared<const resolve::tag_moves>(std::move(*read)));
                               return {};
                             },
                             .on_change =
                                 [user, in_use](bool is_good) {
                                   user.numbers.count_moves_reload(is_good);
                                   if (!is_good) user.note(*in_use + "; it changed since and is invalid: see the log");
                                 }});
}

}  // namespace pinhook::webhook
