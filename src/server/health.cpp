#include <pinhook/server/health.hpp>

#include <fmt/core.h>

#include <array>
#include <utility>

namespace pinhook::server {

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
  return state_;
}

void health::note(std::string_view subject, std::string text) {
  const std::lock_guard lock(mutex_);
  if (text.empty())
    notes_.erase(std::string(subject));
  else
    notes_.insert_or_assign(std::string(subject), std::move(text));
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
  out.status = state_ == health_state::ready ? 200 : 503;
  out.body = std::string(to_string(state_));
  if (!reason_.empty()) out.body += ": " + reason_;
  out.body += "\n";
  if (!is_verbose) return out;
  for (const auto& [subject, text] : notes_) out.body += fmt::format("{}: {}\n", subject, text);
  return out;
}

}  // namespace pinhook::server
