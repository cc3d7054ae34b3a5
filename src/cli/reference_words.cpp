#include <pinhook/cli/reference_words.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <iostream>
#include <utility>

namespace pinhook::cli {
namespace {

// Limit in bytes of the references on standard input.
constexpr std::size_t max_listed = std::size_t{16} * 1024 * 1024;

// One reference a line; blank lines are skipped.
result<std::vector<std::string>> read_list(std::istream& in) {
  std::vector<std::string> out;
  std::size_t size = 0;
  for (std::string line; std::getline(in, line);) {
    size += line.size() + 1;
    if (size > max_listed)
      return fail(error_code::invalid_input, fmt::format("standard input has more than {} bytes", max_listed));
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos) out.push_back(line.substr(first, line.find_last_not_of(" \t\r") + 1 - first));
  }
  return out;
}

// The words, with "-" replaced by the lines of standard input.
result<std::vector<std::string>> read_words(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  for (const auto& word : arguments) {
    if (word != "-") {
      out.push_back(word);
      continue;
    }
    auto more = read_list(std::cin);
    if (!more) return more;
    out.insert(out.end(), more->begin(), more->end());
  }
  return out;
}

}  // namespace

result<std::vector<registry::reference>> read_references(const std::vector<std::string>& arguments) {
  const auto words = read_words(arguments);
  if (!words) return fail(words.error());
  std::vector<registry::reference> out;
  std::string bad;
  for (const auto& word : *words) {
    auto ref = registry::reference::parse(word);
    if (ref)
      out.push_back(std::move(*ref));
    else
      bad += fmt::format("{}{} is not a valid image reference: {}", bad.empty() ? "" : "\n", quoted(word),
                         ref.error().message);
  }
  if (!bad.empty()) return fail(error_code::invalid_input, std::move(bad));
  return out;
}

}  // namespace pinhook::cli
