// A string that must not be seen: passwords, tokens, private keys.
//
// It cannot be printed: formatting it (fmt, iostream) gives "[redacted]"; only `reveal()` gives the text, so a search
// for that word finds every place that uses a secret. The memory is wiped on destruction.
#pragma once

#include <fmt/core.h>

#include <iosfwd>
#include <string>
#include <string_view>

namespace pinhook {

class secret {
 public:
  secret() = default;
  explicit secret(std::string text) : text_(std::move(text)) {}
  secret(const secret&) = default;
  secret(secret&& other) noexcept : text_(other.text_) { other.wipe(); }
  secret& operator=(const secret& other);
  secret& operator=(secret&& other) noexcept;
  ~secret() { wipe(); }

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool is_empty() const { return text_.empty(); }

  /// Compares in a time that depends on the lengths alone.
  friend bool operator==(const secret& a, const secret& b);
  friend std::ostream& operator<<(std::ostream& out, const secret&);

 private:
  void wipe() noexcept;
  std::string text_;
};

/// A short name that distinguishes secrets and reveals nothing of them: HMAC-SHA-256 under a key that is made at
/// start-up and never leaves the process, in 32 hexadecimal digits. For cache keys.
[[nodiscard]] std::string keyed_hash(std::string_view text);

}  // namespace pinhook

template <>
struct fmt::formatter<pinhook::secret> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const pinhook::secret&, Context& context) const {
    auto out = context.out();
    for (const char c : std::string_view("[redacted]")) *out++ = c;
    return out;
  }
};
