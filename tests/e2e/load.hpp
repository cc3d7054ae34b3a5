// Clients that create Deployments all the time, each over a connection of its own, as a dry run: admitted as any other,
// and etcd does not grow.
//
//   load running(plane, {.ns = ns, .image = image("team/web:1")});
//   ASSERT_TRUE(running.wait_for_more(100));
//   …the change that must not be noticed…
//   const auto r = running.stop();
//   EXPECT_EQ(r.refused, 0) << r;
//
// It runs from construction to `stop`, on threads of its own. The test's one thread.
#pragma once

#include "e2e/control_plane.hpp"

#include <chrono>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace pinhook::e2e {

struct load_options {
  std::string ns;
  /// Of the Deployment's one container.
  std::string image;
  int clients = 4;
  /// Of each client, between two requests: the machine has others to serve.
  std::chrono::milliseconds pause{5};
};

struct load_report {
  /// Created, the image by digest.
  int pinned = 0;
  /// Created, the image as it was asked for.
  int unpinned = 0;
  /// Refused by the API server.
  int refused = 0;
  /// Without an answer of the API server: never expected.
  int unanswered = 0;
  /// Its answer to the first that was refused: the status, and its message.
  std::string first_refusal{};
  /// The duration of the slowest.
  std::chrono::milliseconds slowest{0};

  [[nodiscard]] int all() const { return pinned + unpinned + refused + unanswered; }
};

/// For the message of an assertion that fails.
std::ostream& operator<<(std::ostream& out, const load_report& r);

class load {
 public:
  /// `plane` must outlive it.
  load(const control_plane& plane, load_options o);
  ~load();
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  [[nodiscard]] load_report so_far() const;
  /// Waits until so many more have been answered, in any way, than now. False when they are not within the time.
  bool wait_for_more(int count, std::chrono::seconds within = std::chrono::seconds(60));
  /// As so_far, and counts from 0 again; requests under way belong to the next count.
  load_report take();
  /// Ends it after all requests are answered.
  load_report stop();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::e2e
