// Beast's parser reads heads and chunks; the rest is read here.
#include <pinhook/server/request_reader.hpp>

#include <pinhook/base/error.hpp>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace pinhook::server {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// Bytes to read when the number of following bytes is unknown.
constexpr std::size_t some_bytes = 4096;
// A body up to this size keeps its memory for the next request.
constexpr std::size_t small_body = std::size_t{64} * 1024;

std::string_view view_of(beast::string_view s) { return {s.data(), s.size()}; }

refusal too_large(const limits& l) {
  return {413,
          fmt::format("the body is over {} bytes; the limit is the most that this server takes in one request", l.body),
          {}};
}

// "http://host:8443/path?query" → "/path?query". A server must take the absolute form, which clients send to proxies
// (RFC 9112 §3.2.2); the host that it names does not matter here, as with Host.
std::string origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !beast::iequals(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.size(), target.find_first_of("/?")));
    return target.starts_with('/') ? std::string(target) : fmt::format("/{}", target);
  }
  return std::string(target);
}

// Collects the headers that the server uses, and the chunks of a chunked body.
class head_parser final : public http::basic_parser<true> {
 public:
  head_parser(const limits& l, request_head& head, std::string& chunks) : limits_(l), head_(head), chunks_(chunks) {
    header_limit(static_cast<std::uint32_t>(l.header));
    body_limit(boost::none);
  }

  std::optional<refusal> refused;
  std::size_t hosts = 0;
  std::size_t credentials = 0;
  bool is_http_11 = false;
  bool has_other_coding = false;

 private:
  void stop(refusal r, boost::system::error_code& ec) {
    refused = std::move(r);
    ec = http::make_error_code(http::error::bad_value);
  }

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version,
                       boost::system::error_code& ec) override {
    is_http_11 = version == 11;
    if (target.size() > limits_.target)
      return stop({414, fmt::format("the request target is over {} bytes", limits_.target), {}}, ec);
    head_.method = view_of(method);
    head_.target = origin_form(view_of(target));
  }

  void on_response_impl(int, beast::string_view, int, boost::system::error_code&) override {}

  void on_field_impl(http::field name, beast::string_view, beast::string_view value,
                     boost::system::error_code&) override {
    if (in_body_) return;  // trailers are ignored
    if (name == http::field::content_type) {
      head_.content_type = view_of(value);
    } else if (name == http::field::expect) {
      head_.expects_continue = beast::iequals(value, "100-continue");
      unknown_expectation_ = unknown_expectation_ || !head_.expects_continue;
    } else if (name == http::field::host) {
      ++hosts;
      head_.host = view_of(value);
    } else if (name == http::field::authorization) {
      ++credentials;
      head_.authorization = secret(std::string(view_of(value)));
    } else if (name == http::field::transfer_encoding) {
      has_other_coding = has_other_coding || !beast::iequals(value, "chunked");
    }
  }

  void on_header_impl(boost::system::error_code& ec) override {
    in_body_ = true;
    if (is_http_11 ? hosts != 1 : hosts > 1)  // RFC 9112 §3.2
      return stop({400, "a request of HTTP/1.1 has exactly one Host header", {}}, ec);
    if (credentials > 1)  // RFC 9110 §5.3: it is no list, and two readers could believe different ones
      return stop({400, "a request has one Authorization header at most", {}}, ec);
    if (has_other_coding) return stop({501, "of the transfer codings only chunked is known here", {}}, ec);
    if (unknown_expectation_) return stop({417, "of the expectations only 100-continue is known here", {}}, ec);
    if (chunked() && !is_http_11) return stop({400, "HTTP/1.0 has no chunked bodies", {}}, ec);
    head_.is_chunked = chunked();
    head_.keeps_alive = keep_alive();
    if (const auto length = content_length()) head_.content_length = *length;
    if (head_.content_length.value_or(0) > limits_.body) return stop(too_large(limits_), ec);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, boost::system::error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, boost::system::error_code&) override { return body.size(); }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view, boost::system::error_code& ec) override {
    if (size > limits_.body - std::min(limits_.body, chunks_.size())) stop(too_large(limits_), ec);
  }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, boost::system::error_code&) override {
    chunks_.append(body.data(), body.size());
    return body.size();
  }

  void on_finish_impl(boost::system::error_code&) override {}

  const limits& limits_;
  request_head& head_;
  std::string& chunks_;
  bool in_body_ = false;
  bool unknown_expectation_ = false;
};

}  // namespace

