#include <pinhook/files/template_lines.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace pinhook::files {
namespace {

// The key before a value: "image" of `  - image: "` and of `- {name: a, image: `. `is_whole`: the line ends here, so
// that it may end with its colon.
std::optional<std::string_view> key_of_line(std::string_view line, bool is_whole) {
  if (const auto brace = line.rfind('{'); brace != std::string_view::npos)
    line.remove_prefix(std::max(brace, line.rfind(',') == std::string_view::npos ? 0 : line.rfind(',')) + 1);
  line.remove_prefix(std::min(line.find_first_not_of(" \t-\"'"), line.size()));
  const auto end = line.find(':');
  if (end == std::string_view::npos) return std::nullopt;
  if (end + 1 < line.size() ? line[end + 1] != ' ' : !is_whole) return std::nullopt;
  std::string_view key = line.substr(0, end);
  while (key.ends_with('"') || key.ends_with('\'') || key.ends_with(' ')) key.remove_suffix(1);
  if (key.empty() || key.contains(' ')) return std::nullopt;
  return key;
}

std::string_view line_without_end(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t\r") + 1);  // npos + 1 is 0
}

bool opens_value(std::string_view line) {
  return line.ends_with(':') || line.ends_with('|') || line.ends_with('>') || line.ends_with("|-") ||
         line.ends_with(">-");
}

void add_value(written_text& to, const chart_value& v, char mark) {
  to.text += mark;
  to.values.push_back(v.all_paths());
}

}  // namespace

bool is_image_key(std::string_view key) {
  return key.ends_with("image") || key.ends_with("Image") || key.ends_with("IMAGE");
}

std::optional<written_text> formatted(std::string_view function, std::span<const chart_value> arguments) {
  written_text out;
  out.is_image = true;
  if (function == "print") {
    for (const chart_value& one : arguments)
      if (one.literal.empty())
        add_value(out, one, text_value);
      else
        out.text += one.literal;
    return out;
  }
  if (function != "printf" || arguments.empty()) return std::nullopt;
  const std::string_view format = arguments[0].literal;
  std::size_t next = 1;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      out.text += format[at];
      continue;
    }
    // Skips flags, width and precision up to the verb.
    const std::size_t verb = format.find_first_not_of("+-# 0123456789.", at + 1);
    if (verb == std::string_view::npos) return std::nullopt;
    at = verb;
    if (format[verb] == '%') {
      out.text += '%';
      continue;
    }
    if (next == arguments.size()) return std::nullopt;
    const bool is_text = std::string_view("svq").contains(format[verb]);
    add_value(out, arguments[next++], is_text ? text_value : text_number);
  }
  return out;
}

void template_lines::text(std::string_view more) {
  for (const char c : more) {
    if (c != '\n') {
      line_ += c;
      now_.text += c;
      continue;
    }
    const auto key = key_of_line(line_without_end(line_), true);
    note_parent(key);
    const auto behind = line_.find_last_not_of(" \t\r");
    if (behind != std::string::npos)
      open_key_ = key && opens_value(line_.substr(0, behind + 1)) ? std::string(*key) : "";
    line_.clear();
    sources_.paths.clear();
    end_text();
  }
}

// Keeps the mappings that the following lines belong to.
void template_lines::note_parent(std::optional<std::string_view> key) {
  const auto indent = line_.find_first_not_of(" \t");
  if (indent == std::string::npos) return;
  while (!parents_.empty() && parents_.back().first >= indent) parents_.pop_back();
  if (key && line_without_end(line_).ends_with(':')) parents_.emplace_back(indent, *key);
}

bool template_lines::is_note(std::string_view key) const {
  constexpr std::string_view names[] = {"annotations", "labels", "podAnnotations", "podLabels"};
  if (key.empty() || key == "-") return false;
  if (key.contains('/')) return true;
  const auto indent = line_.find_first_not_of(" \t");
  const auto parent =
      std::ranges::find_if(parents_.rbegin(), parents_.rend(), [&](const auto& one) { return one.first < indent; });
  return parent != parents_.rend() && std::ranges::find(names, parent->second) != std::end(names);
}

std::string template_lines::key(bool is_below) const {
  if (const auto key = key_of_line(line_, is_below)) return std::string(*key);
  const auto first = line_.find_first_not_of(" \t");
  if (first != std::string::npos && std::string_view(line_).substr(first).starts_with("- ")) return "-";
  return open_key_;
}

std::vector<values_path> template_lines::take(const chart_value& v, const value_place& at) {
  auto paths = v.all_paths();
  if (paths.empty() && !v.literal.empty()) {
    now_.text += v.literal;
  } else {
    if (now_.values.empty()) now_.line = at.line;
    now_.is_image = now_.is_image || at.is_image;
    add_value(now_, v, text_value);
  }
  sources_.add({.paths = std::move(paths)});
  line_ += '\x01';
  return sources_.paths;
}

void template_lines::end_text() {
  if (!now_.values.empty()) texts_.push_back(std::move(now_));
  now_ = {};
}

std::vector<written_text> template_lines::take_texts() {
  end_text();
  return std::move(texts_);
}

}  // namespace pinhook::files
