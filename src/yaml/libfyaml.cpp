// The functions of libfyaml that the program calls, of a library that is loaded with the first of them
// (base/shared_library.hpp).
//
// Thread rule: any thread.
#include <libfyaml.h>

#include <pinhook/base/shared_library.hpp>

namespace {

pinhook::shared_library library(PINHOOK_SONAME);

}  // namespace

extern "C" {

void fy_diag_cfg_default(fy_diag_cfg* options) { library.call<fy_diag_cfg_default>("fy_diag_cfg_default", options); }
fy_diag* fy_diag_create(const fy_diag_cfg* options) { return library.call<fy_diag_create>("fy_diag_create", options); }
void fy_diag_destroy(fy_diag* diag) { library.call<fy_diag_destroy>("fy_diag_destroy", diag); }
fy_diag_error* fy_diag_errors_iterate(fy_diag* diag, void** state) {
  return library.call<fy_diag_errors_iterate>("fy_diag_errors_iterate", diag, state);
}
void fy_diag_set_collect_errors(fy_diag* diag, bool on) {
  library.call<fy_diag_set_collect_errors>("fy_diag_set_collect_errors", diag, on);
}
fy_parser* fy_parser_create(const fy_parse_cfg* options) {
  return library.call<fy_parser_create>("fy_parser_create", options);
}
void fy_parser_destroy(fy_parser* parser) { library.call<fy_parser_destroy>("fy_parser_destroy", parser); }
int fy_parser_set_string(fy_parser* parser, const char* text, size_t size) {
  return library.call<fy_parser_set_string>("fy_parser_set_string", parser, text, size);
}
fy_event* fy_parser_parse(fy_parser* parser) { return library.call<fy_parser_parse>("fy_parser_parse", parser); }
void fy_parser_event_free(fy_parser* parser, fy_event* event) {
  library.call<fy_parser_event_free>("fy_parser_event_free", parser, event);
}
bool fy_parser_get_stream_error(fy_parser* parser) {
  return library.call<fy_parser_get_stream_error>("fy_parser_get_stream_error", parser);
}
const fy_mark* fy_event_start_mark(fy_event* event) {
  return library.call<fy_event_start_mark>("fy_event_start_mark", event);
}
const fy_mark* fy_event_end_mark(fy_event* event) {
  return library.call<fy_event_end_mark>("fy_event_end_mark", event);
}
fy_node_style fy_event_get_node_style(fy_event* event) {
  return library.call<fy_event_get_node_style>("fy_event_get_node_style", event);
}
fy_token* fy_event_get_token(fy_event* event) { return library.call<fy_event_get_token>("fy_event_get_token", event); }
fy_token* fy_event_get_anchor_token(fy_event* event) {
  return library.call<fy_event_get_anchor_token>("fy_event_get_anchor_token", event);
}
fy_token* fy_event_get_tag_token(fy_event* event) {
  return library.call<fy_event_get_tag_token>("fy_event_get_tag_token", event);
}
const fy_mark* fy_token_end_mark(fy_token* token) {
  return library.call<fy_token_end_mark>("fy_token_end_mark", token);
}
const char* fy_token_get_text(fy_token* token, size_t* size) {
  return library.call<fy_token_get_text>("fy_token_get_text", token, size);
}
fy_scalar_style fy_token_scalar_style(fy_token* token) {
  return library.call<fy_token_scalar_style>("fy_token_scalar_style", token);
}

}  // extern "C"
