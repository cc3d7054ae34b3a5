#include <pinhook/console/moves_writer.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_process_runner.hpp"
#include "support/fleet_objects.hpp"

#include <pinhook/files/moves_file.hpp>
#include <pinhook/kube/cluster.hpp>

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace std::chrono_literals;
using pinhook::testing::digest_text;
using pinhook::testing::respond;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string object_url = "https://k8s.example/api/v1/namespaces/pinhook/configmaps/image-moves";

struct MovesWriter : ::testing::Test {
  pinhook::testing::fake_clock time;
  pinhook::testing::fake_http_client http{time};
  pinhook::testing::fake_process_runner processes;
  asio::io_context io{1};
  std::vector<std::string> written;
  int status = 200;
  moves_writer writer = make();

  moves_writer make() {
    http.reply("GET " + object_url, respond(404, {}, R"({"kind":"Status","message":"none"})"));
    http.answer("PATCH " + object_url + "*", [this](const http::request& r) -> result<http::response> {
      if (status == 200) written.push_back(r.url + " " + std::string(r.body->reveal()));
      return respond(status, {}, R"({"kind":"Status","message":"no"})");
    });
    kube::cluster where;
    where.server = "https://k8s.example";
    where.login = secret("Bearer ours");
    auto name = *access::file_object_name::parse(false, "pinhook/image-moves");
    name.manager = "pinhook-console";
    return {std::make_shared<kube::api_connection>(http, where, processes, io.get_executor(), time), std::move(name),
            time};
  }

  static fleet::made_moves moves(char digest, wall_time at, std::size_t left_out = 0) {
    store::known_tag tag{"docker.io/library/nginx:1.25", digest_text(digest), at, at};
    auto made = fleet::moves_of({}, {std::move(tag)}, {.cooldown = 72h, .written = at});
    made.left_out = left_out;
    return made;
  }

  void write(fleet::made_moves made) {
    io.restart();
    asio::co_spawn(io, writer.write(std::move(made)), [](const std::exception_ptr&) {});
    io.run();
  }
};

TEST_F(MovesWriter, WritesWhatIsNewAfterAPause) {
  ASSERT_TRUE(writer.wants()) << "at the start";
  write(moves('a', time.wall()));
  ASSERT_THAT(written, SizeIs(1));
  EXPECT_THAT(written[0],
              AllOf(HasSubstr("fieldManager=pinhook-console"), HasSubstr("moves.yaml"), HasSubstr(digest_text('a'))));
  EXPECT_FALSE(writer.wants());
  writer.note_round();
  EXPECT_FALSE(writer.wants()) << "not more than once a minute";
  time.advance(61s);
  ASSERT_TRUE(writer.wants());
  write(moves('a', time.wall()));
  EXPECT_THAT(written, SizeIs(1)) << "nothing is new but the time";
  writer.note_round();
  time.advance(61s);
  ASSERT_TRUE(writer.wants());
  write(moves('b', time.wall()));
  ASSERT_THAT(written, SizeIs(2));
  EXPECT_THAT(written[1], HasSubstr(digest_text('b')));
}

TEST_F(MovesWriter, WritesOnceAnHourAlthoughNothingIsNew) {
  write(moves('a', time.wall()));
  time.advance(59min);
  EXPECT_FALSE(writer.wants());
  time.advance(2min);
  ASSERT_TRUE(writer.wants());
  write(moves('a', time.wall()));
  EXPECT_THAT(written, SizeIs(2));
}

TEST_F(MovesWriter, TriesAgainWhatCouldNotBeWritten) {
  status = 403;
  write(moves('a', time.wall()));
  ASSERT_TRUE(writer.current_trouble());
  EXPECT_THAT(writer.current_trouble()->text, AllOf(HasSubstr("--moves-configmap: "), HasSubstr("image-moves")));
  EXPECT_FALSE(writer.wants());
  status = 200;
  time.advance(61s);
  ASSERT_TRUE(writer.wants());
  write(moves('a', time.wall()));
  EXPECT_THAT(written, SizeIs(1));
  EXPECT_FALSE(writer.current_trouble());
}

TEST_F(MovesWriter, SaysWhatHasNoRoom) {
  write(moves('a', time.wall(), 7));
  ASSERT_TRUE(writer.current_trouble());
  EXPECT_THAT(writer.current_trouble()->text, HasSubstr("7 tags are left out"));
}

}  // namespace
}  // namespace pinhook::console
