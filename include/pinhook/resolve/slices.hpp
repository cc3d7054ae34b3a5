// Long work of one thread, cut into slices: other work waits for one slice of it and not for all.
//
//   slices_.run([b, next = 0]() mutable { …; return next < b->size(); });
//
// An object under admission may have 1,000 images; to begin or to end their look-ups in one go takes tens of
// milliseconds, in which nothing else is accepted, asked or answered. Several long works take turns, one slice between
// two looks at the sockets. Thread rule: the thread of the executor, only.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <deque>
#include <functional>
#include <memory>

namespace pinhook::resolve {

class slices {
 public:
  /// One slice of a work; true: there is more.
  using step = std::function<bool()>;

  explicit slices(const boost::asio::any_io_executor& on);

  /// Runs the first slice now, so that short work is done when this returns; the others later. Slices that have not run
  /// when this object dies never run.
  void run(step work);
  /// As `run`, with the first slice later, too.
  void line_up(step work);
  /// Runs all slices of every work that are left, now.
  void finish();

 private:
  struct line;
  static void post_next(const std::shared_ptr<line>& l);
  std::shared_ptr<line> line_;
};

}  // namespace pinhook::resolve
