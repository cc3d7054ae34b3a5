// libcurl is loaded when it is first called. Its 28 shared libraries (LDAP, Kerberos, SSH, RTMP…) are more than a third
// of the CPU time of a command that needs no network. Each function of libcurl that the program calls is defined here
// under its own name and goes on to the library; curl's header checks the signatures, and the linker names a function
// that is missing here.
//
// Thread rule: any thread.
#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/core.h>

#include <cstdarg>
#include <stdexcept>

// Macros of curl's header, which count arguments.
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

namespace {

// Also in .ci/image-files.
constexpr const char* file_name = "libcurl.so.4";

void* library() {
  // Never unloaded: handlers of OpenSSL may lead into it until the process ends.
  static void* const handle = [] {
    void* loaded = ::dlopen(file_name, RTLD_LAZY | RTLD_LOCAL);
    if (loaded == nullptr)
      throw std::runtime_error(
          fmt::format("cannot load {}: {}; install Debian's package libcurl4", file_name, ::dlerror()));
    return loaded;
  }();
  return handle;
}

template <typename Function>
Function* entry(const char* name) {
  void* found = ::dlsym(library(), name);
  if (found == nullptr) throw std::runtime_error(fmt::format("{} has no function {}", file_name, name));
  return reinterpret_cast<Function*>(found);
}

// The last named parameters are curl's enumerations, which are unsigned int on their own as well as promoted to it.
static_assert(sizeof(CURLoption) == sizeof(int) && sizeof(CURLINFO) == sizeof(int) &&
              sizeof(CURLMoption) == sizeof(int));
#ifdef __clang__
#pragma clang diagnostic ignored "-Wvarargs"
#endif

// An option's value is a long, a pointer or a curl_off_t: one 64-bit word each on the architectures that are built.
static_assert(sizeof(long) == sizeof(void*) && sizeof(curl_off_t) == sizeof(void*));

// curl 7.88 takes a CURLU*, newer ones a const CURLU*.
template <typename Handle>
Handle handle_of(CURLUcode (*)(Handle, CURLUPart, char**, unsigned));
using url_to_read = decltype(handle_of(&curl_url_get));

}  // namespace

extern "C" {

CURLcode curl_global_init(long flags) {
  static const auto real = entry<decltype(curl_global_init)>("curl_global_init");
  return real(flags);
}

curl_version_info_data* curl_version_info(CURLversion age) {
  static const auto real = entry<decltype(curl_version_info)>("curl_version_info");
  return real(age);
}

void curl_free(void* memory) {
  static const auto real = entry<decltype(curl_free)>("curl_free");
  real(memory);
}

time_t curl_getdate(const char* text, const time_t* unused) {
  static const auto real = entry<decltype(curl_getdate)>("curl_getdate");
  return real(text, unused);
}

CURL* curl_easy_init() {
  static const auto real = entry<decltype(curl_easy_init)>("curl_easy_init");
  return real();
}

void curl_easy_cleanup(CURL* easy) {
  static const auto real = entry<decltype(curl_easy_cleanup)>("curl_easy_cleanup");
  real(easy);
}

void curl_easy_reset(CURL* easy) {
  static const auto real = entry<decltype(curl_easy_reset)>("curl_easy_reset");
  real(easy);
}

const char* curl_easy_strerror(CURLcode code) {
  static const auto real = entry<decltype(curl_easy_strerror)>("curl_easy_strerror");
  return real(code);
}

CURLcode curl_easy_setopt(CURL* easy, CURLoption option, ...) {
  static const auto real = entry<decltype(curl_easy_setopt)>("curl_easy_setopt");
  va_list rest;
  va_start(rest, option);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return real(easy, option, value);
}

CURLcode curl_easy_getinfo(CURL* easy, CURLINFO info, ...) {
  static const auto real = entry<decltype(curl_easy_getinfo)>("curl_easy_getinfo");
  va_list rest;
  va_start(rest, info);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return real(easy, info, value);
}

CURLM* curl_multi_init() {
  static const auto real = entry<decltype(curl_multi_init)>("curl_multi_init");
  return real();
}

CURLMcode curl_multi_cleanup(CURLM* multi) {
  static const auto real = entry<decltype(curl_multi_cleanup)>("curl_multi_cleanup");
  return real(multi);
}

CURLMcode curl_multi_setopt(CURLM* multi, CURLMoption option, ...) {
  static const auto real = entry<decltype(curl_multi_setopt)>("curl_multi_setopt");
  va_list rest;
  va_start(rest, option);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return real(multi, option, value);
}

CURLMcode curl_multi_add_handle(CURLM* multi, CURL* easy) {
  static const auto real = entry<decltype(curl_multi_add_handle)>("curl_multi_add_handle");
  return real(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM* multi, CURL* easy) {
  static const auto real = entry<decltype(curl_multi_remove_handle)>("curl_multi_remove_handle");
  return real(multi, easy);
}

CURLMcode curl_multi_socket_action(CURLM* multi, curl_socket_t fd, int events, int* running) {
  static const auto real = entry<decltype(curl_multi_socket_action)>("curl_multi_socket_action");
  return real(multi, fd, events, running);
}

CURLMsg* curl_multi_info_read(CURLM* multi, int* left) {
  static const auto real = entry<decltype(curl_multi_info_read)>("curl_multi_info_read");
  return real(multi, left);
}

curl_slist* curl_slist_append(curl_slist* list, const char* text) {
  static const auto real = entry<decltype(curl_slist_append)>("curl_slist_append");
  return real(list, text);
}

void curl_slist_free_all(curl_slist* list) {
  static const auto real = entry<decltype(curl_slist_free_all)>("curl_slist_free_all");
  real(list);
}

CURLU* curl_url() {
  static const auto real = entry<decltype(curl_url)>("curl_url");
  return real();
}

void curl_url_cleanup(CURLU* url) {
  static const auto real = entry<decltype(curl_url_cleanup)>("curl_url_cleanup");
  real(url);
}

CURLUcode curl_url_get(url_to_read url, CURLUPart part, char** text, unsigned flags) {
  static const auto real = entry<decltype(curl_url_get)>("curl_url_get");
  return real(url, part, text, flags);
}

CURLUcode curl_url_set(CURLU* url, CURLUPart part, const char* text, unsigned flags) {
  static const auto real = entry<decltype(curl_url_set)>("curl_url_set");
  return real(url, part, text, flags);
}

}  // extern "C"
