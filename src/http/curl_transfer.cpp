#include <pinhook/http/curl_transfer.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/http/curl_error.hpp>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace pinhook::http {

namespace {

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

// Nobody can allow some addresses, so no advice says that they may be.
error refusal(const std::string& host, std::string_view fault, std::string_view place) {
  const bool is_final = is_never_allowed(host);
  return {error_code::denied,
          fmt::format("{}: {} is not allowed: {}{}", place, host, fault,
                      is_final ? ", which no setting allows; name another registry" : ""),
          std::nullopt, is_final ? remedy::in_message : remedy::other_source};
}

}  // namespace

curl_transfer::curl_transfer(curl_multi& multi, transfer_rules rules, request r, endpoint to, deadline d)
    : multi_(multi),
      rules_(std::move(rules)),
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
  auto lines = make_header_lines(request_);
  if (!lines) return fail(std::move(lines.error()));
  headers_ = std::move(*lines);
  // A proxy resolves names itself, out of the guard's sight; the URL's host can be checked here.
  if (rules_.proxy && rules_.guard != nullptr) {
    if (const auto fault = host_fault(to_.host, request_.reach, *rules_.guard))
      return fail(refusal(to_.host, *fault, to_.to_string()));
  }
  set_place();
  set_verb();
  set_policy(o, now);
  wake_.expires_at(deadline_.time());
  multi_.add(easy_.get(), *this);
  is_in_multi_ = true;
  return {};
}

// Sets the target, the proxy and the signature, with the headers that depend on them.
void curl_transfer::set_place() {
  CURL* easy = easy_.get();
  std::string url = request_.url;
  if (rules_.tls != nullptr && to_.is_https && !rules_.tls->server_name.empty()) {
    // TLS uses this name (for SNI and for the check), while the connection and HTTP use the URL's host.
    const std::string& name = rules_.tls->server_name;
    connect_to_.add(fmt::format("{}:{}:{}", name, to_.port, to_.to_string()));
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_.get());
    url = with_host(url, name);
    if (!find_header(request_.headers, "Host")) headers_.add(fmt::format("Host: {}", to_.url_authority()));
  }
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  // Never from the environment: `proxy_for` decides on the proxy.
  curl_easy_setopt(easy, CURLOPT_PROXY, rules_.proxy ? rules_.proxy->url.reveal().c_str() : "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (request_.sign) {
    const aws_signature& s = *request_.sign;
    const std::string scope = fmt::format("aws:amz:{}:{}", s.region, s.service);
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scope.c_str());
    curl_easy_setopt(easy, CURLOPT_USERNAME, s.access_key_id.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, s.secret_access_key.reveal().c_str());
  }
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
    if (request_.verb != method::post)
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, std::string(to_string(request_.verb)).c_str());
  }
}

void curl_transfer::set_tls() {
  CURL* easy = easy_.get();
  if (to_.is_https) {
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    // Waits for a connection that may carry many streams instead of opening one for each.
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (rules_.tls != nullptr && !rules_.tls->verify) {
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  }
  // The callback sets the stores; without these options curl would read the system's bundle for each connection.
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, nullptr);
  // curl would keep the first store, the proxy's, and use it in place of the server's.
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  // Only the proxy's context has a highest version; `on_tls` recognizes it by that.
  curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION,
                   static_cast<long>(CURL_SSLVERSION_TLSv1_2) | static_cast<long>(CURL_SSLVERSION_MAX_TLSv1_3));
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &curl_transfer::on_tls);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
}

void curl_transfer::set_policy(const transfer_options& o, steady_time now) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  // curl 8.14 refuses the two together: it signs the path as it normalizes it. Ours are those of AWS's own API.
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, request_.sign ? 0L : 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail_);

  set_tls();

  using std::chrono::ceil;
  using std::chrono::milliseconds;
  // The timer `wake` keeps the deadline; curl's own follows for its internal waits.
  const auto left = std::min<std::chrono::nanoseconds>(deadline_.remaining(now), std::chrono::hours(24));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(ceil<milliseconds>(left).count()) + 100);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(o.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.stall_time.value_or(o.stall_time).count()));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(o.idle_age.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  // A hanging name look-up runs in a thread that curl would join when the transfer is aborted, which would stop this
  // thread.
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
  if (!t.rules_.proxy && t.rules_.guard != nullptr) {
    const auto where = address_of(*address);
    const auto fault = where ? address_fault(*where, t.request_.reach, *t.rules_.guard) : "it is of an unknown family";
    if (fault) {
      if (!t.refused_) t.refused_ = refusal(where ? where->to_string() : "this address", *fault, t.place());
      return CURL_SOCKET_BAD;
    }
  }
  t.opened_any_ = true;
  return t.multi_.open_socket(*address);
}

