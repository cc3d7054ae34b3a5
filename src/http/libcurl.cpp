// The functions of libcurl that the program calls (base/shared_library.hpp). libcurl's 28 shared libraries (LDAP,
// Kerberos, SSH, RTMP…) are more than a third of the CPU time of a command that needs no network.
//
// Thread rule: any thread.
#include <pinhook/base/shared_library.hpp>

#include <curl/curl.h>

#include <cstdarg>

// Macros of curl's header, which count arguments.
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

namespace {

pinhook::shared_library library(PINHOOK_SONAME);

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

CURLcode curl_global_init(long flags) { return library.call<curl_global_init>("curl_global_init", flags); }

curl_version_info_data* curl_version_info(CURLversion age) {
  return library.call<curl_version_info>("curl_version_info", age);
}

void curl_free(void* memory) { library.call<curl_free>("curl_free", memory); }

time_t curl_getdate(const char* text, const time_t* unused) {
  return library.call<curl_getdate>("curl_getdate", text, unused);
}

CURL* curl_easy_init() { return library.call<curl_easy_init>("curl_easy_init"); }

void curl_easy_cleanup(CURL* easy) { library.call<curl_easy_cleanup>("curl_easy_cleanup", easy); }

void curl_easy_reset(CURL* easy) { library.call<curl_easy_reset>("curl_easy_reset", easy); }

const char* curl_easy_strerror(CURLcode code) { return library.call<curl_easy_strerror>("curl_easy_strerror", code); }

CURLcode curl_easy_setopt(CURL* easy, CURLoption option, ...) {
  va_list rest;
  va_start(rest, option);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return library.call<curl_easy_setopt>("curl_easy_setopt", easy, option, value);
}

CURLcode curl_easy_getinfo(CURL* easy, CURLINFO info, ...) {
  va_list rest;
  va_start(rest, info);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return library.call<curl_easy_getinfo>("curl_easy_getinfo", easy, info, value);
}

CURLM* curl_multi_init() { return library.call<curl_multi_init>("curl_multi_init"); }

CURLMcode curl_multi_cleanup(CURLM* multi) { return library.call<curl_multi_cleanup>("curl_multi_cleanup", multi); }

CURLMcode curl_multi_setopt(CURLM* multi, CURLMoption option, ...) {
  va_list rest;
  va_start(rest, option);
  void* const value = va_arg(rest, void*);
  va_end(rest);
  return library.call<curl_multi_setopt>("curl_multi_setopt", multi, option, value);
}

CURLMcode curl_multi_add_handle(CURLM* multi, CURL* easy) {
  return library.call<curl_multi_add_handle>("curl_multi_add_handle", multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM* multi, CURL* easy) {
  return library.call<curl_multi_remove_handle>("curl_multi_remove_handle", multi, easy);
}

CURLMcode curl_multi_socket_action(CURLM* multi, curl_socket_t fd, int events, int* running) {
  return library.call<curl_multi_socket_action>("curl_multi_socket_action", multi, fd, events, running);
}

CURLMsg* curl_multi_info_read(CURLM* multi, int* left) {
  return library.call<curl_multi_info_read>("curl_multi_info_read", multi, left);
}

curl_slist* curl_slist_append(curl_slist* list, const char* text) {
  return library.call<curl_slist_append>("curl_slist_append", list, text);
}

void curl_slist_free_all(curl_slist* list) { library.call<curl_slist_free_all>("curl_slist_free_all", list); }

CURLU* curl_url() { return library.call<curl_url>("curl_url"); }

void curl_url_cleanup(CURLU* url) { library.call<curl_url_cleanup>("curl_url_cleanup", url); }

CURLUcode curl_url_get(url_to_read url, CURLUPart part, char** text, unsigned flags) {
  return library.call<curl_url_get>("curl_url_get", url, part, text, flags);
}

CURLUcode curl_url_set(CURLU* url, CURLUPart part, const char* text, unsigned flags) {
  return library.call<curl_url_set>("curl_url_set", url, part, text, flags);
}

}  // extern "C"