class request_reader::state {
 public:
  explicit state(const limits& l) : limits_(l) { parser = &place_.emplace(limits_, head, chunks); }

  // The refusal for an error code of the parser.
  refusal explain(const boost::system::error_code& ec) const {
    if (parser->refused) return *parser->refused;
    if (ec == http::error::header_limit) {
      if (!has_request_line) return {414, fmt::format("the request line is over {} bytes", limits_.header), {}};
      return {431, fmt::format("the headers are over {} bytes", limits_.header), {}};
    }
    if (ec == http::error::bad_version) return {505, "this server speaks HTTP/1.1", {}};
    return {400, fmt::format("this is not a valid HTTP/1.1 request: {}", ec.message()), {}};
  }

  std::expected<progress, refusal> parse_head(byte_buffer& in) {
    boost::system::error_code ec;
    const std::string_view bytes = in.view();
    if (bytes.empty()) return progress::need_more;
    const std::size_t taken = parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    // Beast looks for the end of all headers before it reads the request line.
    has_request_line = has_request_line || bytes.find("\r\n") != std::string_view::npos;
    in.consume(taken);
    if (ec == http::error::need_more) return progress::need_more;
    if (ec) return std::unexpected(explain(ec));
    head_done = true;
    return progress::head;
  }

  std::expected<progress, refusal> parse_chunks(byte_buffer& in) {
    while (!parser->is_done()) {
      const std::string_view bytes = in.view();
      // At least "0", CRLF, CRLF is still to come; Beast's chunk parser asserts that it sees that many bytes.
      if (bytes.size() < 5) return progress::need_more;
      boost::system::error_code ec;
      const std::size_t taken = parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
      in.consume(taken);
      if (ec == http::error::need_more) {
        if (in.size() > limits_.chunk_line)
          return std::unexpected(refusal{
              400, fmt::format("a chunk's size line or the trailers are over {} bytes", limits_.chunk_line), {}});
        if (taken == 0) return progress::need_more;
        continue;
      }
      if (ec) return std::unexpected(explain(ec));
    }
    return finish(in);
  }

  std::expected<progress, refusal> finish(byte_buffer& in) {
    complete = true;
    if (head.is_chunked) {
      body_size = chunks.size();
      chunks.append(byte_buffer::padding, '\0');
    } else {
      body_size = head.content_length.value_or(0);
      if (in.size() == body_size) in.pad_with_zeros();
    }
    return progress::complete;
  }

  std::expected<progress, refusal> advance(byte_buffer& in) {
    if (complete) return progress::complete;
    if (!head_done) return parse_head(in);
    if (head.is_chunked) return parse_chunks(in);
    if (in.size() < head.content_length.value_or(0)) return progress::need_more;
    return finish(in);
  }

  void restart() {
    head.method.clear();
    head.target.clear();
    head.content_type.clear();
    head.host.clear();
    head.authorization = secret();
    head.content_length.reset();
    head.is_chunked = head.expects_continue = head.keeps_alive = false;
    chunks.clear();
    if (chunks.capacity() > small_body) chunks.shrink_to_fit();
    parser = &place_.emplace(limits_, head, chunks);
    has_request_line = head_done = complete = false;
    body_size = 0;
  }

  request_head head;
  std::string chunks;
  // A new one for each request, in the same place.
  head_parser* parser = nullptr;
  bool has_request_line = false;
  bool head_done = false;
  bool complete = false;
  std::size_t body_size = 0;

 private:
  const limits& limits_;
  std::optional<head_parser> place_;
};

request_reader::request_reader(const limits& l) : state_(std::make_unique<state>(l)) {}
request_reader::~request_reader() = default;

std::expected<progress, refusal> request_reader::advance(byte_buffer& in) { return state_->advance(in); }

const request_head& request_reader::head() const { return state_->head; }

std::string_view request_reader::body(const byte_buffer& in) const {
  if (state_->head.is_chunked) return std::string_view(state_->chunks).substr(0, state_->body_size);
  return in.view().substr(0, state_->body_size);
}

std::size_t request_reader::wanted(const byte_buffer& in) const {
  if (!state_->head_done || state_->head.is_chunked) return some_bytes;
  const std::size_t length = state_->head.content_length.value_or(0);
  return length > in.size() ? length - in.size() : some_bytes;
}

std::size_t request_reader::gathered() const { return state_->chunks.capacity(); }

void request_reader::next(byte_buffer& in) {
  if (!state_->head.is_chunked) in.consume(state_->body_size);
  state_->restart();
}

}  // namespace pinhook::server
