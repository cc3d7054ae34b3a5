#include <pinhook/trust/checkpoint.hpp>

#include <pinhook/base/base64.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace pinhook::trust {
namespace {

constexpr std::size_t max_note_bytes = std::size_t{64} * 1024;
constexpr std::size_t hint_size = 4;
// An em dash and a space begin the line of a signature.
constexpr std::string_view dash = "\xE2\x80\x94 ";

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

std::string node_hash(std::string_view left, std::string_view right) {
  std::string both("\x01", 1);
  both.append(left).append(right);
  return sha256(both);
}

}  // namespace

result<checkpoint> checkpoint::parse(std::string_view note) {
  const auto bad = [] { return fail(error_code::malformed, "its log entry has no readable checkpoint"); };
  const auto blank = note.find("\n\n");
  if (note.size() > max_note_bytes || blank == std::string_view::npos) return bad();
  checkpoint out;
  out.text = std::string(note.substr(0, blank + 1));
  std::string_view lines = out.text;
  out.origin = std::string(take_line(lines));
  const std::string_view size = take_line(lines);
  const auto [end, failed] = std::from_chars(size.data(), size.data() + size.size(), out.size);
  auto root = decode_base64(take_line(lines));
  if (failed != std::errc() || end != size.data() + size.size() || out.size <= 0 || !root || root->size() != 32)
    return bad();
  out.root = std::move(*root);
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    std::string_view line = take_line(rest);
    if (!line.starts_with(dash)) continue;
    line.remove_prefix(dash.size());
    const auto space = line.rfind(' ');
    if (space == std::string_view::npos) continue;
    const auto bytes = decode_base64(line.substr(space + 1));
    if (!bytes || bytes->size() <= hint_size) continue;
    out.signatures.push_back(
        {std::string(line.substr(0, space)), bytes->substr(0, hint_size), bytes->substr(hint_size)});
  }
  return out;
}

bool checkpoint::is_signed_by(const trusted_log& log) const {
  return std::ranges::any_of(signatures, [&](const line& one) {
    return one.name == log.origin && one.hint == log.id.substr(0, hint_size) &&
           log.key.verifies(text, one.value, hash::sha256);
  });
}

std::string leaf_hash(std::string_view entry) {
  std::string bytes("\x00", 1);
  bytes.append(entry);
  return sha256(bytes);
}

// RFC 9162 §2.1.3.2.
std::optional<std::string> root_of(std::string_view leaf, std::int64_t index, std::int64_t size,
                                   const std::vector<std::string>& path) {
  if (index < 0 || size <= 0 || index >= size) return std::nullopt;
  auto node = static_cast<std::uint64_t>(index);
  auto last = static_cast<std::uint64_t>(size) - 1;
  std::string out(leaf);
  for (const std::string& sibling : path) {
    if (last == 0) return std::nullopt;
    if ((node & 1U) != 0 || node == last) {
      out = node_hash(sibling, out);
      while ((node & 1U) == 0 && node != 0) {
        node >>= 1U;
        last >>= 1U;
      }
    } else {
      out = node_hash(out, sibling);
    }
    node >>= 1U;
    last >>= 1U;
  }
  if (last != 0) return std::nullopt;
  return out;
}

}  // namespace pinhook::trust
