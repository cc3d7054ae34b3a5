// Changes values of JSON, and keeps it JSON: members and elements come, go and change places, texts and what is base64
// in them change. It looks for values anywhere in an input, so that there may be lines or parts beside JSON.
// One change in four is one of bytes.
#pragma once

#include "fuzz/mutation.hpp"

#include <pinhook/base/base64.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fuzz {

/// Where a value is in a text; `name`: where the name of a member begins, otherwise the same as `begin`.
struct json_place {
  std::size_t name, begin, end;
  [[nodiscard]] bool is_member() const { return name != begin; }
  [[nodiscard]] std::string_view value_in(std::string_view text) const { return text.substr(begin, end - begin); }
  [[nodiscard]] std::string_view whole_in(std::string_view text) const { return text.substr(name, end - name); }
};

class json_places {
 public:
  /// Each value in the text that ends.
  static std::vector<json_place> in(std::string_view text) {
    json_places out(text);
    while (out.at_ < text.size() && out.found_.size() < most) out.take();
    return std::move(out.found_);
  }

 private:
  static constexpr std::size_t most = 4096;
  static constexpr auto none = std::string_view::npos;

  explicit json_places(std::string_view text) : text_(text) {}

  void take() {
    const char c = text_[at_];
    if (c == '"') {
      take_string();
    } else if (c == '{' || c == '[') {
      open_.push_back({name_, at_, at_});
      name_ = none;
      ++at_;
    } else if (c == '}' || c == ']') {
      ++at_;
      if (open_.empty()) return;
      found_.push_back({open_.back().name == none ? open_.back().begin : open_.back().name, open_.back().begin, at_});
      open_.pop_back();
      name_ = none;
    } else if (!open_.empty() && is_of_word(c)) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && is_of_word(text_[at_])) ++at_;
      add(begin);
    } else {
      ++at_;
    }
  }

  void take_string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
    const std::size_t next = text_.find_first_not_of(" \t\r\n", at_);
    if (!open_.empty() && next != none && text_[next] == ':') {
      name_ = begin;
      at_ = next + 1;
    } else {
      add(begin);
    }
  }

  void add(std::size_t begin) {
    found_.push_back({name_ == none ? begin : name_, begin, at_});
    name_ = none;
  }

  static bool is_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '.';
  }

  std::string_view text_;
  std::size_t at_ = 0, name_ = none;
  std::vector<json_place> open_, found_;
};

/// Base64 of either alphabet, with what stands for '=' at its end or without.
inline bool is_base64(std::string_view text) {
  constexpr std::size_t shortest = 8;
  return text.size() >= shortest && std::ranges::all_of(text, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("+/-_=").contains(c);
         });
}

class json_mutation {
 public:
  explicit json_mutation(chance& dice) : dice_(dice) {}

  std::string change(std::string text, int depth = 0) {
    const auto places = json_places::in(text);
    if (places.empty()) return mutate_bytes(text);
    const json_place& at = dice_.one_of(places);
    const json_place& other = dice_.one_of(places);
    switch (dice_.below(8)) {
      case 0:
        return without(text, at);
      case 1:
        return beside(text, at, std::string(at.whole_in(text)));
      case 2:
        return beside(text, at, std::string(at.is_member() == other.is_member() ? other.whole_in(text) : "null"));
      case 3:
        return in_place(text, at, std::string(other.value_in(text)));
      case 4:
        return in_place(text, at, std::string(dice_.one_of(odd_values)));
      case 5:
        return with_name(text, at, other);
      default:
        return with_text(text, places, depth);
    }
  }

  std::string cross(std::string text, std::string_view from) {
    const auto places = json_places::in(text);
    const auto others = json_places::in(from);
    if (places.empty() || others.empty()) return text;
    const json_place& at = dice_.one_of(places);
    const json_place& other = dice_.one_of(others);
    if (at.is_member() == other.is_member() && dice_.is_one_in(2))
      return beside(text, at, std::string(other.whole_in(from)));
    return in_place(text, at, std::string(other.value_in(from)));
  }

