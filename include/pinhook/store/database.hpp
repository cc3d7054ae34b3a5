// SQLite: one connection and its statements as owned values, and its errors as ours.
//
//   auto db = database::open("history.db", 10s);
//   auto rows = db->prepare("SELECT name FROM tag WHERE id = ?");
//   rows->bind(1, std::int64_t{7});
//   while (*rows->step()) use(rows->text(0));
//
// Errors: denied (no rights on the file or its folder), unavailable (a full disk, an input or output error, or another
// program that writes for longer than the busy timeout), malformed (a damaged file), invalid_input (no SQLite file).
// Messages name the file and what to do.
//
// One thread. The source of behaviour: https://www.sqlite.org/rescode.html, https://www.sqlite.org/wal.html
#pragma once

#include <pinhook/base/error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace pinhook::store {

class statement {
 public:
  /// Parameters and columns are numbered from 1 and from 0, as SQLite does. A text must outlive the next step.
  statement& bind(int parameter, std::string_view text);
  statement& bind(int parameter, std::int64_t number);

  /// True: there is a row. False: the statement is done, and can be run again with other parameters.
  [[nodiscard]] result<bool> step();
  /// Runs a statement without rows.
  [[nodiscard]] result<void> run();

  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class database;
  struct finalizer {
    void operator()(sqlite3_stmt* of) const noexcept;
  };
  statement(sqlite3_stmt* owned, const class database& of) : owned_(owned), database_(&of) {}

  std::unique_ptr<sqlite3_stmt, finalizer> owned_;
  const class database* database_;
};

class database {
 public:
  /// Opens the file for reading and writing, and makes it when it is missing. `busy_timeout`: how long a statement
  /// waits for another writer.
  [[nodiscard]] static result<std::unique_ptr<database>> open(const std::string& path,
                                                              std::chrono::milliseconds busy_timeout);

  /// Statements in a row, without rows or parameters. Outside a transaction each of them must bear to be run again.
  [[nodiscard]] result<void> execute(const char* script);
  /// The statement ends before the database.
  [[nodiscard]] result<statement> prepare(std::string_view text);
  /// The first number that a query gives; 0 when it has no row.
  [[nodiscard]] result<std::int64_t> number_of(std::string_view query);
  /// The number of rows that the last statement changed.
  [[nodiscard]] std::int64_t changed_rows() const;
  [[nodiscard]] std::int64_t last_id() const;
  [[nodiscard]] const std::string& path() const { return path_; }

  /// The error of a result code of SQLite.
  [[nodiscard]] error error_of(int code) const;
  /// The error of a file whose content is wrong.
  [[nodiscard]] error damaged(const std::string& detail) const;

 private:
  friend class statement;
  struct closer {
    void operator()(sqlite3* of) const noexcept;
  };
  database(std::string path, sqlite3* owned, std::chrono::milliseconds busy_timeout)
      : path_(std::move(path)), busy_timeout_(busy_timeout), owned_(owned) {}
  /// Runs a call again while it gives SQLITE_BUSY, for at most the busy timeout. Gives its last result code.
  template <typename F>
  int while_busy(F call) const;

  std::string path_;
  std::chrono::milliseconds busy_timeout_;
  std::unique_ptr<sqlite3, closer> owned_;
};

/// A transaction that writes; it is rolled back unless it is committed.
class transaction {
 public:
  [[nodiscard]] static result<transaction> begin(database& of);
  transaction(transaction&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  transaction& operator=(transaction&&) = delete;
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  [[nodiscard]] result<void> commit();

 private:
  explicit transaction(database& of) : of_(&of) {}
  database* of_;
};

}  // namespace pinhook::store
