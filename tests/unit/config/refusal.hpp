// The message with which a configuration file is refused.
#pragma once

#include <pinhook/config/configuration.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::config {

/// Empty: it is not refused. The file is named pinhook.yaml.
inline std::string refusal(std::string_view text) {
  settings s;
  const auto good = read_configuration(text, "pinhook.yaml", s);
  if (good) return {};
  EXPECT_EQ(good.error().code, error_code::invalid_input);
  EXPECT_EQ(render(s), render(settings{})) << "a refused file changed settings";
  return good.error().message;
}

}  // namespace pinhook::config
