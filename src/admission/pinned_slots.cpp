#include <pinhook/admission/pinned_slots.hpp>

#include <pinhook/admission/pull_policy.hpp>
#include <pinhook/base/json_pointer.hpp>
#include <pinhook/pin/json_patch.hpp>
#include <pinhook/pin/write_pin.hpp>

#include <algorithm>
#include <utility>

namespace pinhook::admission {
namespace {

void write_record(const inquiry& about, std::vector<pin::recorded_pin> newest, pin::json_patch& patch) {
  pin::recorded_pins record = about.plan.record;
  record.put_newest(std::move(newest));
  const std::string text = record.text();
  const pin::metadata& metadata = about.now.metadata;
  if (metadata.pins == text) return;
  std::string pointer = "/metadata/annotations";
  if (!metadata.has_annotations) patch.add_object(pointer);
  append_pointer(pointer, pin::pins_annotation);
  if (metadata.pins)
    patch.replace(pointer, text);
  else
    patch.add(pointer, text);
}

}  // namespace

std::string patch_of(const inquiry& about, std::span<const pinned_slot> pinned, std::vector<pin::recorded_pin> newest) {
  pin::json_patch patch;
  for (const pinned_slot& p : pinned) {
    const pin::slot& s = about.now.found.slots[p.slot];
    patch.replace(s.pointer, pin::value_of(p.to, s.value));
    if (p.relaxes_pull_policy) patch.replace(s.pull_policy_pointer, if_not_present);
  }
  if (about.plan.may_record && !newest.empty() && about.now.has_metadata) write_record(about, std::move(newest), patch);
  return patch.is_empty() ? std::string() : patch.text();
}

bool are_as_before(const inquiry& about, std::span<const pinned_slot> pinned) {
  return std::ranges::all_of(pinned, [&](const pinned_slot& p) {
    const slot_work& w = about.work[p.slot];
    return p.to == w.image_before && (!p.relaxes_pull_policy || w.pull_policy_before == if_not_present);
  });
}

}  // namespace pinhook::admission
