#include <pinhook/base/log.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/terminal.hpp>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <utility>

namespace pinhook::log {
namespace {

// Bytes: the line about an admission with three images has some 800.
constexpr std::size_t usual_line = 1024;

struct state {
  std::atomic<level> least{level::info};
  std::atomic<format> shape{is_terminal(STDERR_FILENO) ? format::text : format::json};
  std::atomic<void (*)(std::string_view)> sink{nullptr};
  // spdlog's sink locks and writes whole lines; the line is made here, so spdlog's pattern is the bare text.
  spdlog::logger out{"pinhook", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

  state() {
    out.set_pattern("%v");
    out.set_level(spdlog::level::trace);
    out.flush_on(spdlog::level::warn);
  }
};

state& the_state() {
  static state instance;
  return instance;
}

std::string time_stamp() {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms);
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
                          [&](const std::vector<std::string>& list) {
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
                   [](const std::vector<std::string>& list) {
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
  const std::string line = render(s.shape, time_stamp(), l, message, f);
  if (auto* sink = s.sink.load()) return sink(line);
  s.out.log(l >= level::warning ? spdlog::level::warn : spdlog::level::info, spdlog::string_view_t(line));
}

void redirect(void (*sink)(std::string_view)) { the_state().sink = sink; }

}  // namespace pinhook::log
