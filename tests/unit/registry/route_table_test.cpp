// containerd's directory and our own configuration, as files and values.
#include <pinhook/registry/route_table.hpp>

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/hanging_file.hpp"
#include "support/run.hpp"

#include <pinhook/registry/host_directory.hpp>
#include <pinhook/registry/hosts_toml.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace pinhook::registry {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class RouteTable : public ::testing::Test {
 protected:
  asio::io_context io{1};
  testing::fake_clock time;
  testing::temporary_directory directory;
  route_options options;
  std::unique_ptr<route_table> table_;

  void write(const std::string& name, const std::string& text) const {
    const auto path = directory.path() / name;
    fs::create_directories(path.parent_path());
    directory.write(name, text);
  }
  result<std::shared_ptr<const routes>> find(const std::string& image = "nginx") {
    if (options.directories.empty()) options.directories = {directory.path().string()};
    if (!table_) table_ = std::make_unique<route_table>(options, time);
    return testing::run_on(io, table_->routes_for(reference::parse(image).value(), deadline::after(time.now(), 10s)));
  }
  std::string hosts(const std::string& image = "nginx") {
    const auto got = find(image);
    if (!got) return "error: " + got.error().message;
    std::string out;
    for (const auto& one : (*got)->in_order) out += (out.empty() ? "" : " ") + one->host;
    return out;
  }
};

TEST_F(RouteTable, WithoutAnythingTheRegistryIsAsked) {
  EXPECT_EQ(hosts(), "docker.io");
  EXPECT_EQ((*find())->source, "");
  EXPECT_FALSE((*find())->in_order[0]->is_named);
}

TEST_F(RouteTable, LooksWhereContainerdLooks) {
  EXPECT_EQ(directory_names("r.corp:5000"), (std::vector<std::string>{"r.corp_5000_", "r.corp:5000", "_default"}));
  EXPECT_EQ(directory_names("docker.io"), (std::vector<std::string>{"docker.io", "_default"}));
  EXPECT_EQ(directory_names("[::1]"), (std::vector<std::string>{"[::1]", "_default"}));
  EXPECT_EQ(directory_names("[::1]:5000"), (std::vector<std::string>{"[::1]_5000_", "[::1]:5000", "_default"}));
  const auto write_hosts = [&](const std::string& name) {
    write(name + "/hosts.toml",
          "[host.\"https://" + std::string(name == "_default" ? "default" : "own") + ".corp\"]\n");
  };
  write_hosts("_default");
  EXPECT_EQ(hosts("r.corp:5000/x"), "default.corp r.corp:5000");
  write_hosts("r.corp:5000");
  time.advance(5s);
  EXPECT_EQ(hosts("r.corp:5000/x"), "own.corp r.corp:5000");
  write("r.corp_5000_/hosts.toml", "[host.\"https://underscore.corp\"]\n");
  time.advance(5s);
  EXPECT_EQ(hosts("r.corp:5000/x"), "underscore.corp r.corp:5000");
  EXPECT_EQ(hosts("r.corp/x"), "default.corp r.corp") << "another registry";
}

TEST_F(RouteTable, AChangedFileIsReadAgainAfterAWhile) {
  write("docker.io/hosts.toml", "[host.\"https://one.corp\"]\n");
  EXPECT_EQ(hosts(), "one.corp docker.io");
  const auto first = *find();
  write("docker.io/hosts.toml", "[host.\"https://two.corp\"]\n");
  time.advance(4999ms);
  EXPECT_EQ(hosts(), "one.corp docker.io");
  time.advance(1ms);
  EXPECT_EQ(hosts(), "two.corp docker.io");
  time.advance(5s);
  const auto second = *find();
  time.advance(5s);
  EXPECT_EQ(*find(), second) << "the same value while nothing changes";
  fs::remove_all(directory.path() / "docker.io");
  time.advance(5s);
  EXPECT_EQ(hosts(), "docker.io");
}

TEST_F(RouteTable, ABrokenFileIsReportedAndTheRegistryAskedWithItsCertificates) {
  write("docker.io/hosts.toml", "\nserver = 7\n");
  write("docker.io/corp.crt", "…");
  const auto got = find();
  ASSERT_TRUE(got);
  ASSERT_EQ((*got)->in_order.size(), 1U);
  EXPECT_TRUE((*got)->in_order[0]->is_upstream);
  ASSERT_TRUE((*got)->in_order[0]->tls);
  ASSERT_TRUE((*got)->trouble);
  EXPECT_EQ((*got)->trouble->message, directory.path().string() + "/docker.io/hosts.toml:2: server is not a string");
  write("docker.io/hosts.toml", "[host.\"ftp://m.corp\"]\n");
  time.advance(5s);
  EXPECT_NE((*find())->trouble->message.find("neither http nor https"), std::string::npos);
}

TEST_F(RouteTable, CertificatesAloneAreDockersLayout) {
  for (const char* name : {"b.crt", "a.crt", "client.cert", "client.key", "zlate.cert", "README"})
    write(std::string("docker.io/") + name, "…");
  const auto got = find();
  ASSERT_TRUE(got);
  const auto& tls = (*got)->in_order.at(0)->tls;
  const std::string root = directory.path().string() + "/docker.io/";
  ASSERT_TRUE(tls);
  ASSERT_EQ(tls->authorities.size(), 2U);
  EXPECT_EQ(tls->authorities[0].file, root + "a.crt");
  EXPECT_EQ(tls->authorities[1].file, root + "b.crt");
  EXPECT_EQ(tls->certificate.file, root + "client.cert");
  EXPECT_EQ(tls->key.file, root + "client.key");
  // An empty hosts.toml is none.
  write("docker.io/hosts.toml", "");
  time.advance(5s);
  EXPECT_TRUE((*find())->in_order.at(0)->tls);
  EXPECT_EQ((*find())->source + "/", root);
}

