#include <pinhook/config/service_variables.hpp>

#include <gtest/gtest.h>

namespace pinhook::config {
namespace {

struct variable_case {
  const char* name;
  const char* value;
};

TEST(ServiceVariables, AreThoseThatTheKubeletSets) {
  constexpr variable_case rows[] = {
      {"PINHOOK_SERVICE_HOST", "10.96.0.1"},
      {"PINHOOK_SERVICE_HOST", "fd00::1"},
      {"PINHOOK_SERVICE_PORT", "443"},
      {"PINHOOK_SERVICE_PORT_HTTPS", "443"},
      {"PINHOOK_SERVICE_PORT_METRICS_2", "9090"},
      {"PINHOOK_PORT", "tcp://10.96.0.1:443"},
      {"PINHOOK_PORT", "tcp://[fd00::1]:443"},
      {"PINHOOK_PORT_443_TCP", "tcp://10.96.0.1:443"},
      {"PINHOOK_PORT_443_TCP_PROTO", "tcp"},
      {"PINHOOK_PORT_443_TCP_PORT", "443"},
      {"PINHOOK_PORT_443_TCP_ADDR", "10.96.0.1"},
      {"PINHOOK_PORT_53_UDP_PROTO", "udp"},
      {"PINHOOK_PORT_53_SCTP_ADDR", "10.96.0.1"},
      {"PINHOOK_METRICS_SERVICE_HOST", "10.96.0.2"},
      {"PINHOOK_METRICS_PORT", "tcp://10.96.0.2:9090"},
      {"PINHOOK_METRICS_PORT_9090_TCP_ADDR", "10.96.0.2"},
      // A Service "pinhook-port-1".
      {"PINHOOK_PORT_1_PORT_443_TCP", "tcp://10.96.0.1:443"},
  };
  for (const auto& [name, value] : rows) EXPECT_TRUE(is_service_variable(name, value)) << name << '=' << value;
}

TEST(ServiceVariables, AreNoOthers) {
  constexpr variable_case rows[] = {
      {"PINHOOK_ADMIN_PORT", "9090"},
      {"PINHOOK_PORT", "8443"},
      {"PINHOOK_PORT", "http://10.96.0.1:443"},
      {"PINHOOK_PORT", "tcp://name:443"},
      {"PINHOOK_PORT", "tcp://"},
      {"PINHOOK_SERVICE", "pinhook"},
      {"PINHOOK_SERVICE_HOST", "pinhook.example.com"},
      {"PINHOOK_SERVICE_PORT", "https"},
      {"PINHOOK_SERVICE_PORT", "99999"},
      {"PINHOOK_PORT_X_TCP", "tcp://10.96.0.1:443"},
      {"PINHOOK_PORT_443_TCP_HOST", "10.96.0.1"},
      {"PINHOOK_PORT_443_TCP_ADDR", "443"},
      {"PINHOOK_CACHE_TLL", "5m"},
      {"PINHOOK_SERVICE_HOST", ""},
  };
  for (const auto& [name, value] : rows) EXPECT_FALSE(is_service_variable(name, value)) << name << '=' << value;
}

}  // namespace
}  // namespace pinhook::config
