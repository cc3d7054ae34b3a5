// The kinds that hold pod templates, containers or images, and the paths to them: the table's (kind_table.hpp) and the
// operator's (README.md, 2).
//
// Immutable; any thread.
#pragma once

#include <pinhook/base/key_list.hpp>
#include <pinhook/pin/kind_table.hpp>
#include <pinhook/pin/path.hpp>
#include <pinhook/pin/policy.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {

struct place {
  pin::path path;
  holding holds = holding::pod_template;
};

/// True when an object is read at these places by the names of its members alone: they are known, and none of them is
/// any member or any place in the object.
[[nodiscard]] bool are_by_name(std::span<const place> places);

/// Places of one kind that are followed at once; a bit each in a 64-bit word.
inline constexpr std::size_t max_places = 64;

/// The places of images, for every kind that is known: the table's and the operator's.
class pod_paths {
 public:
  /// The table alone.
  pod_paths() : pod_paths(std::vector<custom_kind>{}) {}
  /// With the operator's kinds: their paths are added to the table's for the same kind; `*` in a group or kind stands
  /// for any characters. Throws std::invalid_argument
  /// when a path cannot be parsed (check with `parse_path` beforehand) or a kind has more than max_places.
  explicit pod_paths(const std::vector<custom_kind>& more);

  /// Empty: the kind is not known, and its objects are searched for pod specs by their shape. So are those of a kind
  /// that only a row of the operator's with wildcards matches: the last place has an empty path then.
  [[nodiscard]] std::span<const place> of(std::string_view group, std::string_view kind) const;

  /// Tells whether images of an existing object of the kind can be changed. They can where it is not known: in the
  /// operator's kinds, and in all others.
  [[nodiscard]] images images_of(std::string_view group, std::string_view kind) const;

  /// Keys on the way to images: an object without any of them holds no image, whatever its kind. A few.
  [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }

  /// The members that read_object (object.hpp) looks at in objects of any kind whose places are by name.
  [[nodiscard]] const key_list& members() const { return members_; }

 private:
  struct row {
    std::string group, kind;
    std::vector<place> places;
    bool is_wildcard = false;
    pin::images images = images::changeable;
  };
  [[nodiscard]] const row* find(std::string_view group, std::string_view kind) const;
  row& row_of(std::string_view group, std::string_view kind);
  void add(row& to, std::string_view text, holding holds);
  std::vector<row> rows_;
  std::vector<std::string> keys_{"image"};
  key_list members_;
};

}  // namespace pinhook::pin