TEST_F(RouteTable, WhatCannotBeReadIsAFailure) {
  fs::create_directories(directory.path() / "docker.io" / "hosts.toml");
  const auto got = find();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  fs::remove_all(directory.path() / "docker.io");
  write("docker.io/hosts.toml", std::string(max_hosts_toml + 1, '#'));
  time.advance(5s);
  EXPECT_EQ(find().error().code, error_code::unavailable);
  fs::remove_all(directory.path() / "docker.io");
  write("docker.io", "a file");
  time.advance(5s);
  EXPECT_FALSE(find());
}

TEST_F(RouteTable, ADirectoryWithTooManyFilesIsAFailure) {
  for (std::size_t i = 0; i <= max_directory_files; ++i) write("docker.io/" + std::to_string(i) + ".crt", "");
  const auto got = find();
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().message.find("more than 256 files"), std::string::npos);
}

TEST_F(RouteTable, TheDefaultDirectoryDoesNotVouchForARegistry) {
  write("_default/hosts.toml", "skip_verify = true\n");
  EXPECT_FALSE((*find("localhost:5000/x"))->in_order.at(0)->is_named);
  write("localhost_5000_/hosts.toml", "skip_verify = true\n");
  time.advance(5s);
  EXPECT_TRUE((*find("localhost:5000/x"))->in_order.at(0)->is_named);
}

TEST_F(RouteTable, OurOwnConfigurationGoesFirst) {
  write("docker.io/hosts.toml", "[host.\"https://theirs.corp\"]\n");
  mirror_setting ours;
  ours.url = "https://ours.corp";
  options.mirrors["docker.io"] = {ours};
  options.mirrors["quay.io"] = {};
  ours.url = "https://others.corp";
  options.mirrors["_default"] = {ours};
  EXPECT_EQ(hosts(), "ours.corp docker.io");
  EXPECT_EQ((*find())->source, "the configuration");
  EXPECT_EQ(hosts("quay.io/x"), "quay.io");
  EXPECT_EQ(hosts("ghcr.io/x"), "others.corp ghcr.io");
}

TEST_F(RouteTable, AMirrorOfOursThatIsNoneIsAFailure) {
  mirror_setting ours;
  ours.url = "ftp://ours.corp";
  options.mirrors["docker.io"] = {ours};
  const auto got = find();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::invalid_input);
  EXPECT_EQ(got.error().message.find("the configuration: "), 0U);
}

TEST_F(RouteTable, SeveralDirectoriesAreSearchedInOrder) {
  const testing::temporary_directory second;
  fs::create_directories(second.path() / "docker.io");
  second.write("docker.io/hosts.toml", "[host.\"https://second.corp\"]\n");
  options.directories = {"/nonexistent/certs.d", directory.path().string(), second.path().string()};
  EXPECT_EQ(hosts(), "second.corp docker.io");
  write("_default/hosts.toml", "[host.\"https://first.corp\"]\n");
  time.advance(5s);
  EXPECT_EQ(hosts(), "first.corp docker.io");
}

TEST_F(RouteTable, RemembersABoundedNumberOfRegistries) {
  for (std::size_t i = 0; i < route_table::most_registries + 10; ++i)
    ASSERT_EQ(hosts("r" + std::to_string(i) + ".example/x"), "r" + std::to_string(i) + ".example");
}

// A hanging volume delays no other caller: the thread goes on, and a caller without routes gets an error in time.
TEST_F(RouteTable, AFileThatHangsIsLeftBehind) {
  const testing::hanging_file hangs;
  fs::create_directories(directory.path() / "docker.io");
  fs::create_symlink(hangs.path(), directory.path() / "docker.io" / "hosts.toml");
  options.directories = {directory.path().string()};
  route_table table(options, machine_clock());
  const auto d = deadline::after(machine_clock().now(), 20ms);
  const auto got = testing::run_on(io, table.routes_for(reference::parse("nginx").value(), d));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_EQ(got.error().message.find("the mirrors of registry docker.io: "), 0U) << got.error().message;
  EXPECT_EQ(side_threads(), 1U);
  EXPECT_EQ(hosts("quay.io/x"), "quay.io") << "others go on";
}

TEST_F(RouteTable, WhileAFileHangsTheKnownRoutesAreUsed) {
  const testing::hanging_file hangs;
  write("docker.io/hosts.toml", "[host.\"https://one.corp\"]\n");
  options.patience = 20ms;
  EXPECT_EQ(hosts(), "one.corp docker.io");
  fs::remove(directory.path() / "docker.io" / "hosts.toml");
  fs::create_symlink(hangs.path(), directory.path() / "docker.io" / "hosts.toml");
  time.advance(5s);
  EXPECT_EQ(hosts(), "one.corp docker.io");
  EXPECT_EQ(hosts(), "one.corp docker.io");
  EXPECT_EQ(side_threads(), 1U) << "one read of a registry at a time";
}

TEST_F(RouteTable, KnowsWithoutAFileWhatItHasRead) {
  write("docker.io/hosts.toml", "[host.\"https://one.corp\"]\n");
  const auto nginx = reference::parse("nginx").value();
  options.directories = {directory.path().string()};
  table_ = std::make_unique<route_table>(options, time);
  EXPECT_EQ(table_->known(nginx), nullptr);
  const auto found = *find();
  time.advance(60s);
  EXPECT_EQ(table_->known(nginx), found);
  options.directories.clear();
  EXPECT_EQ(route_table(options, time).known(nginx)->in_order.front()->host, "docker.io");
}

}  // namespace
}  // namespace pinhook::registry
