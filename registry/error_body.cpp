#include <pinhook/registry/error_body.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/http/retry.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::registry {
namespace {

// Token and error bodies are at most 64 KiB (http::response_limits); no known error body nests deeper than 32.
constexpr json::parse_limits body_limits{.depth = 32, .size = std::size_t{64} * 1024};

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, std::size_t{4} * peer_message::max_text)) {
    const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string quoted_line(std::string_view text) { return quoted(one_line(text), peer_message::max_text); }

bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void add(std::string& text, std::string_view more) {
  if (!text.empty()) text += "; ";
  text += more;
}

void read_error_entry(const json::value& entry, peer_message& out) {
  if (entry.IsString()) return add(out.text, quoted_line(json::text_of(entry)));
  const auto code = json::find_string(entry, "code");
  auto message = json::find_string(entry, "message");
  if (!message || message->empty()) message = json::find_string(entry, "detail");
  std::string text;
  if (code && is_code(*code)) {
    out.codes.emplace_back(*code);
    text = *code;
  } else if (code && !code->empty()) {
    text = quoted_line(*code);
  }
  if (message && !message->empty()) text += (text.empty() ? "" : ": ") + quoted_line(*message);
  if (!text.empty()) add(out.text, text);
}

// Keys that token servers send instead of errors[]: RFC 6749 §5.2, Docker Hub's "details", and the like.
constexpr std::array<std::string_view, 6> other_keys{"error_description", "error",  "message",
                                                     "details",           "detail", "errorMessage"};

bool read_json(std::string_view body, peer_message& out) {
  const auto parsed = json::parse(body, body_limits);
  if (!parsed) return false;
  if (const json::value* errors = json::find(*parsed, "errors")) {
    if (errors->IsArray()) {
      std::size_t left = peer_message::max_errors;
      for (auto it = errors->Begin(); it != errors->End() && left > 0; ++it, --left) read_error_entry(*it, out);
    } else {
      read_error_entry(*errors, out);
    }
  }
  if (out.text.empty()) {
    for (const auto key : other_keys) {
      const auto text = json::find_string(*parsed, key);
      if (!text || text->empty()) continue;
      out.text = quoted_line(*text);
      break;
    }
  }
  if (out.text.empty() && parsed->IsString()) out.text = quoted_line(json::text_of(*parsed));
  return true;
}

std::string read_html(std::string_view body) {
  const auto find = [&](std::string_view tag, std::size_t from) {
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
    const auto at =
        std::search(body.begin() + static_cast<std::ptrdiff_t>(from), body.end(), tag.begin(), tag.end(), same);
    return at == body.end() ? std::string_view::npos : static_cast<std::size_t>(at - body.begin());
  };
  const auto open = find("<title>", 0);
  const auto close = open == std::string_view::npos ? open : find("</title>", open);
  if (close == std::string_view::npos) return "an HTML page";
  return fmt::format("an HTML page titled {}", quoted_line(body.substr(open + 7, close - open - 7)));
}

struct status_row {
  int first, last;
  error_code code;
  std::string_view verb;  // after the peer's name, before the subject
  bool depends_on_credentials = false;
};

// The one translator from status to error. The first row that holds the status.
constexpr std::array rows{
    status_row{401, 401, error_code::unauthorized, "requires other credentials for", true},
    status_row{402, 402, error_code::denied, "requires payment for"},
    status_row{403, 403, error_code::denied, "does not give access to", true},
    status_row{404, 404, error_code::not_found, "does not have"},
    status_row{408, 408, error_code::unavailable, "took too long over"},
    status_row{410, 410, error_code::not_found, "no longer has"},
    status_row{429, 429, error_code::rate_limited, "limits the rate of requests, now for"},
    status_row{451, 451, error_code::denied, "is not allowed to serve"},
    status_row{499, 499, error_code::unavailable, "gave up on"},
    status_row{500, 599, error_code::unavailable, "failed to answer for"},
    status_row{0, 999999, error_code::malformed, "gave an unexpected answer for"},
};

// Further facts. The advice comes from the caller, which knows the purpose (admission's table of failures).
std::string circumstances(const status_row& row, const refused_request& request, const error& e) {
  const bool anonymous = request.credentials.empty() || request.credentials == "anonymous";
  std::string out;
  if (row.depends_on_credentials)
    out +=
        anonymous ? ". No credentials were used" : fmt::format(". The credentials used were: {}", request.credentials);
  if (e.retry_after) out += fmt::format(". It asks to wait {} s", e.retry_after->count());
  return out;
}

// Texts with which TLS servers answer plain HTTP, with a 400: Go's net/http, nginx, Apache, Tomcat.
constexpr std::array<std::string_view, 4> tls_texts{
    "HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port",
    "speaking plain HTTP to an SSL-enabled server port", "combination of host and port requires TLS"};

bool requires_tls(const http::response& r) {
  return r.status == 400 &&
         std::ranges::any_of(tls_texts, [&](std::string_view text) { return r.body.find(text) != std::string::npos; });
}

// The size of an answer that `text` begins with: " (404)" or " (404: …)", where a parenthesis within quotes ends
// nothing.
std::size_t answer_size(std::string_view text) {
  constexpr std::size_t status_end = 5;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!text.starts_with(" (") || text.size() <= status_end || !is_digit(text[2]) || !is_digit(text[3]) ||
      !is_digit(text[4]) || (text[status_end] != ':' && text[status_end] != ')'))
    return 0;
  bool is_quoted = false;
  for (std::size_t at = status_end; at < text.size(); ++at) {
    if (text[at] == '\\' && is_quoted)
      ++at;
    else if (text[at] == '"')
      is_quoted = !is_quoted;
    else if (text[at] == ')' && !is_quoted)
      return at + 1;
  }
  return 0;
}

}  // namespace

