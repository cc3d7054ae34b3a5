#include "support/markdown.hpp"

#include <cctype>
#include <regex>
#include <sstream>
#include <utility>

namespace pinhook::testing {
namespace {

using strings = std::vector<std::string>;

std::string anchor_of(const std::string& heading) {
  std::string out;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_')
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (c == ' ')
      out += '-';
  }
  return out;
}

}  // namespace

strings lines_of(const std::string& text) {
  strings out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

strings words_of(const std::string& text) {
  strings out;
  std::istringstream in(text);
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

std::set<std::string> all_of(const std::string& text, const std::string& pattern) {
  const std::regex re(pattern);
  std::set<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), re); it != std::sregex_iterator(); ++it)
    out.insert((*it)[1].str());
  return out;
}

std::vector<block> blocks_of(const std::string& page, const std::string& language) {
  std::vector<block> all;
  bool is_open = false;
  std::size_t number = 0;
  for (const std::string& line : lines_of(page)) {
    ++number;
    const bool is_fence = line.starts_with("```");
    if (is_fence && !is_open) all.push_back({line.substr(3), "", number});
    if (!is_fence && is_open) all.back().text += line + "\n";
    if (is_fence) is_open = !is_open;
  }
  std::erase_if(all, [&](const block& b) { return b.language != language; });
  return all;
}

strings commands_of(const std::string& page) {
  const std::regex continued("\\\\\n\\s*");
  strings out;
  for (const block& b : blocks_of(page, "sh")) {
    for (const std::string& line : lines_of(std::regex_replace(b.text, continued, " "))) {
      std::string command = line.substr(0, line.find(" | "));
      if (!command.empty() && !command.starts_with("#")) out.push_back(std::move(command));
    }
  }
  return out;
}

std::set<std::string> anchors_of(const std::string& page) {
  std::set<std::string> out;
  bool is_code = false;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with("```")) is_code = !is_code;
    if (!is_code && line.starts_with("#")) out.insert(anchor_of(line.substr(line.find_first_not_of("# "))));
  }
  return out;
}

}  // namespace pinhook::testing
