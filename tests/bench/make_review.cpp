// Prints an AdmissionReview of about the given size, its images in the given registry, for the load run:
//   make_review BYTES REGISTRY
#include "support/review_maker.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: make_review BYTES REGISTRY\n", stderr);
    return 2;
  }
  pinhook::testing::review_options options;
  options.bytes = std::strtoul(words[1], nullptr, 10);
  options.registry = words[2];
  const std::string review = pinhook::testing::make_review(options);
  return std::fwrite(review.data(), 1, review.size(), stdout) == review.size() ? 0 : 1;
}
