#include <pinhook/base/shared_library.hpp>

#include <dlfcn.h>
#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace pinhook {
namespace {

// libcurl.so.4 is in libcurl4, libsqlite3.so.0 in libsqlite3-0.
std::string package_of(std::string_view file) {
  constexpr std::string_view infix = ".so.";
  const auto at = file.find(infix);
  if (at == 0 || at == std::string_view::npos) return std::string(file);
  const bool ends_in_digit = file[at - 1] >= '0' && file[at - 1] <= '9';
  return fmt::format("{}{}{}", file.substr(0, at), ends_in_digit ? "-" : "", file.substr(at + infix.size()));
}

}  // namespace

void* shared_library::find(const char* name) {
  void* handle = handle_.load(std::memory_order_acquire);
  if (handle == nullptr) {
    // Two threads that load at once get the same handle from the loader.
    handle = ::dlopen(file_, RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr)
      throw std::runtime_error(
          fmt::format("cannot load {}: {}; install Debian's package {}", file_, ::dlerror(), package_of(file_)));
    handle_.store(handle, std::memory_order_release);
  }
  void* const found = ::dlsym(handle, name);
  if (found == nullptr) throw std::runtime_error(fmt::format("{} has no function {}", file_, name));
  return found;
}

}  // namespace pinhook
