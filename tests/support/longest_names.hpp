// Names of images as people, clouds and the limits of references have them: the longest that are allowed among them.
// For tables of messages about an image.
//
// Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::testing {

struct names {
  const char* about;
  std::string host, repository, tag, container;

  [[nodiscard]] std::string image() const { return host + "/" + repository + ":" + tag; }
};

inline std::string host_of_size(std::size_t size) {
  std::string out;
  while (out.size() + 64 < size) out += std::string(63, 'h') + ".";
  return out + std::string(size - out.size(), 'h');
}

inline const std::vector<names>& all_names() {
  static const std::vector<names> all{
      {"short", "ghcr.io", "acme/api", "v1", "web"},
      {"of a cluster", "127.0.0.1:5000", "team-platform/payments/backend-service", "2026.11.28-rc4", "backend-service"},
      {"ECR", "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com", "platform/payments/checkout/backend-service",
       "2026.11.28-rc4-gdeadbeef", "checkout-backend"},
      {"GAR", "northamerica-northeast1-docker.pkg.dev", "acme-production-platform/container-images/payments/backend",
       "2026.11.28-rc4", "backend"},
      {"ACR", "acmeproductionplatformregistry.azurecr.io", "payments/checkout/backend-service", "2026.11.28",
       "backend"},
      {"the longest", host_of_size(253), std::string(255, 'r'), std::string(128, 't'), std::string(63, 'c')}};
  return all;
}

}  // namespace pinhook::testing
