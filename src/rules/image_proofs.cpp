#include <pinhook/rules/image_proofs.hpp>

#include <pinhook/rules/judge.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::rules {
namespace {

// The canonical text of an image by digest has no tag.
std::string key_of(const registry::reference& image) { return fmt::format("{} {}", image.canonical(), image.tag()); }

}  // namespace

std::string signed_instead(const proof_request& of, const proofs& answers) {
  for (const demand& d : of.demands)
    if (std::string out = signed_instead(d, answers); !out.empty()) return out;
  return {};
}

void proof_requests::add(const registry::reference& image, const rule_set& rules, const effects& e) {
  const auto questions = questions_of(rules, e);
  if (questions.empty()) return;
  const auto [at, is_new] = by_image_.try_emplace(key_of(image), all_.size());
  if (is_new) all_.push_back({image, {}});
  std::vector<proof_question>& into = all_[at->second].questions;
  for (const proof_question& one : questions)
    if (std::ranges::find(into, one) == into.end()) into.push_back(one);
  const demand* d = resolving_demand(rules, e);
  std::vector<demand>& demands = all_[at->second].demands;
  if (d != nullptr && std::ranges::find(demands, *d) == demands.end()) demands.push_back(*d);
}

image_proofs::image_proofs(std::span<const proof_request> asked, std::vector<proofs> answers) {
  for (std::size_t i = 0; i < asked.size() && i < answers.size(); ++i) add(asked[i].image, std::move(answers[i]));
}

void image_proofs::add(const registry::reference& image, proofs answers) {
  by_image_[key_of(image)].merge(std::move(answers));
}

void image_proofs::put(const registry::reference& image, proofs answers) {
  proofs& known = by_image_[key_of(image)];
  for (auto& [question, answer] : answers) {
    const auto before = known.find(question);
    if (answer || before == known.end() || !before->second) known.insert_or_assign(question, std::move(answer));
  }
}

void image_proofs::drop(const registry::reference& image) { by_image_.erase(key_of(image)); }

const proofs* image_proofs::find(const registry::reference& image) const {
  const auto at = by_image_.find(key_of(image));
  return at == by_image_.end() ? nullptr : &at->second;
}

}  // namespace pinhook::rules
