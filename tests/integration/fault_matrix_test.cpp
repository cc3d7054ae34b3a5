// Each fault of a registry at each step of the way to a digest, in each mode, with and without a digest in the cache:
// the outcome is the one that the table of docs/faults.md prints.
#include "support/fake_credentials.hpp"
#include "support/handler_fixture.hpp"
#include "support/longest_way.hpp"
#include "support/markdown.hpp"
#include "support/pages.hpp"

#include <pinhook/admission/handler.hpp>
#include <pinhook/resolve/tag_resolver.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <chrono>
#include <map>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;

// A port that accepts connections and never answers.
class silent_port {
 public:
  silent_port() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::listen(descriptor_, 128) != 0 ||
        ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port");
    host_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  }
  ~silent_port() { ::close(descriptor_); }
  silent_port(const silent_port&) = delete;
  silent_port& operator=(const silent_port&) = delete;
  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  int descriptor_;
  std::string host_;
};

// The columns of the table, in its order. The first two are not requests.
constexpr std::array<const char*, 8> columns{"connection", "TLS",  "first_head", "ping",
                                             "token",      "head", "get",        "redirected_get"};

const std::map<std::string, reply>& answers() {
  static const std::map<std::string, reply> all = [] {
    std::map<std::string, reply> out;
    const auto acts = [&](const char* name, behaviour act) {
      out[name] = manifest_reply();
      out[name].act = act;
    };
    acts("closed", behaviour::close);
    acts("reset", behaviour::reset);
    acts("silent", behaviour::hang);
    acts("not HTTP", behaviour::garbage);
    acts("half a head", behaviour::cut_head);
    acts("headers without end", behaviour::endless_headers);
    acts("half a body", behaviour::truncate);
    acts("reset in the body", behaviour::reset_in_body);
    acts("silent in the body", behaviour::stall);
    acts("a body without end", behaviour::endless_body);
    out["a page for people"] = {.headers = {{"Content-Type", "text/html"}}, .body = "<title>Sign in</title>"};
    out["400"] = refusal(400, "NAME_INVALID");
    out["401"] = refusal(401, "UNAUTHORIZED");
    out["403"] = refusal(403, "DENIED");
    out["404"] = refusal(404, "MANIFEST_UNKNOWN");
    out["429"] = refusal(429, "TOOMANYREQUESTS");
    out["500"] = refusal(500, "UNKNOWN");
    out["503 with Retry-After"] = refusal(503, "UNAVAILABLE");
    out["503 with Retry-After"].headers.emplace_back("Retry-After", "60");
    out["another digest"] = manifest_reply();
    set_header(out["another digest"], "Docker-Content-Digest", "sha256:" + std::string(64, '0'));
    out["no digest's text"] = manifest_reply();
    set_header(out["no digest's text"], "Docker-Content-Digest", "sha256:1234");
    out["a redirect to itself"] = {.status = 307, .headers = {{"Location", "/v2/a/manifests/1"}}};
    out["a redirect to plain HTTP"] = {.status = 307, .headers = {{"Location", "http://one.example/v2/a/manifests/1"}}};
    return out;
  }();
  return all;
}

struct cell {
  std::string fault;
  std::string column;
  // Under enforce without a digest in the cache: the code of the denial; "pinned".
  std::string cold;
  // The same with a digest in the cache whose time is over.
  std::string old;
};

void PrintTo(const cell& one, std::ostream* to) {
  *to << one.fault << " at " << one.column << ": " << one.cold << ", " << one.old;
}