 private:
  static constexpr std::array<std::string_view, 16> odd_values{"null",
                                                               "true",
                                                               "false",
                                                               "0",
                                                               "-1",
                                                               "1e400",
                                                               "18446744073709551616",
                                                               "0.5",
                                                               "\"\"",
                                                               "{}",
                                                               "[]",
                                                               "[0]",
                                                               "\"\\u0000\"",
                                                               "\"\\ud800\"",
                                                               "{\"\":{}}",
                                                               "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"};

  static std::string without(std::string& text, const json_place& at) {
    std::size_t begin = at.name;
    std::size_t end = at.end;
    if (const auto next = text.find_first_not_of(" \t\r\n", end); next != std::string::npos && text[next] == ',') {
      end = next + 1;
    } else if (begin > 0) {
      const auto before = text.find_last_not_of(" \t\r\n", begin - 1);
      if (before != std::string::npos && text[before] == ',') begin = before;
    }
    return text.erase(begin, end - begin);
  }

  static std::string beside(std::string& text, const json_place& at, const std::string& more) {
    return text.insert(at.end, "," + more);
  }

  static std::string in_place(std::string& text, const json_place& at, const std::string& value) {
    return text.replace(at.begin, at.end - at.begin, value);
  }

  static std::string with_name(std::string& text, const json_place& at, const json_place& other) {
    if (!at.is_member() || !other.is_member()) return mutate_bytes(text);
    const std::string name = text.substr(other.name, other.begin - other.name);
    return text.replace(at.name, at.begin - at.name, name);
  }

  // Changes what is between the quotes of one of the texts.
  std::string with_text(std::string& text, const std::vector<json_place>& places, int depth) {
    json_place at = dice_.one_of(places);
    for (int i = 0; i < 8 && text[at.begin] != '"'; ++i) at = dice_.one_of(places);
    if (text[at.begin] != '"' || at.end - at.begin < 2) return mutate_bytes(text);
    const std::string inner = text.substr(at.begin + 1, at.end - at.begin - 2);
    const bool is_coded = depth < 2 && is_base64(inner) && !dice_.is_one_in(4);
    return in_place(text, at, '"' + (is_coded ? coded(inner, depth) : escaped(mutate_bytes(inner))) + '"');
  }

  std::string coded(std::string inner, int depth) {
    const bool is_padded = inner.ends_with('=') || inner.size() % 4 == 0;
    const bool is_of_web = inner.find_first_of("-_") != std::string::npos || !is_padded;
    std::ranges::replace(inner, '-', '+');
    std::ranges::replace(inner, '_', '/');
    while (inner.size() % 4 != 0) inner += '=';
    const auto bytes = decode_base64(inner);
    if (!bytes) return escaped(mutate_bytes(inner));
    std::string out = encode_base64(bytes->starts_with('{') || bytes->starts_with('[') ? change(*bytes, depth + 1)
                                                                                       : mutate_bytes(*bytes));
    if (!is_of_web) return out;
    std::ranges::replace(out, '+', '-');
    std::ranges::replace(out, '/', '_');
    while (!is_padded && out.ends_with('=')) out.pop_back();
    return out;
  }

  // As a rule without what ends the text or is no UTF-8.
  std::string escaped(std::string inner) {
    if (dice_.is_one_in(8)) return inner;
    std::string out;
    for (const char c : inner) {
      const auto code = static_cast<unsigned char>(c) & 0x7fU;
      if (code < 0x20U) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += code < 0x10U ? "\\u000" : "\\u001";
        out += digits[code & 0xfU];
      } else {
        if (code == '"') out += '\\';
        out += static_cast<char>(code);
      }
    }
    return out;
  }

  chance& dice_;
};

}  // namespace pinhook::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  pinhook::fuzz::chance dice(seed);
  if (dice.is_one_in(4)) return LLVMFuzzerMutate(data, size, max_size);
  const std::string text(reinterpret_cast<const char*>(data), size);
  return pinhook::fuzz::put(pinhook::fuzz::json_mutation(dice).change(text), data, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data, std::size_t size, const std::uint8_t* other,
                                                 std::size_t other_size, std::uint8_t* out, std::size_t max_size,
                                                 unsigned seed) {
  pinhook::fuzz::chance dice(seed);
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string_view from(reinterpret_cast<const char*>(other), other_size);
  return pinhook::fuzz::put(pinhook::fuzz::json_mutation(dice).cross(text, from), out, max_size);
}
