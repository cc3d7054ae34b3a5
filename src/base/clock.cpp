#include <pinhook/base/clock.hpp>

namespace pinhook {
namespace {

class machine final : public clock {
 public:
  [[nodiscard]] steady_time now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] wall_time wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

const clock& machine_clock() {
  static const machine instance;
  return instance;
}

}  // namespace pinhook