std::string trimmed_cell(std::string text) {
  const auto from = text.find_first_not_of(' ');
  const auto to = text.find_last_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, to - from + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t at = line.find('|') + 1; at < line.size();) {
    const auto end = std::min(line.find('|', at), line.size());
    out.push_back(trimmed_cell(line.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

// "503": the digest of before is used. "403 (403)": it is not, and the denial's code is the second.
std::vector<cell> cells_of_page() {
  std::vector<cell> out;
  bool is_table = false;
  for (const std::string& line : lines_of(page_text("docs/faults.md"))) {
    if (line.starts_with("| fault |")) is_table = true;
    if (!is_table || line.starts_with("| fault |") || line.starts_with("|---")) continue;
    if (!line.starts_with("|")) break;
    const auto parts = cells_of(line);
    for (std::size_t i = 0; i < columns.size() && i + 1 < parts.size(); ++i) {
      const std::string& text = parts[i + 1];
      if (text.empty()) continue;
      const auto open = text.find(" (");
      const std::string cold = text.substr(0, open);
      out.push_back({parts[0], columns.at(i), cold,
                     open == std::string::npos ? "pinned" : text.substr(open + 2, text.size() - open - 3)});
    }
  }
  return out;
}

class FaultMatrix : public registry_world, public ::testing::WithParamInterface<cell> {
 protected:
  FaultMatrix() {
    for (const char* host : hosts_of_way)
      net.at(host).otherwise([this, host](const recorded_request& r) { return answer_of(host, r); });
  }

  reply answer_of(std::string_view host, const recorded_request& r) const {
    const auto found = answers().find(GetParam().fault);
    for (const way_step& at : way_steps)
      if (is_broken && GetParam().column == at.name && found != answers().end() &&
          at.is_that(host, r.method, r.path(), r.has_header("Authorization")))
        return found->second;
    return healthy_answer(host, r);
  }

  void breaks() {
    is_broken = true;
    const auto& [fault, column, cold, old] = GetParam();
    if (column == "connection") net.elsewhere["one.example"] = closed_.host();
    if (column != "TLS") return;
    if (fault == "silent") net.elsewhere["one.example"] = silent_.host();
    if (fault == "not HTTP") net.elsewhere["one.example"] = plain_.host();
    if (fault == "an expired certificate") net.elsewhere["one.example"] = expired_.host();
    if (fault == "a certificate of an unknown authority") net.elsewhere["one.example"] = foreign_.host();
    if (fault == "a certificate for another name") net.elsewhere["one.example"] = misnamed_.host();
  }
  // What was left behind ends first: a look-up by itself, or the fetch of its token.
  void mends() {
    for (int i = 0; i < 1000 && net.client().transfers() != 0; ++i) {
      io.restart();
      io.run_one_for(10ms);
    }
    is_broken = false;
    net.elsewhere.clear();
  }

  // A webhook that remembers nothing; digests are old after `ttl`.
  void begin(std::chrono::nanoseconds ttl) {
    mends();
    time.ahead = 0ns;
    resolve::resolver_options of_resolver;
    of_resolver.waits_out_rests = false;
    of_resolver.cache.ttl = ttl;
    if (GetParam().fault.starts_with("silent")) {
      // In place of half a minute; the healthy way takes some 30 ms, with sanitizers and on a busy machine some 100.
      of_resolver.flights.limit = 700ms;
      options.token_limit = 500ms;
    }
    restart();
    tags_ = std::make_shared<resolve::tag_resolver>(io.get_executor(), client(), time, nullptr, of_resolver);
    const auto nobody = fake_credentials::make("");
    nobody->set("", {});
    handler_ = std::make_unique<admission::handler>(tags_, std::make_shared<registry::shared_credentials>(nobody),
                                                    std::make_shared<admission::rulebook>());
  }
  void end() {
    handler_.reset();
    run_on(io, stop());
    tags_.reset();
  }
  awaitable<bool> stop() {
    co_await tags_->stop();
    co_return true;
  }

  // "pinned"; the code of a denial; "warned" (admitted as it is, with a warning).
  std::string ask(pin::mode mode) {
    const std::string body = review_of(deployment(container("web", "one.example/a:1"))) + std::string(32, ' ');
    const auto got = run_on(io, handler_->handle(std::string_view(body).substr(0, body.size() - 32), mode,
                                                 deadline::after(time.now(), 30s)));
    const auto parsed = json::parse(got.body);
    if (!parsed) return "no answer: " + got.body;
    const auto& response = *json::find(*parsed, "response");
    if (json::find(response, "patch") != nullptr) return "pinned";
    if (const auto* status = json::find(response, "status")) {
      EXPECT_NE(got.body.find("one.example/a:1"), std::string::npos) << got.body;
      return std::to_string(json::find_integer(*status, "code").value_or(0));
    }
    return json::find(response, "warnings") != nullptr ? "warned" : "admitted without a word: " + got.body;
  }

  std::atomic<bool> is_broken{false};
  std::shared_ptr<resolve::tag_resolver> tags_;
  std::unique_ptr<admission::handler> handler_;

 private:
  refusing_port closed_;
  silent_port silent_;
  scripted_server plain_;
  scripted_server expired_{net.authority().issue({.not_before = -2h, .not_after = -1h})};
  scripted_server foreign_{certificate_authority().issue()};
  scripted_server misnamed_{net.authority().issue({.names = {"other.example"}})};
};

// Under best-effort and audit nothing is denied, and what is not pinned is said. Audit changes nothing.
std::string outcome(pin::mode mode, const std::string& under_enforce) {
  if (mode == pin::mode::enforce) return under_enforce;
  if (mode == pin::mode::audit) return "warned";
  return under_enforce == "pinned" ? "pinned" : "warned";
}

TEST_P(FaultMatrix, HasTheOutcomeOfTheTable) {
  for (const pin::mode mode : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
    SCOPED_TRACE(pin::to_string(mode));
    begin(1min);
    breaks();
    EXPECT_EQ(ask(mode), outcome(mode, GetParam().cold)) << "cold";
    // It is over, and so is each rest that it began.
    mends();
    time.ahead = 10min;
    EXPECT_EQ(ask(mode), outcome(mode, "pinned")) << "afterwards";
    const auto before = net.log().size();
    breaks();
    EXPECT_EQ(ask(mode), outcome(mode, "pinned")) << "in the cache";
    EXPECT_EQ(net.log().size(), before) << "a request for what is in the cache";
    end();

    begin(1ns);
    EXPECT_EQ(ask(mode), outcome(mode, "pinned")) << "healthy";
    breaks();
    EXPECT_EQ(ask(mode), outcome(mode, GetParam().old)) << "with an old digest";
    end();
  }
}

std::string name_of(const ::testing::TestParamInfo<cell>& info) {
  std::string out = info.param.column + "_" + info.param.fault;
  for (char& c : out)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return out;
}

INSTANTIATE_TEST_SUITE_P(EachCell, FaultMatrix, ::testing::ValuesIn(cells_of_page()), name_of);

TEST(FaultTable, HasARowForEachFaultAndNoOther) {
  std::map<std::string, std::size_t> rows;
  for (const cell& one : cells_of_page()) ++rows[one.fault];
  for (const auto& [fault, reply] : answers()) EXPECT_GE(rows[fault], 1U) << fault;
  const auto number = std::to_string(cells_of_page().size());
  EXPECT_NE(page_text("docs/faults.md").find(": " + number + " cells"), std::string::npos) << number;
}

}  // namespace
}  // namespace pinhook::testing