bool peer_message::has_code(std::string_view code) const {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

peer_message read_error_body(std::string_view body) {
  peer_message out;
  const auto start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return out;
  body.remove_prefix(start);
  if (body.front() == '<') {
    out.text = read_html(body);
  } else if (!read_json(body, out)) {
    out.text = quoted_line(body);
  }
  return out;
}

std::vector<std::string_view> read_warnings(const http::response& r) {
  std::vector<std::string_view> out;
  std::size_t left = max_warning_bytes;
  for (const auto line : http::find_headers(r.headers, "Warning")) {
    if (!line.starts_with("299 ") || line.size() > left || std::find(out.begin(), out.end(), line) != out.end())
      continue;
    left -= line.size();
    out.push_back(line);
  }
  return out;
}

error from_status(const refused_request& request, const http::response& r, wall_time now) {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const status_row& one) { return r.status >= one.first && r.status <= one.last; });
  const status_row& chosen = row == rows.end() ? rows.back() : *row;
  error out{chosen.code, {}, http::parse_retry_after(r.headers, now)};
  if (!request.tls_advice.empty() && requires_tls(r)) {
    out.message = fmt::format("{} speaks HTTPS, but the request used plain HTTP. {}", request.peer, request.tls_advice);
    out.mended_by = remedy::in_message;
    return out;
  }
  const peer_message message = read_error_body(r.body);
  out.message =
      fmt::format("{} {} {} ({}{}{}){}", request.peer,
                  request.token ? std::string_view("refused to give a token for") : chosen.verb, request.subject,
                  r.status, message.text.empty() ? "" : ": ", message.text, circumstances(chosen, request, out));
  return out;
}

std::string without_answers(std::string_view message) {
  std::string out;
  while (!message.empty()) {
    const std::size_t answer = answer_size(message);
    if (answer == 0) out += message.front();
    message.remove_prefix(std::max<std::size_t>(answer, 1));
  }
  return out;
}

}  // namespace pinhook::registry
