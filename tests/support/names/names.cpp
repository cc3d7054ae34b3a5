// Gives one name of a running program an address that a test may change, as a name server does. The program is started
// with LD_PRELOAD of this library and TEST_NAMES, the path of a file: "name address". Other names are looked up as
// ever.
#include <dlfcn.h>
#include <netdb.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** out) {
  static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const char* file = std::getenv("TEST_NAMES");
  std::string name;
  std::string address;
  if (node != nullptr && file != nullptr) std::ifstream(file) >> name >> address;
  return real(!name.empty() && name == node ? address.c_str() : node, service, hints, out);
}
