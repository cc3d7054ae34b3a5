#include <pinhook/pin/variable.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace pinhook::pin {
namespace {

TEST(Variable, IsWhatArgoAndTektonFillIn) {
  for (const std::string_view image : {"{{inputs.parameters.image}}", "nginx:{{=inputs.parameters.tag}}",
                                       "$(params.image)", "ghcr.io/acme/api:$(params.tag)"})
    EXPECT_TRUE(is_variable(image)) << image;
}

TEST(Variable, IsNoImage) {
  for (const std::string_view image : {"", "nginx", "ghcr.io/acme/api:v1", "nginx:{x}", "nginx:${TAG}", "(x)"})
    EXPECT_FALSE(is_variable(image)) << image;
}

}  // namespace
}  // namespace pinhook::pin
