// A shared library of Debian that is loaded when one of its functions is first called. Linking costs each start of the
// process the relocation of a library, also of one that a command does not use.
//
//   shared_library library("libsqlite3.so.0");
//   extern "C" int sqlite3_step(sqlite3_stmt* of) { return library.call<sqlite3_step>("sqlite3_step", of); }
//
// A source like this defines each function that the program calls under the library's own name: the library's header
// checks the signatures, and the linker names a function that is missing. Such sources set PINHOOK_SONAME, the name by
// which the library is known to the loader (CMakeLists.txt), and the container image gets the same libraries.
//
// Thread rule: any thread.
#pragma once

#include <atomic>

namespace pinhook {

class shared_library {
 public:
  /// `file` must stay valid, as a literal does.
  explicit constexpr shared_library(const char* file) : file_(file) {}

  /// Calls the library's function. Throws std::runtime_error when the library is not installed.
  template <auto* function, typename... Arguments>
  auto call(const char* name, Arguments... arguments) {
    static const auto real = reinterpret_cast<decltype(function)>(find(name));
    return real(arguments...);
  }

 private:
  void* find(const char* name);

  const char* file_;
  /// Never unloaded: handlers of other libraries may lead into it until the process ends.
  std::atomic<void*> handle_{nullptr};
};

}  // namespace pinhook
