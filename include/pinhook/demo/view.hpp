// The output of the demo: steps, images before and after side by side, checks. Colours are optional.
//
// Prints to standard output. Thread rule: one thread.
#pragma once

#include <pinhook/demo/objects.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::demo {

class view {
 public:
  /// `width`: the columns of a line.
  explicit view(bool has_colour, std::size_t width = 80) : has_colour_(has_colour), width_(width) {}

  void headline(std::string_view text) const;
  /// "1  A Deployment is created", with the number of the step; `note` is at the right end.
  void step(std::string_view title, std::string_view note = {});
  /// A line of the step, about the step in general.
  void line(std::string_view text) const;
  void warning(std::string_view text) const;
  void denial(std::string_view text) const;
  /// The images of two states of an object; those that are equal in both are marked so.
  void side_by_side(std::string_view left, const std::vector<container_image>& before, std::string_view right,
                    const std::vector<container_image>& after) const;
  /// ✓ or ✗ and the expectation.
  void check(bool holds, std::string_view expectation);

  [[nodiscard]] int failures() const { return failures_; }
  [[nodiscard]] int checks() const { return checks_; }

 private:
  [[nodiscard]] std::string painted(std::string_view code, std::string_view text) const;
  void paragraph(std::string_view code, std::string_view text) const;

  bool has_colour_;
  std::size_t width_;
  int steps_ = 0;
  int checks_ = 0;
  int failures_ = 0;
};

}  // namespace pinhook::demo
