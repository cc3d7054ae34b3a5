// The images of an object about which nothing could be looked up, as the texts of an answer: their digests, or the
// signatures that a rule demands.
//
//   slot_failures failed(about, mode);
//   failed.add({slot, image, error, tenant, slot_failures::subject::digest});
//   … failed.warning(entry), failed.lines(2'048), failed.status()
//
// One request, one thread.
#pragma once

#include <pinhook/admission/failure.hpp>
#include <pinhook/admission/inquiry.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/resolve/advice.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::admission {

class slot_failures {
 public:
  /// What could not be looked up.
  enum class subject : std::uint8_t { digest, signatures };
  struct entry {
    std::size_t slot = 0;
    /// The requested image.
    std::string image;
    error cause;
    /// Index in inquiry::tenants, or no_tenant.
    std::size_t tenant = no_tenant;
    subject about = subject::digest;
  };

  /// `about` outlives it.
  slot_failures(const inquiry& about, pin::mode m) : about_(about), mode_(m) {}

  /// In the order of the slots.
  void add(entry e) { all_.push_back(std::move(e)); }
  [[nodiscard]] bool is_empty() const { return all_.empty(); }
  [[nodiscard]] bool contains(std::size_t slot) const;

  /// "not pinned: the reason. The advice (container web, image nginx:1.25)".
  [[nodiscard]] std::string warning(const entry& e) const;
  /// That of the first failure where another try would not help, else of the first one. There is one.
  [[nodiscard]] const failure_status& status() const;
  /// The lines of status.message: "pinhook cannot pin 2 of 3 images:", "- container web, image …: …". The text of a
  /// failure is made only where it may have room: an object may have 1,000 of them.
  [[nodiscard]] std::vector<std::string> lines(std::size_t size) const;

 private:
  [[nodiscard]] resolve::audience reader_of(std::size_t tenant) const;
  [[nodiscard]] std::string head() const;

  const inquiry& about_;
  const pin::mode mode_;
  std::vector<entry> all_;
};

}  // namespace pinhook::admission
