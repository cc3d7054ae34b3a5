#include "support/strict_json.hpp"

#include <algorithm>

namespace pinhook::testing {
namespace {

class reader {
 public:
  explicit reader(std::string_view text) : rest_(text) {}

  std::optional<strict_json> whole() {
    strict_json out;
    if (!value(out, 0) || !rest_.empty()) return std::nullopt;
    return out;
  }

 private:
  static constexpr int max_depth = 100;

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void space() {
    while (take(" ") || take("\n") || take("\t") || take("\r")) continue;
  }
  [[nodiscard]] bool at_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  bool digits() {
    if (!at_digit()) return false;
    while (at_digit()) rest_.remove_prefix(1);
    return true;
  }

  bool value(strict_json& out, int depth) {
    if (depth > max_depth) return false;
    space();
    const std::string_view before = rest_;
    bool is_good = false;
    if (take("{")) {
      is_good = object(out, depth);
    } else if (take("[")) {
      is_good = array(out, depth);
    } else if (take("\"")) {
      out.type = strict_json::kind::string;
      is_good = string(out.text);
    } else {
      is_good = take("true") || take("false") || take("null") || number();
      out.text = before.substr(0, before.size() - rest_.size());
    }
    space();
    return is_good;
  }

  bool number() {
    take("-");
    if (!take("0") && !digits()) return false;
    if (at_digit()) return false;
    if (take(".") && !digits()) return false;
    if (!take("e") && !take("E")) return true;
    if (!take("+")) take("-");
    return digits();
  }

  bool object(strict_json& out, int depth) {
    out.type = strict_json::kind::object;
    space();
    if (take("}")) return true;
    while (true) {
      space();
      std::string key;
      if (!take("\"") || !string(key) || std::ranges::find(out.keys, key) != out.keys.end()) return false;
      out.keys.push_back(std::move(key));
      space();
      if (!take(":") || !value(out.elements.emplace_back(), depth + 1)) return false;
      if (take("}")) return true;
      if (!take(",")) return false;
    }
  }

  bool array(strict_json& out, int depth) {
    out.type = strict_json::kind::array;
    space();
    if (take("]")) return true;
    while (true) {
      if (!value(out.elements.emplace_back(), depth + 1)) return false;
      if (take("]")) return true;
      if (!take(",")) return false;
    }
  }

  static void append(std::string& out, char32_t c) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | (c >> shift & 0x3fU)); };
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xc0U | c >> 6U);
      tail(0);
    } else if (c < 0x10000) {
      out += static_cast<char>(0xe0U | c >> 12U);
      tail(6), tail(0);
    } else {
      out += static_cast<char>(0xf0U | c >> 18U);
      tail(12), tail(6), tail(0);
    }
  }

  bool hex4(char32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      if (rest_.empty()) return false;
      const char c =
          rest_.front() >= 'A' && rest_.front() <= 'F' ? static_cast<char>(rest_.front() + 32) : rest_.front();
      const auto at = digits.find(c);
      if (at == std::string_view::npos) return false;
      out = out * 16 + static_cast<char32_t>(at);
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (rest_.empty()) return false;
    if (const auto at = letters.find(rest_.front()); at != std::string_view::npos) {
      out += meanings[at];
      rest_.remove_prefix(1);
      return true;
    }
    char32_t c = 0;
    if (!take("u") || !hex4(c) || (c >= 0xdc00 && c <= 0xdfff)) return false;
    if (c >= 0xd800 && c <= 0xdbff) {
      char32_t low = 0;
      if (!take("\\u") || !hex4(low) || low < 0xdc00 || low > 0xdfff) return false;
      c = 0x10000 + ((c - 0xd800) << 10U) + (low - 0xdc00);
    }
    append(out, c);
    return true;
  }

  // One character of more than a byte (RFC 3629).
  bool character(std::string& out) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest_[i]); };
    const unsigned char lead = byte(0);
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || rest_.size() < size) return false;
    for (std::size_t i = 1; i < size; ++i)
      if ((byte(i) & 0xc0U) != 0x80) return false;
    const bool is_odd = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
                        (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
    if (is_odd) return false;
    out += rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  bool string(std::string& out) {
    while (!rest_.empty()) {
      const auto c = static_cast<unsigned char>(rest_.front());
      if (take("\"")) return true;
      if (take("\\")) {
        if (!escape(out)) return false;
      } else if (c < 0x20) {
        return false;
      } else if (c < 0x80) {
        out += rest_.front();
        rest_.remove_prefix(1);
      } else if (!character(out)) {
        return false;
      }
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

bool strict_json::has_text(std::string_view part) const {
  if (type == kind::string && text.find(part) != std::string::npos) return true;
  if (std::ranges::any_of(keys, [part](const std::string& key) { return key.find(part) != std::string::npos; }))
    return true;
  return std::ranges::any_of(elements, [part](const strict_json& one) { return one.has_text(part); });
}

std::optional<strict_json> read_strict_json(std::string_view text) { return reader(text).whole(); }

}  // namespace pinhook::testing
