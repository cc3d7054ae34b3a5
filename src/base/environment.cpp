#include <pinhook/base/environment.hpp>

#include <unistd.h>

namespace pinhook {

environment process_environment() {
  environment out;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view line = *one;
    if (const auto equals = line.find('='); equals != std::string_view::npos)
      out.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

std::string_view variable(const environment& all, std::string_view name) {
  const auto found = all.find(name);
  return found == all.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace pinhook
