#include <pinhook/resolve/begun_rest.hpp>

#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

TEST(BegunRest, SaysWhoRestsAndForHowLong) {
  const struct {
    errand on;
    error failure;
    const char* words;
  } rows[] = {
      {{"acme/api", "anonymous", {""}},
       {error_code::unavailable, "503", {}},
       "after this answer the webhook backs off from repository acme/api for 1 s"},
      {{"acme/api", "anonymous", {""}},
       {error_code::rate_limited, "429", std::chrono::seconds(7)},
       "after this answer the webhook backs off from the whole registry for 7 s"},
      {{"acme/api", "key", {""}},
       {error_code::rate_limited, "429", {}},
       "after this answer the webhook backs off from the registry with these credentials for 5 s"},
      {{"acme/api", "key", {""}}, {error_code::not_found, "404", {}}, ""},
  };
  for (const auto& row : rows) EXPECT_EQ(describe_begun_rest(row.on, row.failure), row.words);
}

}  // namespace
}  // namespace pinhook::resolve
