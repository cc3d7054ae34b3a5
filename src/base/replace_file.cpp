#include <pinhook/base/replace_file.hpp>

#include <pinhook/base/file.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <utility>

namespace pinhook {
namespace {

constexpr mode_t permission_bits = 07777;
constexpr mode_t identity_bits = S_ISUID | S_ISGID;
// As many as the kernel follows (MAXSYMLINKS).
constexpr int most_links = 40;
// Names are random out of 2^64: a second try is unlikely, a fourth shows another fault.
constexpr int most_draws = 4;

std::unexpected<error> cannot_write(const std::string& path, int number) {
  auto code = error_code::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = error_code::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = error_code::denied;
  if (number == ENAMETOOLONG || number == ELOOP || number == EINVAL) code = error_code::invalid_input;
  return fail(code, fmt::format("cannot write {}: {}", path, std::strerror(number)));
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::optional<std::string> link_at(const std::string& path) {
  std::string to(4096, '\0');
  const ssize_t size = ::readlink(path.c_str(), to.data(), to.size());
  if (size < 0) return std::nullopt;
  to.resize(static_cast<std::size_t>(size));
  return to;
}

// The target of the links at `path`, which need not exist; no value when they form a circle.
std::optional<std::string> follow(std::string path) {
  for (int i = 0; i <= most_links; ++i) {
    const auto to = link_at(path);
    if (!to) return path;
    path = to->starts_with('/') ? *to : directory_of(path) + '/' + *to;
  }
  return std::nullopt;
}

std::string drawn_name(const std::string& directory) {
  std::random_device draw;
  const std::uint64_t number = (std::uint64_t{draw()} << 32U) | draw();
  return fmt::format("{}/.pinhook-{:016x}.tmp", directory, number);
}

// A file beside the one that is replaced, removed on destruction unless it has replaced it.
class temporary_file {
 public:
  explicit temporary_file(const replace_calls& calls) : calls_(calls) {}
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (fd_ >= 0) ::close(fd_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  // Each step: 0, or the number of its error.
  int make(const std::string& directory, mode_t mode) {
    for (int i = 0; i < most_draws; ++i) {
      std::string name = drawn_name(directory);
      fd_ = calls_.open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
      if (fd_ < 0 && errno == EEXIST) continue;
      if (fd_ < 0) return errno;
      name_ = std::move(name);
      return 0;
    }
    return EEXIST;
  }

  int write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t put = calls_.write(fd_, text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return errno;
      if (put == 0) return EIO;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    return 0;
  }

  // Owner before mode, because a change of owner removes set-user-ID.
  int look_like(const struct stat& old) {
    mode_t mode = old.st_mode & permission_bits;
    struct stat own{};
    if (::fstat(fd_, &own) != 0) return errno;
    const bool differs = own.st_uid != old.st_uid || own.st_gid != old.st_gid;
    if (differs && calls_.fchown(fd_, old.st_uid, old.st_gid) != 0) {
      mode &= ~identity_bits;
      // Not every process may change a file's owner; the group is often one of its own.
      if (calls_.fchown(fd_, static_cast<uid_t>(-1), old.st_gid) != 0) mode &= ~mode_t{S_IRWXG} | ((mode & 07U) << 3U);
    }
    return calls_.fchmod(fd_, mode) == 0 ? 0 : errno;
  }

  int finish() {
    if (calls_.fsync(fd_) != 0) return errno;
    const int closed = calls_.close(fd_);
    fd_ = -1;
    return closed == 0 ? 0 : errno;
  }

  int take_place_of(const std::string& path) {
    if (calls_.rename(name_.c_str(), path.c_str()) != 0) return errno;
    name_.clear();
    return 0;
  }

 private:
  const replace_calls& calls_;
  std::string name_;
  int fd_ = -1;
};

// 0, or the error because of which a power failure may lose the new name.
int bring_to_disk(const std::string& directory, const replace_calls& calls) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // The directory is writable but not readable.
  if (fd < 0) return 0;
  const int number = calls.fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  // Some file systems cannot sync directories.
  return number == EINVAL || number == ENOTSUP ? 0 : number;
}

// The new text of a file, until it takes the place of the old one.
class new_file {
 public:
  new_file(std::string path, const replace_calls& calls) : path_(std::move(path)), calls_(calls), file_(calls) {}

  result<void> write(std::string_view text) {
    if (path_.empty() || path_.find('\0') != std::string::npos) return cannot_write(path_, EINVAL);
    const auto target = follow(path_);
    if (!target) return cannot_write(path_, ELOOP);
    target_ = *target;
    struct stat old{};
    const bool is_there = ::stat(target_.c_str(), &old) == 0;
    if (!is_there && errno != ENOENT) return cannot_write(path_, errno);
    if (is_there && !S_ISREG(old.st_mode))
      return fail(error_code::invalid_input, fmt::format("cannot write {}: it is not a regular file", path_));
    // A rename would ignore the write protection of the file itself.
    if (is_there && ::faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) != 0) return cannot_write(path_, errno);
    int number = file_.make(directory_of(target_), is_there ? 0600 : 0644);
    if (number == 0) number = file_.write(text);
    if (number == 0 && is_there) number = file_.look_like(old);
    if (number == 0) number = file_.finish();
    if (number != 0) return cannot_write(path_, number);
    return {};
  }

  // Whether the file has the text that it had when it was read.
  [[nodiscard]] bool is_still(const text_mark& before) const {
    const auto now = read_file(target_, before.size);
    if (!now) return now.error().code == error_code::not_found && before == mark_of({});
    return mark_of(now->reveal()) == before;
  }

  result<void> take_its_place() {
    if (const int number = file_.take_place_of(target_); number != 0) return cannot_write(path_, number);
    if (const int lost = bring_to_disk(directory_of(target_), calls_); lost != 0)
      return fail(error_code::unavailable,
                  fmt::format("{} is written, but its directory could not be synced: {}", path_, std::strerror(lost)));
    return {};
  }

 private:
  std::string path_;
  const replace_calls& calls_;
  std::string target_;
  temporary_file file_;
};

}  // namespace

const replace_calls& machine_replace_calls() {
  static const replace_calls calls{
      .open = [](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); },
      .write = ::write,
      .fchown = ::fchown,
      .fchmod = ::fchmod,
      .fsync = ::fsync,
      .close = ::close,
      .rename = [](const char* from, const char* to) { return std::rename(from, to); },
  };
  return calls;
}

result<void> replace_files(const std::vector<file_text>& files, const replace_calls& calls) {
  std::vector<std::unique_ptr<new_file>> made;
  const auto none_is_written = [&](error e) {
    if (files.size() > 1) e.message += "; no file is written";
    return fail(std::move(e));
  };
  for (const file_text& one : files) {
    made.push_back(std::make_unique<new_file>(one.path, calls));
    if (auto good = made.back()->write(one.text); !good) return none_is_written(std::move(good.error()));
  }
  for (std::size_t i = 0; i < made.size(); ++i)
    if (files[i].before && !made[i]->is_still(*files[i].before))
      return none_is_written(
          {error_code::unavailable, fmt::format("{} was changed after it was read; run it again", files[i].path), {}});
  for (std::size_t i = 0; i < made.size(); ++i) {
    auto good = made[i]->take_its_place();
    if (good) continue;
    if (i > 0) good.error().message += fmt::format("; {} of {} files are new already", i, made.size());
    return good;
  }
  return {};
}

result<void> replace_file(const std::string& path, std::string_view text, const replace_calls& calls) {
  return replace_files({{path, text}}, calls);
}

}  // namespace pinhook
