// Any bytes as a Dockerfile: pinned, every byte but the images stays, the same images are found, and unpinned it is the
// original but for tags that were not written.
#include "fuzz/line_mutator.hpp"

#include <pinhook/files/image_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace pinhook;

[[noreturn]] void refuse(const char* reason, const std::string& text) {
  std::fprintf(stderr, "%s\n=====\n%s\n", reason, text.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const files::image_places places;
  const auto file = files::image_file::read(text, "Dockerfile", places);
  if (!file) refuse("refused", file.error().message);
  std::vector<files::change> changes, back;
  bool has_every_tag = true;
  for (std::size_t i = 0; i < file->slots().size(); ++i) {
    const files::slot& s = file->slots()[i];
    if (s.reason != files::skip_reason::none || s.is_pinned()) continue;
    has_every_tag = has_every_tag && !s.ref->tag().empty();
    changes.push_back({i, registry::digest::of(s.ref->canonical()), std::nullopt});
    back.push_back({i, std::nullopt, std::nullopt});
  }
  const auto pinned = file->rewrite(changes, pin::pin_format::digest);
  if (!pinned) refuse(pinned.error().message.c_str(), text);
  const auto again = files::image_file::read(*pinned, "Dockerfile", places);
  if (!again || again->slots().size() != file->slots().size()) refuse("other images once it is pinned", *pinned);
  for (const files::change& one : changes)
    if (again->slots()[one.slot].ref->digest() != one.digest) refuse("another digest", *pinned);
  if (std::ranges::count(*pinned, '\n') != std::ranges::count(text, '\n')) refuse("another number of lines", *pinned);
  const auto unpinned = again->rewrite(back, pin::pin_format::digest);
  if (!unpinned) refuse(unpinned.error().message.c_str(), *pinned);
  if (has_every_tag && *unpinned != text) refuse("not the same text once it is unpinned", *unpinned);
  return 0;
}