// Serves the server's connection and that to an https proxy. curl calls this in the handshake, so the transfer that
// opened the connection is alive.
CURLcode curl_transfer::on_tls(CURL*, void* context, void* self) {
  const auto& rules = static_cast<curl_transfer*>(self)->rules_;
  auto* const ssl = static_cast<SSL_CTX*>(context);
  const bool is_for_proxy = SSL_CTX_get_max_proto_version(ssl) == TLS1_3_VERSION;
  const loaded_tls* const tls = is_for_proxy ? rules.proxy_tls : rules.tls;
  return tls != nullptr && apply(*tls, ssl) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

std::size_t curl_transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<curl_transfer*>(self)->accept_header({data, size * count}) ? size * count : 0;
}

std::size_t curl_transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<curl_transfer*>(self)->accept_body({data, size * count}) ? size * count : 0;
}

bool curl_transfer::accept_header(std::string_view line) {
  // The limits cover all headers, those of 1xx answers and trailers included.
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
  if (request_.on_body && is_success()) {
    // Through `aborted_`, so that the error is not taken for one of the network.
    if (!request_.on_body(data)) aborted_ = error_code::canceled;
    return !aborted_;
  }
  if (data.size() > request_.limits.body - std::min(request_.limits.body, response_.body.size())) {
    crossed_ = fmt::format("the answer is larger than {} bytes", request_.limits.body);
    return false;
  }
  response_.body.append(data);
  return true;
}

bool curl_transfer::is_success() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
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
  if (rules_.proxy || curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &text) != CURLE_OK || text == nullptr)
    return false;
  boost::system::error_code unknown;
  const auto address = boost::asio::ip::make_address(text, unknown);
  return !unknown && classify(address) == address_kind::global;
}

std::string_view curl_transfer::phase() const {
  const auto has_passed = [&](CURLINFO moment) {
    curl_off_t micros = 0;
    return curl_easy_getinfo(easy_.get(), moment, &micros) == CURLE_OK && micros > 0;
  };
  if (has_passed(CURLINFO_STARTTRANSFER_TIME_T)) return "while reading the answer";
  if (has_passed(CURLINFO_PRETRANSFER_TIME_T)) return "while waiting for the answer";
  long tunnel = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &tunnel);
  // Before there is a tunnel, curl sets none of the moments.
  if (rules_.proxy && to_.is_https && opened_any_ && tunnel == 0) return "while waiting for the proxy";
  if (has_passed(CURLINFO_CONNECT_TIME_T) || tunnel != 0) return "in the TLS handshake";
  if (has_passed(CURLINFO_NAMELOOKUP_TIME_T)) return "while connecting";
  return "before the connection was begun";
}

std::string curl_transfer::place() const {
  return rules_.proxy ? fmt::format("{} through the proxy {}", to_.to_string(), rules_.proxy->name) : to_.to_string();
}

error curl_transfer::failure() const {
  const std::string where = place();
  const auto make = [&](error_code code, std::string_view text) {
    return error{code, fmt::format("{}: {}", where, text), std::nullopt};
  };
  if (aborted_ == error_code::timed_out) return make(error_code::timed_out, fmt::format("out of time {}", phase()));
  if (aborted_) return make(*aborted_, fmt::format("given up {}", phase()));
  if (!crossed_.empty()) return make(error_code::malformed, crossed_);
  if (code_ == CURLE_COULDNT_CONNECT && refused_ && !opened_any_) return *refused_;
  curl_outcome o;
  o.code = code_;
  o.endpoint = where;
  o.detail = detail_;
  long status = 0;
  o.has_status = curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status != 0;
  o.is_proxied = rules_.proxy.has_value();
  curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &o.verify_result);
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &o.proxy_status);
  if (rules_.proxy && rules_.proxy->is_https)
    curl_easy_getinfo(easy_.get(), CURLINFO_PROXY_SSL_VERIFYRESULT, &o.proxy_verify_result);
  if (code_ == CURLE_COULDNT_CONNECT || code_ == CURLE_SEND_ERROR || code_ == CURLE_RECV_ERROR)
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &o.os_error);
  return from_curl(o);
}

result<response> curl_transfer::take() {
  if (aborted_ || code_ != CURLE_OK) return fail(failure());
  // curl takes the end of the connection there for the end of the answer.
  if (!has_whole_head_)
    return fail(error_code::malformed, fmt::format("{}: the answer ended within its headers", place()));
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  // Without a tunnel the proxy's own refusals look like the server's; only a proxy sends this one.
  if (rules_.proxy && !to_.is_https && status == proxy_wants_credentials)
    return fail(from_proxy_status(place(), status));
  response_.status = static_cast<int>(status);
  response_.from_public_network = is_from_public_network();
  return std::move(response_);
}

}  // namespace pinhook::http
