#include <pinhook/trust/cbor_reader.hpp>

#include <cbor.h>

#include <limits>

namespace pinhook::trust {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

void set(void* to, cbor_item::kind type, std::uint64_t number) {
  // Numbers beyond 63 bits are no labels, sizes or times of ours.
  if (number > static_cast<std::uint64_t>(largest)) return;
  *static_cast<std::optional<cbor_item>*>(to) = cbor_item{type, static_cast<std::int64_t>(number), {}};
}
// CBOR writes -1 - n as n.
void set_negative(void* to, std::uint64_t number) {
  if (number >= static_cast<std::uint64_t>(largest)) return;
  *static_cast<std::optional<cbor_item>*>(to) =
      cbor_item{cbor_item::kind::integer, -1 - static_cast<std::int64_t>(number), {}};
}
void set_content(void* to, cbor_item::kind type, cbor_data data, std::size_t size) {
  *static_cast<std::optional<cbor_item>*>(to) = cbor_item{type, 0, {reinterpret_cast<const char*>(data), size}};
}
void set_other(void* to) { *static_cast<std::optional<cbor_item>*>(to) = cbor_item{}; }

const cbor_callbacks& callbacks() {
  static const cbor_callbacks made = [] {
    using kind = cbor_item::kind;
    cbor_callbacks out{};
    // Starts and ends of indefinite length.
    out.byte_string_start = out.string_start = [](void*) {};
    out.indef_array_start = out.indef_map_start = out.indef_break = [](void*) {};
    out.uint8 = [](void* to, std::uint8_t n) { set(to, kind::integer, n); };
    out.uint16 = [](void* to, std::uint16_t n) { set(to, kind::integer, n); };
    out.uint32 = [](void* to, std::uint32_t n) { set(to, kind::integer, n); };
    out.uint64 = [](void* to, std::uint64_t n) { set(to, kind::integer, n); };
    out.negint8 = [](void* to, std::uint8_t n) { set_negative(to, n); };
    out.negint16 = [](void* to, std::uint16_t n) { set_negative(to, n); };
    out.negint32 = [](void* to, std::uint32_t n) { set_negative(to, n); };
    out.negint64 = [](void* to, std::uint64_t n) { set_negative(to, n); };
    out.byte_string = [](void* to, cbor_data data, std::size_t size) { set_content(to, kind::bytes, data, size); };
    out.string = [](void* to, cbor_data data, std::size_t size) { set_content(to, kind::text, data, size); };
    out.array_start = [](void* to, std::size_t size) { set(to, kind::array, size); };
    out.map_start = [](void* to, std::size_t size) { set(to, kind::map, size); };
    out.tag = [](void* to, std::uint64_t n) { set(to, kind::tag, n); };
    out.float2 = out.float4 = [](void* to, float) { set_other(to); };
    out.float8 = [](void* to, double) { set_other(to); };
    out.undefined = out.null = set_other;
    out.boolean = [](void* to, bool) { set_other(to); };
    return out;
  }();
  return made;
}

}  // namespace

// An item that has no callback of ours (a start or end of indefinite length) leaves `out` without a value.
std::optional<cbor_item> cbor_reader::next() {
  std::optional<cbor_item> out;
  if (rest_.empty()) return out;
  const auto* data = reinterpret_cast<cbor_data>(rest_.data());
  const cbor_decoder_result read = cbor_stream_decode(data, rest_.size(), &callbacks(), &out);
  if (read.status != CBOR_DECODER_FINISHED || read.read == 0 || read.read > rest_.size()) return std::nullopt;
  if (out) rest_.remove_prefix(read.read);
  return out;
}

std::optional<cbor_item> cbor_reader::next(cbor_item::kind wanted) {
  auto out = next();
  if (!out || out->type != wanted) return std::nullopt;
  return out;
}

bool cbor_reader::skip() {
  // Values that are still to come. Each takes a byte at least, so a container that announces more is refused.
  for (std::uint64_t open = 1; open != 0; --open) {
    const auto item = next();
    if (!item) return false;
    const bool holds_others = item->type == cbor_item::kind::array || item->type == cbor_item::kind::map;
    const auto inside = static_cast<std::uint64_t>(holds_others ? item->number : 0);
    if (inside > rest_.size()) return false;
    open += item->type == cbor_item::kind::map ? 2 * inside : inside;
    if (item->type == cbor_item::kind::tag) ++open;
  }
  return true;
}

}  // namespace pinhook::trust
