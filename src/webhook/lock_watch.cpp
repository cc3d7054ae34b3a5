#include <pinhook/webhook/lock_watch.hpp>

#include <pinhook/files/lock_file.hpp>

#include <string_view>
#include <utility>

namespace pinhook::webhook {

lock_watch::lock_watch(behind_lock next)
    : into_(std::make_shared<resolve::locked_resolver>(std::move(next.registries), next.is_required)) {}

result<std::unique_ptr<lock_watch>> lock_watch::open(std::string file, behind_lock next, server::metrics& numbers) {
  std::unique_ptr<lock_watch> out(new lock_watch(std::move(next)));
  auto opened = mounted_file::open(std::move(file),
                                   {.setting = "lock.file",
                                    .noun = "lock file",
                                    .most_bytes = files::max_lock_size,
                                    .take = [into = out->into_, &numbers](std::string_view text) -> result<void> {
                                      auto read = files::read_lock(text);
                                      if (!read) return fail(std::move(read.error()));
                                      numbers.set_lock_images(read->images.images().size());
                                      into->use(std::make_shared<const resolve::image_lock>(std::move(read->images)));
                                      return {};
                                    },
                                    .on_change = [&numbers](bool is_good) { numbers.count_lock_reload(is_good); }});
  if (!opened) return fail(std::move(opened.error()));
  out->file_ = *std::move(opened);
  return out;
}

}  // namespace pinhook::webhook
