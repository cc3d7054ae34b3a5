#include <pinhook/admission/slot_failures.hpp>

#include <pinhook/admission/refusal_lines.hpp>
#include <pinhook/admission/slot_words.hpp>
#include <pinhook/resolve/advice.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace pinhook::admission {
namespace {

// Bytes of one registry's answer and of the advice, inside a message.
constexpr std::size_t max_reason_size = 600;

// A warning has room for the names of container and image; where the reason would have to be cut for both, for the
// container alone. Most reasons name the image.
constexpr std::size_t names_size = 88;
constexpr std::size_t least_names_size = 40;

}  // namespace

bool slot_failures::contains(std::size_t slot) const {
  const auto found = std::ranges::lower_bound(all_, slot, {}, &entry::slot);
  return found != all_.end() && found->slot == slot;
}

std::string slot_failures::warning(const entry& e) const {
  const pin::slot& s = about_.now.found.slots[e.slot];
  // A slot whose refresh failed keeps the pin it has.
  const std::string_view done = e.about == subject::signatures ? "verified"
                                : e.image == s.image           ? "pinned"
                                                               : "refreshed";
  const std::string head = fmt::format("{} {}: ", mode_ == pin::mode::audit ? "would not be" : "not", done);
  std::string text = head + with_advice(e.cause, reader_of(e.tenant),
                                        {max_warning_size - head.size(), names_size, least_names_size, true});
  return with_names(std::move(text), s, e.image, max_warning_size);
}

const failure_status& slot_failures::status() const {
  const auto definite = std::ranges::find_if(all_, [](const entry& e) { return status_of(e.cause.code).code == 403; });
  return status_of((definite != all_.end() ? *definite : all_.front()).cause.code);
}

resolve::audience slot_failures::reader_of(std::size_t tenant) const {
  resolve::audience out{.at = resolve::audience::place::webhook};
  if (tenant >= about_.tenants.size()) return out;
  const registry::tenant& owner = about_.tenants[tenant];
  out.reads_pull_secrets = tenant < about_.reads_pull_secrets.size() && about_.reads_pull_secrets[tenant];
  out.has_pull_secrets = !owner.pull_secrets.empty();
  out.service_account = owner.service_account;
  return out;
}

std::string slot_failures::head() const {
  const auto pins = std::ranges::count(all_, subject::digest, &entry::about);
  const bool is_mixed = pins != 0 && static_cast<std::size_t>(pins) != all_.size();
  const std::string_view failure = is_mixed    ? "pinhook cannot pin or verify"
                                   : pins != 0 ? "pinhook cannot pin"
                                               : "pinhook cannot verify";
  // A Pod of a foreign controller has no work, and yet rules.
  const std::size_t images = about_.work.empty() ? about_.now.found.slots.size() : about_.work.size();
  return fmt::format("{} {} of {} images", failure, all_.size(), images);
}

std::vector<std::string> slot_failures::lines(std::size_t size) const {
  std::vector<std::string> texts;
  std::size_t made = 0;
  for (const entry& e : all_) {
    if (made > size) break;
    const pin::slot& s = about_.now.found.slots[e.slot];
    const resolve::audience reader = reader_of(e.tenant);
    const std::string_view page = resolve::page_for(e.cause, reader);
    texts.push_back(fmt::format("{} {}, image {}: {}{}{}", noun_of(s), short_label(s), short_image(e.image),
                                with_advice(e.cause, reader, {max_reason_size}), page.empty() ? "" : "; see ", page));
    made += texts.back().size();
  }
  return finding_lines(head(), texts, all_.size(), size);
}

}  // namespace pinhook::admission
