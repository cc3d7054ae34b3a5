#include <pinhook/base/log.hpp>
#include <pinhook/base/utf8.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>

namespace pinhook::log {
namespace {

struct state {
  std::atomic<level> least{level::info};
  std::atomic<format> shape{isatty(STDERR_FILENO) != 0 ? format::text : format::json};
  std::atomic<void (*)(std::string_view)> sink{nullptr};
  // spdlog's sink does the locking and the whole-line writes; the line is made here, so its own pattern is the bare
  // text.
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

// Bytes that are not UTF-8 would make the line no JSON: each becomes U+FFFD.
using writer = rapidjson::Writer<rapidjson::StringBuffer>;

void put_string(writer& w, std::string_view text) {
  w.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

std::string as_json(std::string_view time, level l, std::string_view message, const fields& f) {
  rapidjson::StringBuffer buffer;
  writer w(buffer);
  w.StartObject();
  const auto text = [&](std::string_view key, std::string_view v) {
    w.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    put_string(w, valid_utf8(v));
  };
  text("time", time);
  text("level", to_string(l));
  text("message", message);
  for (const auto& one : f) {
    w.Key(one.key.data(), static_cast<rapidjson::SizeType>(one.key.size()));
    std::visit(
        overloaded{[&](std::string_view v) { put_string(w, valid_utf8(v)); }, [&](std::int64_t v) { w.Int64(v); },
                   [&](double v) { w.Double(v); }, [&](bool v) { w.Bool(v); },
                   [&](const std::vector<std::string>& list) {
                     w.StartArray();
                     for (const auto& v : list) put_string(w, valid_utf8(v));
                     w.EndArray();
                   }},
        one.content);
  }
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

// Line ends inside values would break "one event, one line".
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::string as_text(std::string_view time, level l, std::string_view message, const fields& f) {
  std::string out = fmt::format("{} {:<7} {}", time, to_string(l), one_line(message));
  for (const auto& one : f) {
    out += fmt::format(" {}=", one.key);
    out += std::visit(
        overloaded{[](std::string_view v) { return one_line(v); }, [](std::int64_t v) { return fmt::format("{}", v); },
                   [](double v) { return fmt::format("{}", v); },
                   [](bool v) { return std::string(v ? "true" : "false"); },
                   [](const std::vector<std::string>& list) {
                     std::string joined = "[";
                     for (const auto& v : list) joined += (joined.size() > 1 ? ", " : "") + one_line(v);
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
  return shape == format::json ? as_json(time, l, message, f) : as_text(time, l, message, f);
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
