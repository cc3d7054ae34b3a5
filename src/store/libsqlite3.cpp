// The functions of SQLite that the program calls, of a library that is loaded with the first of them
// (base/shared_library.hpp).
//
// Thread rule: any thread.
#include <pinhook/base/shared_library.hpp>

#include <sqlite3.h>

namespace {

pinhook::shared_library library(PINHOOK_SONAME);

}  // namespace

extern "C" {

int sqlite3_open_v2(const char* file, sqlite3** database, int flags, const char* vfs) {
  return library.call<sqlite3_open_v2>("sqlite3_open_v2", file, database, flags, vfs);
}
int sqlite3_close_v2(sqlite3* database) { return library.call<sqlite3_close_v2>("sqlite3_close_v2", database); }
int sqlite3_extended_result_codes(sqlite3* database, int on) {
  return library.call<sqlite3_extended_result_codes>("sqlite3_extended_result_codes", database, on);
}
int sqlite3_busy_timeout(sqlite3* database, int milliseconds) {
  return library.call<sqlite3_busy_timeout>("sqlite3_busy_timeout", database, milliseconds);
}
int sqlite3_get_autocommit(sqlite3* database) {
  return library.call<sqlite3_get_autocommit>("sqlite3_get_autocommit", database);
}
int sqlite3_system_errno(sqlite3* database) {
  return library.call<sqlite3_system_errno>("sqlite3_system_errno", database);
}
const char* sqlite3_errmsg(sqlite3* database) { return library.call<sqlite3_errmsg>("sqlite3_errmsg", database); }
sqlite3_int64 sqlite3_changes64(sqlite3* database) {
  return library.call<sqlite3_changes64>("sqlite3_changes64", database);
}
sqlite3_int64 sqlite3_last_insert_rowid(sqlite3* database) {
  return library.call<sqlite3_last_insert_rowid>("sqlite3_last_insert_rowid", database);
}
int sqlite3_exec(sqlite3* database, const char* text, sqlite3_callback on_row, void* context, char** message) {
  return library.call<sqlite3_exec>("sqlite3_exec", database, text, on_row, context, message);
}
int sqlite3_prepare_v2(sqlite3* database, const char* text, int size, sqlite3_stmt** statement, const char** rest) {
  return library.call<sqlite3_prepare_v2>("sqlite3_prepare_v2", database, text, size, statement, rest);
}
int sqlite3_step(sqlite3_stmt* statement) { return library.call<sqlite3_step>("sqlite3_step", statement); }
int sqlite3_reset(sqlite3_stmt* statement) { return library.call<sqlite3_reset>("sqlite3_reset", statement); }
int sqlite3_finalize(sqlite3_stmt* statement) { return library.call<sqlite3_finalize>("sqlite3_finalize", statement); }
int sqlite3_bind_int64(sqlite3_stmt* statement, int index, sqlite3_int64 value) {
  return library.call<sqlite3_bind_int64>("sqlite3_bind_int64", statement, index, value);
}
int sqlite3_bind_text64(sqlite3_stmt* statement, int index, const char* text, sqlite3_uint64 size,
                        sqlite3_destructor_type destroy, unsigned char encoding) {
  return library.call<sqlite3_bind_text64>("sqlite3_bind_text64", statement, index, text, size, destroy, encoding);
}
int sqlite3_column_type(sqlite3_stmt* statement, int index) {
  return library.call<sqlite3_column_type>("sqlite3_column_type", statement, index);
}
int sqlite3_column_bytes(sqlite3_stmt* statement, int index) {
  return library.call<sqlite3_column_bytes>("sqlite3_column_bytes", statement, index);
}
sqlite3_int64 sqlite3_column_int64(sqlite3_stmt* statement, int index) {
  return library.call<sqlite3_column_int64>("sqlite3_column_int64", statement, index);
}
const unsigned char* sqlite3_column_text(sqlite3_stmt* statement, int index) {
  return library.call<sqlite3_column_text>("sqlite3_column_text", statement, index);
}

}  // extern "C"
