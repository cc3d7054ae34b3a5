#include <pinhook/base/log.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/log_queue.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/terminal.hpp>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

namespace pinhook::log {
namespace {

// Bytes: the line about an admission with three images has some 800.
constexpr std::size_t usual_line = 1024;

struct state {
  std::atomic<level> least{level::info};
  std::atomic<format> shape{is_terminal(STDERR_FILENO) ? format::text : format::json};
  std::atomic<void (*)(std::string_view)> sink{nullptr};
};

state& the_state() {
  static state instance;
  return instance;
}

// "2026-11-20T22:40:01.123Z". Of many lines a second, the first makes the text of the second.
std::string_view time_stamp() {
  constexpr std::size_t second_size = 19;
  struct stamp {
    std::time_t second = -1;
    std::string text;
  };
  thread_local stamp last;
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::time_t second = ms / 1000;
  if (second != last.second) {
    last.text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z", fmt::gmtime(second));
    last.second = second;
  }
  auto rest = ms % 1000;
  for (std::size_t at = second_size + 3; at > second_size; --at, rest /= 10)
    last.text[at] = static_cast<char>('0' + rest % 10);
  return last.text;
}

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

std::string as_json(std::string_view time, level l, std::string_view message, const fields& f) {
  json::writer out;
  out.reserve(usual_line);
  out.open_object();
  out.member("time", time);
  out.member("level", to_string(l));
  out.member("message", message);
  for (const auto& one : f) {
    out.key(one.key);
    std::visit(overloaded{[&](std::string_view v) { out.string(v); }, [&](std::int64_t v) { out.number(v); },
                          [&](double v) { out.number(v); }, [&](bool v) { out.boolean(v); },
                          [&](std::span<const std::string> list) {
                            out.open_array();
                            for (const auto& v : list) out.string(v);
                            out.close_array();
                          }},
               one.content);
  }
  out.close_object();
  return std::move(out).text();
}

std::string text_line(std::string_view time, level l, std::string_view message, const fields& f) {
  std::string out = fmt::format("{} {:<7} {}", time, to_string(l), printable(message));
  for (const auto& one : f) {
    out += fmt::format(" {}=", one.key);
    out += std::visit(
        overloaded{[](std::string_view v) { return printable(v); }, [](std::int64_t v) { return fmt::format("{}", v); },
                   [](double v) { return fmt::format("{}", v); },
                   [](bool v) { return std::string(v ? "true" : "false"); },
                   [](std::span<const std::string> list) {
                     std::string joined = "[";
                     for (const auto& v : list) joined += (joined.size() > 1 ? ", " : "") + printable(v);
                     return joined + "]";
                   }},
        one.content);
  }
  return out;
}

}  // namespace

std::string_view to_string(level l) noexcept {
  constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};
  return names[static_cast<std::size_t>(l)];
}

void configure(const options& o) {
  the_state().least = o.least;
  if (o.shape) the_state().shape = *o.shape;
}

bool is_enabled(level l) noexcept { return l >= the_state().least; }

std::string render(format shape, std::string_view time, level l, std::string_view message, const fields& f) {
  return shape == format::json ? as_json(time, l, message, f) : text_line(time, l, message, f);
}

void write(level l, std::string_view message, const fields& f) {
  if (!is_enabled(l)) return;
  auto& s = the_state();
  std::string line = render(s.shape, time_stamp(), l, message, f);
  if (auto* sink = s.sink.load()) return sink(line);
  line += '\n';
  if (const std::size_t lost = line_queue::take_dropped(); lost != 0)
    line_queue::put(render(s.shape, time_stamp(), level::warning, "lines of this log were dropped: nobody read it",
                           {{"lines", static_cast<std::int64_t>(lost)}}) +
                    '\n');
  if (line_queue::put(line)) return;
  // Standard error has no buffer, and each call on it holds its lock (setbuf(3), flockfile(3)): lines stay whole. Where
  // nobody reads them, nobody can be told.
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

void redirect(void (*sink)(std::string_view)) { the_state().sink = sink; }

}  // namespace pinhook::log
