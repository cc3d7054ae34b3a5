// Shared by the tests of served certificates: the parts that a certificate is given to, and a cluster without a
// network.
#pragma once

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"

#include <pinhook/base/log.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/tls_context.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace pinhook::webhook {

struct serving_world : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  asio::io_context io{1};
  server::tls_context tls;
  server::health state;
  server::metrics numbers;
  config::settings config;
  inline static std::string logged;

  serving_world() {
    logged.clear();
    log::redirect([](std::string_view line) { logged += line; });
    config.own_namespace = "pinhook";
  }
  ~serving_world() override { log::redirect(nullptr); }

  std::shared_ptr<kube::api_connection> connection() {
    kube::cluster where;
    where.server = "https://k8s.example";
    return std::make_shared<kube::api_connection>(http, where, processes, io.get_executor(), time);
  }
};

}  // namespace pinhook::webhook
