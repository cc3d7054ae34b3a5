#include <pinhook/http/curl_error.hpp>
#include <pinhook/http/curl_transfer.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace pinhook::http {

// curl's list of header lines, wiped when it goes: one of them holds the credentials.
struct curl_transfer::header_list {
  header_list() = default;
  header_list(const header_list&) = delete;
  header_list& operator=(const header_list&) = delete;
  ~header_list() {
    for (curl_slist* one = first; one != nullptr; one = one->next) OPENSSL_cleanse(one->data, std::strlen(one->data));
    curl_slist_free_all(first);
  }
  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(first, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    first = longer;
  }
  curl_slist* first = nullptr;
};

namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<boost::asio::ip::address> address_of(const curl_sockaddr& address) {
  namespace ip = boost::asio::ip;
  // Copied: curl's buffer has the alignment of a plain sockaddr.
  if (address.family == AF_INET && address.addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.addr, sizeof v4);
    return ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.family == AF_INET6 && address.addrlen >= sizeof(sockaddr_in6)) {
    ip::address_v6::bytes_type bytes;
    const auto* raw = reinterpret_cast<const unsigned char*>(&address.addr);
    std::memcpy(bytes.data(), raw + offsetof(sockaddr_in6, sin6_addr), bytes.size());
    return ip::address_v6(bytes);
  }
  return std::nullopt;
}

}  // namespace

curl_transfer::curl_transfer(curl_multi& multi, x509_store_st* trust, request r, endpoint to, deadline d)
    : multi_(multi),
      trust_(trust),
      request_(std::move(r)),
      to_(std::move(to)),
      deadline_(d),
      wake_(multi.context()),
      easy_(curl_easy_init(), curl_easy_cleanup) {
  if (easy_ == nullptr) throw std::bad_alloc();
}

curl_transfer::~curl_transfer() {
  if (is_in_multi_) multi_.remove(easy_.get());
}

result<void> curl_transfer::start(const transfer_options& o, steady_time now) {
  if (request_.body && (request_.verb == method::get || request_.verb == method::head))
    return fail(error_code::invalid_input, fmt::format("a {} request has no body", to_string(request_.verb)));
  if (auto good = set_headers(); !good) return good;
  is_proxied_ = !o.proxy.empty();
  // A proxy resolves names itself, out of the guard's sight; what is an address already can be judged here.
  if (const auto address = to_.address(); is_proxied_ && address && !is_allowed(classify(*address), request_.reach))
    return fail(error_code::denied, fmt::format("{}: {} may not be asked: it is {}", to_.to_string(),
                                                address->to_string(), to_string(classify(*address))));
  set_verb();
  set_policy(o, now);
  wake_.expires_at(deadline_.time());
  multi_.add(easy_.get(), *this);
  is_in_multi_ = true;
  return {};
}

result<void> curl_transfer::set_headers() {
  headers_ = std::make_unique<header_list>();
  for (const auto& h : request_.headers) {
    if (!is_token(h.name) || !is_field_value(h.value))
      return fail(error_code::invalid_input, fmt::format("the header {} cannot be sent", quoted(h.name, 40)));
    // curl's spelling of an empty value is a semicolon.
    headers_->add(h.value.empty() ? h.name + ";" : fmt::format("{}: {}", h.name, h.value));
  }
  if (request_.authorization) {
    const std::string& value = request_.authorization->reveal();
    if (!is_field_value(value))
      return fail(error_code::invalid_input, "the Authorization header cannot be sent: it holds line ends");
    std::string line = "Authorization: " + value;
    headers_->add(line);
    OPENSSL_cleanse(line.data(), line.size());
  }
  // What curl would add of its own.
  for (const char* name : {"Accept", "Content-Type", "Expect"})
    if (!find_header(request_.headers, name)) headers_->add(fmt::format("{}:", name));
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_->first);
  return {};
}

void curl_transfer::set_verb() {
  CURL* easy = easy_.get();
  if (request_.verb == method::get) {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else if (request_.verb == method::head) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    const std::string_view body = request_.body ? std::string_view(request_.body->reveal()) : std::string_view("");
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    if (request_.verb == method::put) curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  }
}

void curl_transfer::set_policy(const transfer_options& o, steady_time now) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  // Never from the environment: what goes through a proxy is decided by `proxy_for`.
  curl_easy_setopt(easy, CURLOPT_PROXY, o.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail_);

  if (to_.is_https) {
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    // Rather wait for a connection that may carry many streams than open one for each.
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // The store comes by the callback; without these curl would read the system's bundle for each connection.
    curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &curl_transfer::on_tls);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust_);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  }

  using std::chrono::ceil;
  using std::chrono::milliseconds;
  // The timer `wake` is what keeps the deadline; curl's own is behind it for what curl waits for inside.
  const auto left = std::min<std::chrono::nanoseconds>(deadline_.remaining(now), std::chrono::hours(24));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(ceil<milliseconds>(left).count()) + 100);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(o.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(o.stall_time.count()));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(o.idle_age.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  // A name look-up that hangs runs in a thread that curl would join when the transfer is aborted, stopping us all.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);

  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &curl_transfer::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &curl_transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &curl_transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

curl_socket_t curl_transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto& t = *static_cast<curl_transfer*>(self);
  // Through a proxy this is the proxy's address, which the operator named.
  if (!t.is_proxied_) {
    const auto where = address_of(*address);
    const auto kind = where ? classify(*where) : address_kind::unspecified;
    if (!is_allowed(kind, t.request_.reach)) {
      if (t.refused_.empty())
        t.refused_ =
            fmt::format("{} may not be asked: it is {}", where ? where->to_string() : "this address", to_string(kind));
      return CURL_SOCKET_BAD;
    }
  }
  t.opened_any_ = true;
  return t.multi_.open_socket(*address);
}

