#include <pinhook/access/file_object.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/run.hpp"
#include "support/strict_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::respond;

const std::map<std::string, std::string> two_files{{"a.json", "{\"x\": \"é\\n\"}\n"},
                                                   {"b", std::string("\xff\x00", 2)}};

struct FileObject : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::fake_process_runner processes;
  asio::io_context io{1};

  kube::api_connection connection() {
    kube::cluster where;
    where.server = "https://k8s.example";
    where.login = secret("Bearer fixed");
    return {http, where, processes, io.get_executor(), time};
  }
  result<file_object> read(file_object_name name) {
    auto to = connection();
    return testing::run_on(io, read_file_object(to, std::move(name), deadline::after(time.now(), 10s)));
  }
  result<void> write(file_object_name name, file_object of) {
    auto to = connection();
    return testing::run_on(io, write_file_object(to, std::move(name), std::move(of), deadline::after(time.now(), 10s)));
  }
};

constexpr const char* configmap_line = "GET https://k8s.example/api/v1/namespaces/pinhook/configmaps/trust";
constexpr const char* apply_line =
    "PATCH https://k8s.example/api/v1/namespaces/pinhook/configmaps/trust?fieldManager=pinhook-trust&force=true";

TEST_F(FileObject, WhatIsWrittenIsRead) {
  for (const bool is_secret : {false, true}) {
    const file_object_name name{is_secret, "pinhook", "trust"};
    const std::string text = applied_file_object(name, {"7", two_files});
    EXPECT_TRUE(testing::read_strict_json(text)) << text;
    const auto back = parse_file_object(is_secret, text);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->files, two_files);
    EXPECT_EQ(back->version, "7");
  }
  // Without a version it may be there or not.
  EXPECT_THAT(applied_file_object({false, "pinhook", "trust"}, {}), ::testing::Not(HasSubstr("resourceVersion")));
}

TEST_F(FileObject, OneThatIsNotThereIsEmpty) {
  http.reply(configmap_line, respond(404, {}, R"({"kind":"Status","message":"not found"})"));
  const auto held = read({false, "pinhook", "trust"});
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(held->version, "");
  EXPECT_THAT(held->files, IsEmpty());
}

TEST_F(FileObject, IsWrittenAsItWasRead) {
  http.reply(configmap_line,
             respond(200, {}, R"({"kind":"ConfigMap","metadata":{"resourceVersion":"7"},"data":{"a":"x"}})"));
  http.reply(apply_line, respond(200, {}, "{}"));
  auto held = read({false, "pinhook", "trust"});
  ASSERT_TRUE(held);
  held->files["a"] = "y";
  ASSERT_TRUE(write({false, "pinhook", "trust"}, *held));
  const auto& sent = http.requests().back();
  EXPECT_EQ(sent.body->reveal(), applied_file_object({false, "pinhook", "trust"}, {"7", {{"a", "y"}}}));
  EXPECT_EQ(http::find_header(sent.headers, "Content-Type"), "application/apply-patch+yaml");
}

TEST_F(FileObject, AnotherWriterIsNotOverwritten) {
  http.reply(apply_line, respond(409, {}, R"({"kind":"Status","message":"the object has been modified"})"));
  const auto done = write({false, "pinhook", "trust"}, {"7", {}});
  EXPECT_EQ(done.error().code, error_code::unavailable);
  EXPECT_THAT(done.error().message, HasSubstr("it was changed meanwhile; run the command again"));
}

TEST_F(FileObject, WhatAnObjectCannotHoldIsNotSent) {
  const auto done = write({true, "pinhook", "trust"}, {"7", {{"a", std::string(max_file_object, 'x')}}});
  EXPECT_EQ(done.error().code, error_code::invalid_input);
  EXPECT_THAT(done.error().message, HasSubstr("Secret pinhook/trust cannot hold 1048577 bytes"));
  EXPECT_THAT(http.requests(), IsEmpty());
}

TEST(FileObjectText, AnswersThatAreNoObjectAreRefused) {
  for (const char* text :
       {"", "[]", R"({"kind":"Secret","metadata":{"resourceVersion":"1"}})", R"({"kind":"ConfigMap","metadata":{}})",
        R"({"kind":"ConfigMap","metadata":{"resourceVersion":"1"},"data":[]})",
        R"({"kind":"ConfigMap","metadata":{"resourceVersion":"1"},"data":{"a":1}})",
        R"({"kind":"ConfigMap","metadata":{"resourceVersion":"1"},"binaryData":{"a":"%"}})"})
    EXPECT_EQ(parse_file_object(false, text).error().code, error_code::malformed) << text;
}

TEST(FileObjectName, IsANamespaceAndAName) {
  const auto name = file_object_name::parse(true, "pinhook/trust.root").value();
  EXPECT_TRUE(name.is_secret);
  EXPECT_EQ(name.ns, "pinhook");
  EXPECT_EQ(name.name, "trust.root");
  for (const char* text : {"", "trust", "/trust", "pinhook/", "a/b/c", "Pinhook/trust", "pinhook/../x"})
    EXPECT_EQ(file_object_name::parse(false, text).error().code, error_code::invalid_input) << text;
}

}  // namespace
}  // namespace pinhook::access
