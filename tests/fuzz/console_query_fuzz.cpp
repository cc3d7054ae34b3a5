// Any bytes as the target of a request for the console's rows: a question within its limits, or a refusal in words.
#include "fuzz/require.hpp"

#include <pinhook/console/row_query.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  using fuzz::require;
  const auto query = console::row_query::parse({reinterpret_cast<const char*>(data), size});
  if (!query) {
    require(query.error().code == error_code::invalid_input && !query.error().message.empty());
    return 0;
  }
  require(query->limit >= 1 && query->limit <= console::row_query::most_rows);
  require(query->state.empty() == (query->is_in_state == nullptr));
  static const console::shown_row one = [] {
    console::shown_row out;
    out.row.image = "docker.io/library/nginx:1";
    return out;
  }();
  (void)query->matches(one);
  return 0;
}
