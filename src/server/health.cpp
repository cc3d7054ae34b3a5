#include <pinhook/server/health.hpp>

#include <fmt/core.h>

#include <array>
#include <utility>

namespace pinhook::server {
namespace {

// An empty text is none.
void put(std::map<std::string, std::string, std::less<>>& to, std::string_view subject, std::string text) {
  if (text.empty())
    to.erase(std::string(subject));
  else
    to.insert_or_assign(std::string(subject), std::move(text));
}

}  // namespace

std::string_view to_string(health_state s) noexcept {
  constexpr std::array<std::string_view, 4> names{"starting", "not ready", "ready", "draining"};
  return names[static_cast<std::size_t>(s)];
}

void health::set(health_state s, std::string reason) {
  const std::lock_guard lock(mutex_);
  if (state_ == health_state::draining) return;
  state_ = s;
  reason_ = std::move(reason);
}

health_state health::state() const {
  const std::lock_guard lock(mutex_);
  return state_ == health_state::ready && !awaited_.empty() ? health_state::not_ready : state_;
}

void health::wait_for(std::string_view subject, std::string reason) {
  const std::lock_guard lock(mutex_);
  put(awaited_, subject, std::move(reason));
}

void health::note(std::string_view subject, std::string text) {
  const std::lock_guard lock(mutex_);
  put(notes_, subject, std::move(text));
}

void health::set_stalled(std::string_view files, bool is_stalled) {
  const std::lock_guard lock(mutex_);
  if (is_stalled)
    stalled_.emplace(files);
  else if (const auto found = stalled_.find(files); found != stalled_.end())
    stalled_.erase(found);
}

response health::livez(std::size_t overdue_reads) const {
  response out;
  out.content_type = "text/plain; charset=utf-8";
  const std::lock_guard lock(mutex_);
  if (stalled_.empty() && overdue_reads == 0) {
    out.body = "alive\n";
    return out;
  }
  out.status = 503;
  for (const auto& files : stalled_) out.body += "reading " + files + " does not come back: its volume hangs\n";
  if (overdue_reads != 0)
    out.body +=
        fmt::format("reading files for look-ups does not come back (reads: {}): their volume hangs\n", overdue_reads);
  return out;
}

response health::readyz(bool is_verbose) const {
  response out;
  out.content_type = "text/plain; charset=utf-8";
  const std::lock_guard lock(mutex_);
  const bool waits = state_ == health_state::ready && !awaited_.empty();
  const health_state now = waits ? health_state::not_ready : state_;
  const std::string& reason = waits ? awaited_.begin()->second : reason_;
  out.status = now == health_state::ready ? 200 : 503;
  out.body = std::string(to_string(now));
  if (!reason.empty()) out.body += ": " + reason;
  out.body += "\n";
  if (!is_verbose) return out;
  for (const auto& [subject, text] : notes_) out.body += fmt::format("{}: {}\n", subject, text);
  return out;
}

}  // namespace pinhook::server
