#include <pinhook/signatures/finder.hpp>

#include <pinhook/registry/manifest.hpp>
#include <pinhook/signatures/beside.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace pinhook::signatures {
namespace {

using kind = registry::document_name::kind;

// The registry gave an answer that is no answer to the question; asking again would not help.
bool is_about_document(const error& e) {
  return e.code == error_code::malformed || e.code == error_code::unsupported || e.code == error_code::invalid_input;
}

bool is_out_of_reach(const error& e) {
  using enum error_code;
  return e.code == unavailable || e.code == timed_out || e.code == rate_limited;
}

// One search; it lives in the frame of find_signatures.
class search {
 public:
  search(document_reader read, registry::digest of, bool attestations, deadline d)
      : read_(std::move(read)), of_(std::move(of)), has_attestations_(attestations), limit_(d) {}

  awaitable<result<found_signatures>> run() {
    for (const auto& [from, name] :
         {std::pair(kind::referrers, of_.to_string()), std::pair(kind::manifest, tag_for(of_))}) {
      registry::document_name list{from, name, registry::max_manifest_size};
      auto text = co_await fetch(std::move(list));
      if (!text) co_return fail(std::move(text.error()));
      if (*text) note(signatures_listed((*text)->bytes));
    }
    for (std::size_t i = 0; i < manifests_.size(); ++i) {
      registry::document_name manifest{kind::manifest, manifests_[i].to_string(), registry::max_manifest_size};
      auto failed = co_await take_manifest(std::move(manifest));
      if (failed) co_return fail(std::move(*failed));
    }
    for (const std::string_view suffix : {".sig", ".att"}) {
      if (suffix == ".att" && !has_attestations_) continue;
      registry::document_name older{kind::manifest, tag_for(of_, suffix), registry::max_manifest_size};
      auto failed = co_await take_manifest(std::move(older));
      if (failed) co_return fail(std::move(*failed));
    }
    co_return std::move(out_);
  }

 private:
  // Nothing: it is not there, or not what it should be.
  awaitable<result<std::optional<registry::document>>> fetch(registry::document_name name) {
    const std::string called = name.name;
    auto got = co_await read_(std::move(name), limit_);
    if (got) co_return std::optional(std::move(*got));
    if (is_about_document(got.error())) out_.unreadable.push_back(std::move(got.error().message));
    if (got.error().code == error_code::not_found || is_about_document(got.error())) co_return std::nullopt;
    if (is_out_of_reach(got.error())) {
      if (!out_.unread) out_.unread = std::move(got.error());
      co_return std::nullopt;
    }
    co_return fail(std::move(got.error()));
  }

  void note(std::vector<registry::digest> listed) {
    for (registry::digest& one : listed) {
      if (std::ranges::find(manifests_, one) != manifests_.end()) continue;
      if (manifests_.size() < most_referrers)
        manifests_.push_back(std::move(one));
      else
        ++out_.left_out;
    }
  }

  awaitable<std::optional<error>> take_manifest(registry::document_name name) {
    const std::string called = name.name;
    auto text = co_await fetch(std::move(name));
    if (!text) co_return std::move(text.error());
    if (!*text) co_return std::nullopt;
    auto stored = signatures_in((*text)->bytes);
    if (!stored) {
      out_.unreadable.push_back(fmt::format("manifest {} {}", called, stored.error().message));
      co_return std::nullopt;
    }
    for (std::size_t i = 0; i < stored->size(); ++i) {
      const stored_signature& one = (*stored)[i];
      if (one.size > trust::max_bundle_bytes) {
        out_.unreadable.push_back(
            fmt::format("a signature has {} bytes; at most {} are read", one.size, trust::max_bundle_bytes));
        continue;
      }
      registry::document_name blob{kind::blob, one.blob.to_string(), trust::max_bundle_bytes};
      auto bytes = co_await fetch(std::move(blob));
      if (!bytes) co_return std::move(bytes.error());
      if (*bytes) take(one, std::move((*bytes)->bytes));
    }
    co_return std::nullopt;
  }

  void take(const stored_signature& one, std::string bytes) {
    if (bytes.size() != one.size) {
      out_.unreadable.push_back(
          fmt::format("a signature has {} bytes where its manifest says {}", bytes.size(), one.size));
      return;
    }
    switch (one.as) {
      case stored_signature::form::bundle:
        return keep(trust::parse_bundle(bytes), out_.cosign);
      case stored_signature::form::simple_signing:
        return keep(trust::parse_simple_signing(std::move(bytes), one.annotations), out_.cosign);
      case stored_signature::form::envelope:
        return keep(trust::parse_envelope(std::move(bytes), one.annotations), out_.cosign);
      case stored_signature::form::jws:
        return keep(trust::parse_notation_jws(bytes), out_.notation);
      case stored_signature::form::cose:
        return keep(trust::parse_notation_cose(bytes), out_.notation);
    }
  }

  template <class T>
  void keep(result<T> read, std::vector<T>& to) {
    if (read)
      to.push_back(std::move(*read));
    else
      out_.unreadable.push_back(std::move(read.error().message));
  }

  document_reader read_;
  registry::digest of_;
  bool has_attestations_;
  deadline limit_;
  std::vector<registry::digest> manifests_;
  found_signatures out_;
};

}  // namespace

awaitable<result<found_signatures>> find_signatures(document_reader read, registry::digest of, bool attestations,
                                                    deadline d) {
  search all(std::move(read), std::move(of), attestations, d);
  auto out = co_await all.run();
  co_return out;
}

}  // namespace pinhook::signatures
