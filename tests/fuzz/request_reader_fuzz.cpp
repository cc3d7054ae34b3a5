// Any bytes in pieces of any size: the reader ends every request complete or refused, holds its limits, and the same
// bytes in one piece give the same.
#include <pinhook/server/request_reader.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using namespace pinhook::server;

// The requests in `bytes` and the final outcome, as text.
std::string read_all(std::string_view bytes, std::size_t step) {
  const limits l{.body = 4096, .header = 1024, .target = 256, .chunk_line = 128};
  request_reader reader(l);
  byte_buffer buffer;
  std::string out;
  for (;;) {
    const auto p = reader.advance(buffer);
    if (!p) return out + "refused " + std::to_string(p.error().status);
    if (*p == progress::complete) {
      const std::string_view body = reader.body(buffer);
      if (body.size() > l.body) std::abort();
      unsigned sum = 0;
      for (std::size_t i = 0; i < byte_buffer::padding; ++i)
        sum += static_cast<unsigned char>(body.data()[body.size() + i]);
      out +=
          reader.head().method + " " + reader.head().target + " " + std::string(body) + (sum > 1U << 30 ? "!" : "\n");
      reader.next(buffer);
      if (buffer.is_empty() && bytes.empty()) return out;
      continue;
    }
    if (*p == progress::head) continue;
    if (bytes.empty()) return out;
    const std::size_t n = std::min(step, bytes.size());
    std::memcpy(buffer.room(std::max(n, reader.wanted(buffer))).data(), bytes.data(), n);
    buffer.commit(n);
    bytes.remove_prefix(n);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string in_pieces = read_all(bytes, data[0] % 64U + 1);
  const std::string at_once = read_all(bytes, bytes.size() + 1);
  // A refusal can come earlier, and for another limit, when less has been read; requests that were complete are the
  // same.
  const auto complete = [](const std::string& s) { return s.substr(0, s.rfind("refused ")); };
  const std::string a = complete(in_pieces);
  const std::string b = complete(at_once);
  if (!a.starts_with(b) && !b.starts_with(a)) std::abort();
  return 0;
}
