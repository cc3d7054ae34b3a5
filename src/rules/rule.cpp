#include <pinhook/rules/rule.hpp>

#include <array>
#include <utility>

namespace pinhook::rules {
namespace {

template <class T, std::size_t N>
using word_table = std::array<std::pair<std::string_view, T>, N>;

constexpr word_table<requirement, requirement_count> requirements{{{"tag", requirement::tag},
                                                                   {"not-latest", requirement::not_latest},
                                                                   {"digest", requirement::digest},
                                                                   {"registry", requirement::registry},
                                                                   {"pull-policy", requirement::pull_policy},
                                                                   {"signed", requirement::signed_by},
                                                                   {"attested", requirement::attested},
                                                                   {"unmoved", requirement::unmoved}}};
constexpr word_table<action, 4> actions{
    {{"allow", action::allow}, {"audit", action::audit}, {"warn", action::warn}, {"deny", action::deny}}};
constexpr word_table<pin::container_type, 5> container_types{
    {{"container", pin::container_type::container},
     {"init-container", pin::container_type::init_container},
     {"ephemeral-container", pin::container_type::ephemeral_container},
     {"volume", pin::container_type::image_volume},
     {"field", pin::container_type::other}}};
constexpr word_table<pin::pin_order, 4> pin_orders{{{"always", pin::pin_order::always},
                                                    {"never", pin::pin_order::never},
                                                    {"keep", pin::pin_order::keep},
                                                    {"refresh", pin::pin_order::refresh}}};
constexpr word_table<pin::pull_policy_order, 2> pull_policy_orders{
    {{"if-not-present", pin::pull_policy_order::if_not_present}, {"as-written", pin::pull_policy_order::as_written}}};
constexpr word_table<pin::pin_format, 2> pin_formats{
    {{"digest", pin::pin_format::digest}, {"tag-and-digest", pin::pin_format::tag_and_digest}}};

template <class T, std::size_t N>
std::string_view word_of(const word_table<T, N>& all, T value) noexcept {
  for (const auto& [word, one] : all)
    if (one == value) return word;
  return {};
}

template <class T, std::size_t N>
std::optional<T> value_of(const word_table<T, N>& all, std::string_view text) noexcept {
  for (const auto& [word, one] : all)
    if (word == text) return one;
  return std::nullopt;
}

struct preset_row {
  std::string_view preset;
  rules::requirement requirement;
  rules::action action;
};

constexpr std::array<preset_row, 5> presets{{{"recommended", requirement::tag, action::warn},
                                             {"recommended", requirement::not_latest, action::warn},
                                             {"strict", requirement::tag, action::deny},
                                             {"strict", requirement::not_latest, action::deny},
                                             {"strict", requirement::digest, action::deny}}};

}  // namespace

std::string_view to_string(requirement r) noexcept { return word_of(requirements, r); }
std::optional<requirement> parse_requirement(std::string_view text) noexcept { return value_of(requirements, text); }

std::string_view to_string(action a) noexcept { return word_of(actions, a); }
std::optional<action> parse_action(std::string_view text) noexcept { return value_of(actions, text); }

std::string_view to_string(pin::container_type t) noexcept { return word_of(container_types, t); }
std::optional<pin::container_type> parse_container_type(std::string_view text) noexcept {
  return value_of(container_types, text);
}

std::string_view to_string(pin::pin_order o) noexcept { return word_of(pin_orders, o); }
std::optional<pin::pin_order> parse_pin_order(std::string_view text) noexcept { return value_of(pin_orders, text); }

std::string_view to_string(pin::pull_policy_order o) noexcept { return word_of(pull_policy_orders, o); }
std::optional<pin::pull_policy_order> parse_pull_policy_order(std::string_view text) noexcept {
  return value_of(pull_policy_orders, text);
}

std::string_view to_string(pin::pin_format f) noexcept { return word_of(pin_formats, f); }
std::optional<pin::pin_format> parse_pin_format(std::string_view text) noexcept { return value_of(pin_formats, text); }

std::vector<rule> rules_of_preset(std::string_view name) {
  std::vector<rule> out;
  for (const preset_row& row : presets) {
    if (row.preset != name) continue;
    rule one;
    one.name = std::string(name) + "/" + std::string(to_string(row.requirement));
    one.demands.push_back({row.requirement, {}});
    one.action = row.action;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace pinhook::rules
