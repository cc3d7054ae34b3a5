// A label selector as kubectl's -l takes it.
//
//   auto wanted = label_selector::parse("app=web,tier in (front,back),!canary");
//   if (wanted->matches(labels)) …
//
// Sources: kubernetes.io "Labels and Selectors"; apimachinery pkg/labels/selector.go: `a!=b` and `a notin (b)` are true
// without the label. An immutable value; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {

using labels = std::map<std::string, std::string, std::less<>>;

/// Bytes of a selector.
inline constexpr std::size_t max_selector_size = 4096;

class label_selector {
 public:
  /// Matches everything.
  label_selector() = default;
  /// Empty: everything. invalid_input: the message names the part with the fault and shows the form.
  [[nodiscard]] static result<label_selector> parse(std::string_view text);

  [[nodiscard]] bool matches(const labels& of) const;
  [[nodiscard]] bool is_empty() const { return demands_.empty(); }

 private:
  enum class test : std::uint8_t { exists, is_absent, in, not_in };
  struct demand {
    std::string key;
    test is = test::exists;
    std::vector<std::string> values;
  };
  [[nodiscard]] static result<demand> parse_demand(std::string_view text);
  std::vector<demand> demands_;
};

}  // namespace pinhook::fleet
