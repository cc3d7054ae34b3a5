// Rules for tests, as values.
//
//   auto r = made_rule("sidecars", {"**/istio/proxyv2"});
//   r.pin = pin::pin_order::never;
//   const auto set = made_rules({r});
//
// Any thread.
#pragma once

#include <pinhook/rules/rule_set.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

inline rules::rule made_rule(std::string name, const std::vector<std::string_view>& images = {}) {
  rules::rule out;
  out.name = std::move(name);
  for (const auto text : images) {
    auto pattern = rules::reference_pattern::parse(text);
    if (!pattern) throw std::invalid_argument(pattern.error().message);
    out.about.images.push_back(*std::move(pattern));
  }
  return out;
}

inline rules::rule never_rule(std::string name, const std::vector<std::string_view>& images = {}) {
  auto out = made_rule(std::move(name), images);
  out.pin = pin::pin_order::never;
  return out;
}

inline rules::rule format_rule(std::string name, const std::vector<std::string_view>& images,
                               pin::pin_format format = pin::pin_format::tag_and_digest) {
  auto out = made_rule(std::move(name), images);
  out.format = format;
  return out;
}

inline rules::rule demand_rule(std::string name, rules::requirement requirement, rules::action action,
                               std::vector<std::string> values = {}) {
  auto out = made_rule(std::move(name));
  out.demands.push_back({requirement, std::move(values)});
  out.action = action;
  return out;
}

inline rules::rule_set made_rules(std::vector<rules::rule> rules) {
  auto out = rules::rule_set::make(std::move(rules));
  if (!out) throw std::invalid_argument(out.error().message);
  return *std::move(out);
}

}  // namespace pinhook::testing
