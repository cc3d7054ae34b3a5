#include <pinhook/files/git_index.hpp>

#include <pinhook/base/file.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace pinhook::files {
namespace {

// Two times of 8 bytes, then device, inode, mode, owner, group and size of 4 bytes each.
constexpr std::size_t stat_size = 40;
constexpr std::size_t mode_at = 24;
constexpr std::size_t header_size = 12;
// SHA-1 and SHA-256.
constexpr std::size_t hash_sizes[] = {20, 32};
constexpr unsigned is_extended = 0x4000;
// The flags have the length of the name; this also stands for longer ones.
constexpr unsigned longest_length = 0xFFF;
// Files, links and submodules; directories of a sparse checkout.
constexpr unsigned kinds_of_mode[] = {0x8000, 0xA000, 0xE000, 0x4000};

class index_reader {
 public:
  index_reader(std::string_view bytes, std::size_t hash_size) : bytes_(bytes), hash_size_(hash_size) {}

  // The names of all entries; none when the bytes are no such index.
  std::optional<std::vector<std::string>> run() {
    if (!bytes_.starts_with("DIRC")) return std::nullopt;
    const auto version = number(4, 4);
    const auto count = number(8, 4);
    if (!version || !count || *version < 2 || *version > 4) return std::nullopt;
    at_ = header_size;
    std::vector<std::string> out;
    for (std::size_t i = 0; i < *count; ++i) {
      auto one = entry(*version, out.empty() ? std::string() : out.back());
      if (!one || (!out.empty() && *one < out.back())) return std::nullopt;
      // A file in conflict has an entry for each side.
      if (out.empty() || *one != out.back()) out.push_back(std::move(*one));
    }
    return out;
  }

 private:
  std::optional<std::size_t> number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    std::size_t out = 0;
    for (const char c : bytes_.substr(at, size)) out = out << 8U | static_cast<unsigned char>(c);
    return out;
  }

  std::optional<std::string> entry(std::size_t version, const std::string& before) {
    const std::size_t begin = at_;
    const auto mode = number(begin + mode_at, 4);
    const auto flags = number(begin + stat_size + hash_size_, 2);
    if (!mode || !flags || std::ranges::find(kinds_of_mode, *mode & 0xF000U) == std::end(kinds_of_mode))
      return std::nullopt;
    at_ = begin + stat_size + hash_size_ + 2 + ((*flags & is_extended) != 0 ? 2 : 0);
    std::string out;
    if (version == 4) {
      const auto dropped = number_of_dropped();
      if (!dropped || *dropped > before.size()) return std::nullopt;
      out = before.substr(0, before.size() - *dropped);
    }
    if (at_ > bytes_.size()) return std::nullopt;
    const std::size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos || (end == at_ && out.empty())) return std::nullopt;
    out += bytes_.substr(at_, end - at_);
    // A hash of another size is noticed here.
    if ((*flags & longest_length) != std::min<std::size_t>(out.size(), longest_length)) return std::nullopt;
    // Up to version 3 an entry is filled up with NULs to a multiple of 8 bytes.
    at_ = version == 4 ? end + 1 : begin + ((end - begin) / 8 + 1) * 8;
    return out;
  }

  // The number of bytes to take from the end of the name before, as git writes offsets of packs.
  std::optional<std::size_t> number_of_dropped() {
    std::size_t out = 0;
    for (bool is_first = true;; is_first = false) {
      if (at_ >= bytes_.size() || out > bytes_.size()) return std::nullopt;
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      out = ((is_first ? out : out + 1) << 7U) | (byte & 0x7FU);
      if ((byte & 0x80U) == 0) return out;
    }
  }

  std::string_view bytes_;
  std::size_t hash_size_;
  std::size_t at_ = 0;
};

}  // namespace

git_index git_index::read(const std::string& path) {
  const auto bytes = read_file(path, max_index_size);
  return bytes ? parse(bytes->reveal()) : git_index();
}

git_index git_index::parse(std::string_view bytes) {
  git_index out;
  for (const std::size_t size : hash_sizes) {
    const auto names = index_reader(bytes, size).run();
    if (!names) continue;
    for (const std::string& one : *names) {
      out.names_ += one;
      out.ends_.push_back(out.names_.size());
    }
    break;
  }
  return out;
}

std::string_view git_index::name(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(names_).substr(begin, ends_[i] - begin);
}

std::size_t git_index::place_of(std::string_view path) const {
  std::size_t first = 0;
  for (std::size_t count = ends_.size(); count > 0;) {
    const std::size_t half = count / 2;
    if (name(first + half) < path) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

bool git_index::has_file(std::string_view path) const {
  const std::size_t at = place_of(path);
  return at < ends_.size() && name(at) == path;
}

bool git_index::has_below(std::string_view directory) const {
  const std::string begin = std::string(directory) + '/';
  const std::size_t at = place_of(begin);
  return at < ends_.size() && name(at).starts_with(begin);
}

}  // namespace pinhook::files
