// Records the events of serving_certificate and trust_watch. One thread.
#pragma once

#include <pinhook/kube/serving_sink.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

class fake_serving_sink final : public kube::serving_sink {
 public:
  result<void> use(const key_pair& pair) override {
    if (refusal) return fail(*refusal);
    shown.push_back(pair.certificate);
    return {};
  }
  void trusted() override {
    is_trusted = true;
    distrust.clear();
    events.emplace_back("trusted");
  }
  void not_trusted(const std::string& reason) override {
    is_trusted = false;
    distrust = reason;
    events.push_back("not trusted: " + reason);
  }
  void wrote(std::string_view object, std::string_view reason) override {
    written.push_back(std::string(object) + ": " + std::string(reason));
  }
  void failed(const error& e) override { failures.push_back(e.message); }
  void unchecked(const std::string& reason) override { unknowns.push_back(reason); }

  /// `use` fails with this error.
  std::optional<error> refusal;
  bool is_trusted = false;
  std::string distrust;
  std::vector<std::string> shown, events, written, failures, unknowns;
};

}  // namespace pinhook::testing
