#include <pinhook/pin/recorded_pins.hpp>

#include <pinhook/base/json.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::pin {
namespace {

result<recorded_pin> parse_entry(const json::value& name, const json::value& value) {
  const std::string_view text = json::text_of(name);
  const auto ref = registry::reference::parse(text);
  if (!ref || ref->is_pinned() || ref->canonical() != text)
    return fail(error_code::invalid_input, fmt::format("{} is not a canonical tag reference", quoted(text)));
  if (!value.IsString())
    return fail(error_code::invalid_input, fmt::format("the value of {} is not a string", quoted(text)));
  auto digest = registry::digest::parse(json::text_of(value));
  if (!digest) return fail(std::move(digest.error()).at(text));
  return recorded_pin{std::string(text), std::move(*digest)};
}

}  // namespace

result<recorded_pins> recorded_pins::parse(std::string_view text) {
  if (text.size() > max_recorded_size)
    return fail(error_code::invalid_input, fmt::format("it is longer than {} bytes", max_recorded_size));
  const auto parsed = json::parse(text);
  if (!parsed) return fail(error_code::invalid_input, parsed.error().message);
  if (!parsed->IsObject()) return fail(error_code::invalid_input, "it is not a JSON object");
  if (parsed->MemberCount() > max_recorded_pins)
    return fail(error_code::invalid_input, fmt::format("it has more than {} entries", max_recorded_pins));
  recorded_pins out;
  for (const auto& member : parsed->GetObject()) {
    auto entry = parse_entry(member.name, member.value);
    if (!entry) return fail(std::move(entry.error()));
    if (out.find(entry->reference) != nullptr)
      return fail(error_code::invalid_input, fmt::format("duplicate entry {}", quoted(entry->reference)));
    out.entries_.push_back(std::move(*entry));
  }
  return out;
}

const registry::digest* recorded_pins::find(std::string_view canonical) const {
  const auto found = std::ranges::find(entries_, canonical, &recorded_pin::reference);
  return found == entries_.end() ? nullptr : &found->digest;
}

std::optional<registry::reference> recorded_pins::tag_of(const registry::reference& pinned) const {
  for (const recorded_pin& entry : entries_) {
    if (!pinned.digest() || entry.digest != *pinned.digest()) continue;
    const auto ref = registry::reference::parse(entry.reference);
    if (!ref || ref->registry() != pinned.registry() || ref->repository() != pinned.repository()) continue;
    if (pinned.tag().empty() || pinned.tag() == ref->effective_tag()) return *ref;
  }
  return std::nullopt;
}

void recorded_pins::append_older(const recorded_pins& older) {
  for (const recorded_pin& entry : older.entries_)
    if (find(entry.reference) == nullptr) entries_.push_back(entry);
}

void recorded_pins::put_newest(std::vector<recorded_pin> newest) {
  recorded_pins merged;
  merged.entries_.reserve(std::min(newest.size() + entries_.size(), max_recorded_pins));
  for (recorded_pin& entry : newest) {
    if (merged.entries_.size() == max_recorded_pins) break;
    if (merged.find(entry.reference) == nullptr) merged.entries_.push_back(std::move(entry));
  }
  merged.append_older(*this);
  *this = std::move(merged);
}

std::string recorded_pins::text() const {
  // A name and a digest with their quotes.
  constexpr std::size_t usual_entry = 160;
  std::string out = "{";
  out.reserve(usual_entry * std::min(entries_.size(), max_recorded_pins));
  std::size_t count = 0;
  for (const recorded_pin& entry : entries_) {
    const std::size_t before = out.size();
    if (count != 0) out += ',';
    json::append_string(out, entry.reference);
    out += ':';
    json::append_string(out, entry.digest.to_string());
    if (++count <= max_recorded_pins && out.size() + 1 <= max_recorded_size) continue;
    out.resize(before);
    break;
  }
  out += '}';
  return out;
}

}  // namespace pinhook::pin
