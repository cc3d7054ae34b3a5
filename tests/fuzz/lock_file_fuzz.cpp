// Any bytes as a lock file are read, or refused with a message; a lock that was read is written so that it reads back
// the same, and writing it again gives the same bytes.
#include "fuzz/json_mutator.hpp"

#include <pinhook/files/lock_file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// libfyaml 0.7 loses a buffer on some texts that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  const auto read = files::read_lock({reinterpret_cast<const char*>(data), size});
  if (!read) {
    require(read.error().code == error_code::malformed && !read.error().message.empty());
    return 0;
  }
  for (const auto& [name, image] : read->images.images()) {
    const auto ref = registry::reference::parse(name);
    require(ref && ref->canonical() == name && !ref->is_pinned());
  }
  for (const auto format : {files::lock_format::pinhook, files::lock_format::kbld}) {
    const std::string text = files::write_lock({format, read->images});
    const auto back = files::read_lock(text);
    require(back && back->format == format && back->images == read->images);
    require(files::write_lock(*back) == text);
  }
  return 0;
}