CURLcode curl_transfer::on_tls(CURL*, void* context, void* trust) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(trust));
  return CURLE_OK;
}

std::size_t curl_transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<curl_transfer*>(self)->accept_header({data, size * count}) ? size * count : 0;
}

std::size_t curl_transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<curl_transfer*>(self)->accept_body({data, size * count}) ? size * count : 0;
}

bool curl_transfer::accept_header(std::string_view line) {
  // Counted over everything, the heads of 1xx answers and trailers included.
  header_bytes_ += line.size();
  ++header_lines_;
  if (header_bytes_ > request_.limits.header_bytes) {
    crossed_ = fmt::format("the answer's headers are larger than {} bytes", request_.limits.header_bytes);
    return false;
  }
  if (header_lines_ > request_.limits.header_lines) {
    crossed_ = fmt::format("the answer has more than {} header lines", request_.limits.header_lines);
    return false;
  }
  if (line.substr(0, 5) == "HTTP/") {
    response_.headers.clear();
    has_whole_head_ = false;
    return true;
  }
  const bool is_continuation = !line.empty() && (line.front() == ' ' || line.front() == '\t');
  const std::string_view text = trimmed(line);
  if (text.empty()) {
    has_whole_head_ = true;
    return true;
  }
  if (is_continuation && !response_.headers.empty()) {
    response_.headers.back().value.append(" ").append(text);
    return true;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return true;
  response_.headers.push_back(
      header{std::string(trimmed(text.substr(0, colon))), std::string(trimmed(text.substr(colon + 1)))});
  return true;
}

bool curl_transfer::accept_body(std::string_view data) {
  if (data.size() > request_.limits.body - std::min(request_.limits.body, response_.body.size())) {
    crossed_ = fmt::format("the answer is larger than {} bytes", request_.limits.body);
    return false;
  }
  response_.body.append(data);
  return true;
}

void curl_transfer::finished(CURLcode code) {
  is_in_multi_ = false;
  done_ = true;
  code_ = code;
  wake_.cancel();
}

void curl_transfer::abort(error_code reason) {
  if (done_) return;
  if (is_in_multi_) multi_.remove(easy_.get());
  is_in_multi_ = false;
  done_ = true;
  aborted_ = reason;
  wake_.cancel();
}

bool curl_transfer::is_from_public_network() const {
  const char* text = nullptr;
  if (is_proxied_ || curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &text) != CURLE_OK || text == nullptr)
    return false;
  boost::system::error_code unknown;
  const auto address = boost::asio::ip::make_address(text, unknown);
  return !unknown && classify(address) == address_kind::global;
}

std::string_view curl_transfer::phase() const {
  const auto has_passed = [&](CURLINFO what) {
    curl_off_t micros = 0;
    return curl_easy_getinfo(easy_.get(), what, &micros) == CURLE_OK && micros > 0;
  };
  if (has_passed(CURLINFO_STARTTRANSFER_TIME_T)) return "while reading the answer";
  if (has_passed(CURLINFO_PRETRANSFER_TIME_T)) return "while waiting for the answer";
  if (has_passed(CURLINFO_CONNECT_TIME_T)) return "in the TLS handshake";
  if (has_passed(CURLINFO_NAMELOOKUP_TIME_T)) return "while connecting";
  return "before the connection was begun";
}

error curl_transfer::failure() const {
  const std::string where = to_.to_string();
  const auto say = [&](error_code code, std::string_view words) {
    return error{code, fmt::format("{}: {}", where, words), std::nullopt};
  };
  if (aborted_ == error_code::timed_out) return say(error_code::timed_out, fmt::format("out of time {}", phase()));
  if (aborted_) return say(*aborted_, fmt::format("given up {}", phase()));
  if (!crossed_.empty()) return say(error_code::malformed, crossed_);
  if (code_ == CURLE_COULDNT_CONNECT && !refused_.empty() && !opened_any_) return say(error_code::denied, refused_);
  curl_outcome o;
  o.code = code_;
  o.endpoint = where;
  o.detail = detail_;
  curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &o.verify_result);
  if (code_ == CURLE_COULDNT_CONNECT || code_ == CURLE_SEND_ERROR || code_ == CURLE_RECV_ERROR)
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &o.os_error);
  return from_curl(o);
}

result<response> curl_transfer::take() {
  if (aborted_ || code_ != CURLE_OK) return fail(failure());
  // To curl a connection that ends there is the end of the answer.
  if (!has_whole_head_)
    return fail(error_code::malformed, fmt::format("{}: the answer ended within its headers", to_.to_string()));
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  response_.from_public_network = is_from_public_network();
  return std::move(response_);
}

}  // namespace pinhook::http
