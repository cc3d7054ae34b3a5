#include <pinhook/rules/rule_set.hpp>

namespace pinhook::rules {

struct rule_set::parts {
  std::vector<rule> written, rules;
};

rule_set::rule_set() : parts_(std::make_shared<const parts>()) {}

std::span<const rule> rule_set::rules() const { return parts_->rules; }
std::span<const rule> rule_set::written() const { return parts_->written; }

}  // namespace pinhook::rules
