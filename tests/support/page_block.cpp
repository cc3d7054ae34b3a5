#include "support/golden.hpp"
#include "support/page_block.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace pinhook::testing {

void expect_block(const std::string& name, const std::string& expected) {
  const std::string path = fmt::format("{}/docs/{}.md", source_dir(), name);
  const std::string text = read_file(path);
  const std::string open = fmt::format("<!-- {} -->\n", name);
  const auto begin = text.find(open);
  const auto end = text.find(fmt::format("<!-- /{} -->", name));
  ASSERT_NE(begin, std::string::npos) << open;
  ASSERT_NE(end, std::string::npos) << open;
  const auto start = begin + open.size();
  expect_golden(path, text.substr(0, start) + expected + text.substr(end));
}

}  // namespace pinhook::testing
