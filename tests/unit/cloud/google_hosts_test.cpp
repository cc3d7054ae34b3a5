#include <pinhook/cloud/google_hosts.hpp>

#include <gtest/gtest.h>

namespace pinhook::cloud {
namespace {

TEST(GoogleHosts, RegistriesAreKnownByTheirWholeNames) {
  for (const char* host : {"gcr.io", "eu.gcr.io", "us.gcr.io", "asia.gcr.io", "k8s.gcr.io", "us-docker.pkg.dev",
                           "europe-west1-docker.pkg.dev", "docker.us-central1.rep.pkg.dev"})
    EXPECT_TRUE(is_google_registry(host)) << host;
}

TEST(GoogleHosts, NobodyElseIsARegistryOfGoogle) {
  for (const char* host : {"",
                           ".",
                           "gcr",
                           "gcr.io.",
                           "gcr.io:443",
                           "gcr.io:5000",
                           ".gcr.io",
                           "GCR.IO",
                           "eu.GCR.io",
                           "Eu.gcr.io",
                           "evilgcr.io",
                           "evil-gcr.io",
                           "gcr.io.evil.example",
                           "a.eu.gcr.io",
                           "eu_x.gcr.io",
                           "-eu.gcr.io",
                           "eu-.gcr.io",
                           "eu..gcr.io",
                           "gcr.iox",
                           "gcr-io",
                           "gcrxio",
                           "gcr.io/x",
                           "e%75.gcr.io",
                           "pkg.dev",
                           "docker.pkg.dev",
                           "-docker.pkg.dev",
                           "usdocker.pkg.dev",
                           "us-docker.pkg.dev.evil.example",
                           "us-docker.pkg.dev.",
                           "us-docker.pkg.dev:443",
                           "a.us-docker.pkg.dev",
                           "us_docker.pkg.dev",
                           "us-npm.pkg.dev",
                           "us-dockerx.pkg.dev",
                           "us-docker.pkg.devx",
                           "us-Docker.pkg.dev",
                           "docker.rep.pkg.dev",
                           "docker..rep.pkg.dev",
                           "docker.us.east.rep.pkg.dev",
                           "x-docker.us.rep.pkg.dev",
                           "docker.us.rep.pkg.dev.evil.example",
                           "docker.us_x.rep.pkg.dev",
                           "evil.example",
                           "docker.io",
                           "ghcr.io",
                           "gcr.io@evil.example",
                           "evil.example#.gcr.io"})
    EXPECT_FALSE(is_google_registry(host)) << host;
  EXPECT_FALSE(is_google_registry(std::string(64, 'a') + ".gcr.io"));
  EXPECT_TRUE(is_google_registry(std::string(63, 'a') + ".gcr.io"));
}

TEST(GoogleHosts, ServicesStandBelowGoogleapis) {
  for (const char* url :
       {"https://sts.googleapis.com/v1/token", "https://sts.googleapis.com:443/v1/token",
        "https://us-east-1.sts.googleapis.com/v1/token", "https://sts.us-east-1.googleapis.com/v1/token",
        "https://us-east-1-sts.googleapis.com/v1/token", "https://sts-mine.p.googleapis.com/v1/token",
        "https://sts.us-east-1.rep.googleapis.com/v1/token", "https://sts.mtls.googleapis.com/v1/token"})
    EXPECT_TRUE(is_google_service(url, "sts")) << url;
  for (const char* url : {"http://sts.googleapis.com/v1/token",
                          "https://sts.googleapis.com:8443/v1/token",
                          "https://sts.googleapis.com.evil.example/v1/token",
                          "https://evil.example/sts.googleapis.com",
                          "https://evilsts.googleapis.com/v1/token",
                          "https://stsgoogleapis.com/v1/token",
                          "https://sts.googleapis.com@evil.example/",
                          "https://evil.example#@sts.googleapis.com/",
                          "https://sts.evil.example.googleapis.com/",
                          "https://storage.googleapis.com/v1/token",
                          "https://iamcredentials.googleapis.com/v1/token",
                          "https://sts.googleapis.com./v1/token",
                          "https://-.sts.googleapis.com/",
                          "https://sts.googleapis.comx/",
                          "sts.googleapis.com",
                          "",
                          "https://",
                          "ftp://sts.googleapis.com/",
                          "https://x_y.sts.googleapis.com/",
                          "https://sts-.p.googleapis.com/",
                          "https://evil.p.googleapis.com/"})
    EXPECT_FALSE(is_google_service(url, "sts")) << url;
}

}  // namespace
}  // namespace pinhook::cloud
