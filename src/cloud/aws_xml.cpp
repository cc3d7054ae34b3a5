#include <pinhook/cloud/aws_xml.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/base/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace pinhook::cloud {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

// XML 1.0 §2.2, less what needs no reference.
bool is_character(std::uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
         (c >= 0x10000 && c <= 0x10ffff);
}

// What stands between '&' and ';'.
bool append_entity(std::string& out, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> known{
      {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [entity, c] : known)
    if (name == entity) {
      out += c;
      return true;
    }
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  const int base = name.starts_with('x') ? 16 : 10;
  if (base == 16) name.remove_prefix(1);
  std::uint32_t c = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), c, base);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() || !is_character(c)) return false;
  append_utf8(out, c);
  return true;
}

}  // namespace

class aws_xml_reader {
 public:
  aws_xml_reader(std::string_view text, const aws_xml_limits& limits) : text_(text), limits_(limits) {}

  result<aws_xml> read() {
    if (text_.size() > limits_.size) return wrong("it is too long");
    while (at_ < text_.size()) {
      if (const auto bad = text_[at_] == '<' ? read_markup() : read_text(); !bad.empty()) return wrong(bad);
    }
    if (!open_.empty()) return wrong("it ends within an element");
    if (!had_root_) return wrong("it has no element");
    return std::move(out_);
  }

 private:
  struct element {
    std::size_t path_size;  // of the path without it
    std::string_view name;
    std::string text;
    bool is_leaf = true;
  };

  // What is wrong, or nothing.
  using fault = std::string_view;

  [[nodiscard]] std::unexpected<error> wrong(fault what) const {
    return fail(error_code::malformed, fmt::format("not the XML of AWS: {} (byte {})", what, at_));
  }
  [[nodiscard]] bool goes_on_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  // Past the next `what`; what stood before it.
  std::optional<std::string_view> take_until(std::string_view what) {
    const auto end = text_.find(what, at_);
    if (end == std::string_view::npos) return std::nullopt;
    const auto out = text_.substr(at_, end - at_);
    at_ = end + what.size();
    return out;
  }
  std::string_view take_name() {
    const auto from = at_;
    while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  fault read_markup() {
    if (goes_on_with("</")) return close();
    if (goes_on_with("<!--")) {
      at_ += 4;
      return take_until("-->") ? fault() : "a comment without an end";
    }
    if (goes_on_with("<?")) return take_until("?>") ? fault() : "an instruction without an end";
    constexpr std::string_view cdata = "<![CDATA[";
    if (goes_on_with(cdata)) {
      if (open_.empty()) return "text outside the root";
      at_ += cdata.size();
      const auto inside = take_until("]]>");
      if (!inside) return "a CDATA section without an end";
      open_.back().text += *inside;
      return {};
    }
    if (goes_on_with("<!")) return "a document type";
    return begin();
  }

  fault begin() {
    ++at_;
    const std::string_view name = take_name();
    if (name.empty()) return "an element without a name";
    if (open_.empty() && std::exchange(had_root_, true)) return "two roots";
    if (open_.size() >= limits_.depth) return "it is nested too deep";
    if (++elements_ > limits_.elements) return "it has too many elements";
    if (!open_.empty()) open_.back().is_leaf = false;
    const std::size_t path_size = path_.size();
    if (!path_.empty()) path_ += '/';
    path_ += name;
    open_.push_back({path_size, name, {}});
    for (;;) {
      skip_spaces();
      if (at_ >= text_.size()) return "an element without an end";
      if (text_[at_] == '>') {
        ++at_;
        return {};
      }
      if (goes_on_with("/>")) {
        at_ += 2;
        leave();
        return {};
      }
      if (const auto bad = skip_attribute(); !bad.empty()) return bad;
    }
  }

  fault skip_attribute() {
    constexpr fault bad = "an attribute that is none";
    if (take_name().empty()) return bad;
    skip_spaces();
    if (!goes_on_with("=")) return bad;
    ++at_;
    skip_spaces();
    if (!goes_on_with("\"") && !goes_on_with("'")) return bad;
    const std::string_view quote = text_.substr(at_, 1);
    ++at_;
    const auto value = take_until(quote);
    return value && value->find('<') == std::string_view::npos ? fault() : bad;
  }

  fault close() {
    at_ += 2;
    const std::string_view name = take_name();
    skip_spaces();
    if (!goes_on_with(">")) return "an end that is none";
    if (open_.empty() || open_.back().name != name) return "an end without its beginning";
    ++at_;
    leave();
    return {};
  }

  void leave() {
    if (open_.back().is_leaf) out_.leaves_.push_back({path_, std::string(trimmed(open_.back().text))});
    path_.resize(open_.back().path_size);
    open_.pop_back();
  }

  fault read_text() {
    const auto end = std::min(text_.find('<', at_), text_.size());
    while (at_ < end) {
      const char c = text_[at_];
      if (open_.empty() && !is_space(c)) return "text outside the root";
      if (c != '&') {
        if (!open_.empty()) open_.back().text += c;
        ++at_;
        continue;
      }
      constexpr std::size_t longest_entity = 10;
      const auto semicolon = text_.substr(at_, std::min(longest_entity + 1, end - at_)).find(';');
      if (semicolon == std::string_view::npos) return "a '&' that begins no entity";
      if (!append_entity(open_.back().text, text_.substr(at_ + 1, semicolon - 1))) return "an unknown entity";
      at_ += semicolon + 1;
    }
    return {};
  }

  std::string_view text_;
  aws_xml_limits limits_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  bool had_root_ = false;
  std::string path_;
  std::vector<element> open_;
  aws_xml out_;
};

result<aws_xml> aws_xml::parse(std::string_view text, const aws_xml_limits& limits) {
  return aws_xml_reader(text, limits).read();
}

std::optional<std::string_view> aws_xml::find(std::string_view path) const {
  const auto is_it = [&](const leaf& one) { return one.path == path; };
  const auto found = std::find_if(leaves_.begin(), leaves_.end(), is_it);
  if (found == leaves_.end() || std::find_if(found + 1, leaves_.end(), is_it) != leaves_.end()) return std::nullopt;
  return found->text;
}

}  // namespace pinhook::cloud
