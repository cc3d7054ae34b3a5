#include <pinhook/store/database.hpp>

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace pinhook::store {
namespace {

struct advice {
  int code;
  error_code kind;
  /// Behind the file's name.
  const char* message;
  /// The system has a reason of its own.
  bool is_of_system = false;
};

// By SQLite's primary result codes.
constexpr std::array<advice, 12> advices{{
    {SQLITE_FULL, error_code::unavailable,
     "the disk is full; free space and run it again: what was stored before stays", true},
    {SQLITE_IOERR, error_code::unavailable,
     "it cannot be read or written; mend the disk and run it again: what was stored before stays", true},
    {SQLITE_BUSY, error_code::unavailable, "another program is writing to it; run it again when that one is done"},
    {SQLITE_LOCKED, error_code::unavailable, "another program is writing to it; run it again when that one is done"},
    {SQLITE_CORRUPT, error_code::malformed,
     "the file is damaged; move it away and put a copy in its place, or get the rest with `sqlite3 FILE .recover`"},
    {SQLITE_NOTADB, error_code::invalid_input, "this is no store of pinhook; it is left as it is: name another file"},
    {SQLITE_CANTOPEN, error_code::denied,
     "it cannot be opened; its folder must exist, and pinhook must be allowed to "
     "write there",
     true},
    {SQLITE_PERM, error_code::denied, "pinhook is not allowed to write it"},
    {SQLITE_READONLY, error_code::denied, "pinhook is not allowed to write it or its folder", true},
    {SQLITE_AUTH, error_code::denied, "pinhook is not allowed to use it"},
    {SQLITE_NOMEM, error_code::unavailable, "there is not enough memory to use it"},
    {SQLITE_TOOBIG, error_code::invalid_input, "a text is too long to be stored"},
}};

const advice* advice_for(int code) {
  constexpr int primary = 0xff;
  const auto* const found = std::ranges::find(advices, code & primary, &advice::code);
  return found == advices.end() ? nullptr : found;
}

bool is_busy(int code) {
  constexpr int primary = 0xff;
  return (code & primary) == SQLITE_BUSY;
}

}  // namespace

void statement::finalizer::operator()(sqlite3_stmt* of) const noexcept { sqlite3_finalize(of); }

void database::closer::operator()(sqlite3* of) const noexcept { sqlite3_close_v2(of); }

// A failed bind is a number that the statement does not have, which its first step shows.
statement& statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(owned_.get(), parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

statement& statement::bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(owned_.get(), parameter, number);
  return *this;
}

// SQLite's own wait (sqlite3_busy_timeout) is passed over where it cannot know whether waiting helps: when a file is
// brought to WAL mode, and when its log is recovered or removed. Outside a transaction this connection holds nothing
// that another one waits for, so waiting always helps.
template <typename F>
int database::while_busy(F call) const {
  using namespace std::chrono_literals;
  const auto until = std::chrono::steady_clock::now() + busy_timeout_;
  for (;;) {
    const int code = call();
    if (!is_busy(code) || sqlite3_get_autocommit(owned_.get()) == 0 || std::chrono::steady_clock::now() >= until)
      return code;
    std::this_thread::sleep_for(5ms);
  }
}

result<bool> statement::step() {
  errno = 0;
  const int code = database_->while_busy([this] {
    const int now = sqlite3_step(owned_.get());
    // A step after an error begins anew.
    if (is_busy(now)) sqlite3_reset(owned_.get());
    return now;
  });
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(owned_.get());
    return false;
  }
  auto e = database_->error_of(code);
  sqlite3_reset(owned_.get());
  return fail(std::move(e));
}

result<void> statement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return fail(row.error());
    if (!*row) return {};
  }
}

std::string statement::text(int column) const {
  const auto* const bytes = sqlite3_column_text(owned_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(owned_.get(), column))};
}

std::int64_t statement::number(int column) const { return sqlite3_column_int64(owned_.get(), column); }

bool statement::is_null(int column) const { return sqlite3_column_type(owned_.get(), column) == SQLITE_NULL; }

result<std::unique_ptr<database>> database::open(const std::string& path, std::chrono::milliseconds busy_timeout) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  auto out = std::unique_ptr<database>(new database(path, opened, busy_timeout));
  if (opened == nullptr) return fail(error_code::unavailable, fmt::format("{}: there is not enough memory", path));
  if (code != SQLITE_OK) return fail(out->error_of(code));
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, static_cast<int>(busy_timeout.count()));
  return out;
}

result<void> database::execute(const char* script) {
  errno = 0;
  const int code = while_busy([&] { return sqlite3_exec(owned_.get(), script, nullptr, nullptr, nullptr); });
  if (code != SQLITE_OK) return fail(error_of(code));
  return {};
}

result<statement> database::prepare(std::string_view text) {
  sqlite3_stmt* made = nullptr;
  const int code = while_busy(
      [&] { return sqlite3_prepare_v2(owned_.get(), text.data(), static_cast<int>(text.size()), &made, nullptr); });
  if (code != SQLITE_OK) return fail(error_of(code));
  return statement(made, *this);
}

result<std::int64_t> database::number_of(std::string_view query) {
  auto one = prepare(query);
  if (!one) return fail(std::move(one.error()));
  const auto row = one->step();
  if (!row) return fail(row.error());
  return *row ? one->number(0) : 0;
}

std::int64_t database::changed_rows() const { return sqlite3_changes64(owned_.get()); }

std::int64_t database::last_id() const { return sqlite3_last_insert_rowid(owned_.get()); }

error database::error_of(int code) const {
  // SQLite 3.40 keeps the system's reason when a statement fails, and not when a commit does.
  const int last = errno;
  const advice* known = advice_for(code);
  std::string detail = sqlite3_errmsg(owned_.get());
  // The system's reason says more than SQLite's: "File too large". After other errors it is that of an earlier call.
  if (known != nullptr && known->is_of_system) {
    const int kept = sqlite3_system_errno(owned_.get());
    if (const int number = kept != 0 ? kept : last; number != 0) detail += fmt::format(": {}", std::strerror(number));
  }
  if (known != nullptr) return {known->kind, fmt::format("{}: {} ({})", path_, known->message, detail), std::nullopt};
  return {error_code::internal, fmt::format("{}: {} (SQLite {})", path_, detail, code), std::nullopt};
}

error database::damaged(const std::string& detail) const {
  const advice& known = *advice_for(SQLITE_CORRUPT);
  return {known.kind, fmt::format("{}: {} ({})", path_, known.message, quoted(detail)), std::nullopt};
}

result<transaction> transaction::begin(database& of) {
  // Immediate: it waits for another writer now, and not at its first change, when it could only give up.
  if (auto ok = of.execute("BEGIN IMMEDIATE"); !ok) return fail(std::move(ok.error()));
  return transaction(of);
}

transaction::~transaction() {
  // SQLite has rolled back by itself after some errors; the second attempt then fails, and nothing is lost by it.
  if (of_ == nullptr) return;
  [[maybe_unused]] const auto ok = of_->execute("ROLLBACK");
}

result<void> transaction::commit() {
  auto ok = of_->execute("COMMIT");
  if (ok) of_ = nullptr;
  return ok;
}

}  // namespace pinhook::store
