#include <pinhook/registry/challenge.hpp>

#include <pinhook/base/text.hpp>

#include <algorithm>

namespace pinhook::registry {
namespace {

// RFC 9110 §5.6.2.
bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// A proper header line has no control characters, but that of a fake or broken peer may; a value becomes part of URLs
// and messages.
bool is_clean(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

class line_reader {
 public:
  line_reader(std::string_view line, std::vector<challenge>& out) : rest_(line), out_(out) {}

  void read() {
    while (skip_separators(), !rest_.empty() && out_.size() < max_challenges) {
      const std::string_view name = take_token();
      if (name.empty()) {
        // Not a scheme. A stray quoted string is skipped as a whole: its content is not a challenge.
        if (rest_.front() == '"')
          (void)take_quoted();
        else
          rest_.remove_prefix(1);
        continue;
      }
      out_.push_back({lowered(name), {}});
      skip_spaces();
      if (!read_parameter()) take_credentials();
      while (skip_separators(), read_parameter()) {
      }
    }
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  void skip_separators() {
    while (!rest_.empty() && (is_blank(rest_.front()) || rest_.front() == ',')) rest_.remove_prefix(1);
  }
  std::string_view take_token() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

  // Reads "name = value". Without an equals sign nothing is taken: the word is the next challenge's scheme.
  bool read_parameter() {
    const std::string_view before = rest_;
    const std::string_view name = take_token();
    skip_spaces();
    if (name.empty() || rest_.empty() || rest_.front() != '=') {
      rest_ = before;
      return false;
    }
    rest_.remove_prefix(1);
    if (const auto space = rest_.find_first_not_of(" \t"); space != std::string_view::npos && rest_[space] == '"')
      rest_.remove_prefix(space);
    std::optional<std::string> value = !rest_.empty() && rest_.front() == '"' ? take_quoted() : take_bare();
    if (value && is_clean(*value)) out_.back().parameters.emplace_back(lowered(name), std::move(*value));
    return true;
  }

  std::optional<std::string> take_quoted() {
    std::string value;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) break;
      value += rest_[i];
    }
    rest_ = {};
    return std::nullopt;
  }

  // Reads up to a comma or a space; the value may be empty (Oracle's registry sends empty values). Bare URLs commonly
  // have characters that are not allowed in a token.
  std::string take_bare() {
    const auto size = std::min(rest_.find_first_of(", \t"), rest_.size());
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }

  // Skips the token68 of Negotiate and NTLM.
  void take_credentials() {
    if (rest_.empty() || rest_.front() == ',' || rest_.front() == '"') return;
    const std::string_view before = rest_;
    const std::string taken = take_bare();
    // "Negotiate Bearer realm=…" lacks a comma; the word is the next scheme.
    if (!rest_.empty() && is_blank(rest_.front()) && std::all_of(taken.begin(), taken.end(), is_token_char))
      rest_ = before;
  }

  std::string_view rest_;
  std::vector<challenge>& out_;
};

}  // namespace

std::string_view challenge::parameter(std::string_view name) const {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(), [&](const auto& one) { return one.first == name; });
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<challenge> parse_challenges(const std::vector<std::string_view>& lines) {
  std::vector<challenge> out;
  std::size_t left = max_challenge_bytes;
  for (const std::string_view line : lines) {
    // A line that does not fit is left out whole: half a challenge names half a realm.
    if (line.size() > left) break;
    left -= line.size();
    line_reader(line, out).read();
  }
  return out;
}

std::optional<auth_choice> choose_challenge(const std::vector<challenge>& all, const web_url& request_url) {
  for (const auto& one : all) {
    // Strictly, a bare word is a relative URL, but servers that send one mean a name for users.
    const std::string_view named = one.parameter("realm");
    if (one.scheme != "bearer" || named.find('/') == std::string_view::npos) continue;
    auto realm = request_url.join(named);
    if (!realm) continue;
    return auth_choice{std::move(*realm), std::string(one.parameter("service")), std::string(one.parameter("scope")),
                       std::string(one.parameter("error"))};
  }
  for (const auto& one : all)
    if (one.scheme == "basic") return auth_choice{};
  return std::nullopt;
}

}  // namespace pinhook::registry
