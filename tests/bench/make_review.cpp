// Prints an AdmissionReview of about the given size, its images in the given registry, for the load run:
//   make_review BYTES REGISTRY
#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/review_maker.hpp"

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: make_review BYTES REGISTRY\n", stderr);
    return 2;
  }
  std::string review = pinhook::testing::make_review_of_size(std::strtoul(words[1], nullptr, 10),
                                                             pinhook::testing::review_type::create);
  const std::string from = "registry.example.com";
  const std::string to = words[2];
  for (std::size_t at = 0; (at = review.find(from, at)) != std::string::npos; at += to.size())
    review.replace(at, from.size(), to);
  return std::fwrite(review.data(), 1, review.size(), stdout) == review.size() ? 0 : 1;
}
