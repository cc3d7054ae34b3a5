#include <pinhook/files/added_entries.hpp>

#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomization.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

const registry::digest digest = *registry::digest::parse("sha256:" + std::string(64, 'd'));
const std::string of_entry = " # entry added by pinhook pin for 1.25";

// As `pin` writes it, and then as `unpin` takes it away again.
std::string there_and_back(std::string_view text, pin::pin_format format, std::optional<std::size_t> fills) {
  std::vector<new_entry> entries{
      {*registry::reference::parse(fills ? "b/nginx:1.25" : "nginx:1.25"), digest, {}, fills}};
  if (!fills) entries.push_back({*registry::reference::parse("a/b:v1"), digest});
  const auto pinned = with_entries(text, entries, format);
  if (!pinned) return pinned.error().message;
  EXPECT_NE(*pinned, text);
  const auto file = image_file::read(*pinned, "kustomization.yaml", {});
  if (!file) return file.error().message;
  std::vector<change> changes;
  for (std::size_t i = 0; i < file->slots().size(); ++i)
    if (file->slots()[i].is_pinned() && file->slots()[i].tag) changes.push_back({i, std::nullopt});
  const auto tags = file->rewrite(changes, format);
  if (!tags) return tags.error().message;
  return without_added_entries(*tags).value_or("malformed");
}

TEST(AddedEntries, AreTakenAwayByteForByte) {
  constexpr std::string_view texts[] = {
      "resources:\n- a\n",
      "resources:\n  - a # keep me\n",
      "resources:\n- a",
      "",
      "# nothing\n",
      "images:\n- name: a\n  newTag: v1 # keep me\n# behind\nresources: []\n",
      "images:\r\n- name: a\r\nx: 1\r\n",
      "images: [] # none yet\nresources:\n- a\n",
      "--- # k\nresources: [a]\n...\n",
      "patches:\n- patch: |-\n    a: b\n",
  };
  for (const auto text : texts)
    for (const auto format : {pin::pin_format::digest, pin::pin_format::tag_and_digest})
      EXPECT_EQ(there_and_back(text, format, {}), text);
  const std::string_view with_new_name = "images:\n- name: nginx\n  newName: b/nginx # ours\n- name: c\n";
  for (const auto format : {pin::pin_format::digest, pin::pin_format::tag_and_digest})
    EXPECT_EQ(there_and_back(with_new_name, format, 0), with_new_name);
}

struct entry_case {
  std::string_view name;
  std::string before;
  std::string after;
};

TEST(AddedEntries, ThoseOfTheAuthorStay) {
  const std::string head = "resources: [a]\nimages:\n";
  const entry_case table[] = {
      {"without a mark", head + "- name: nginx\n  newTag: \"1.25\"\n", ""},
      {"pinned still", head + "- name: nginx\n  digest: sha256:a # nginx:1.25" + of_entry + "\n", ""},
      {"with another tag", head + "- name: nginx\n  newTag: \"1.26\"" + of_entry + "\n", ""},
      {"with a key more", head + "- name: nginx\n  newName: b\n  newTag: \"1.25\"" + of_entry + "\n", ""},
      {"with a line more", head + "- name: nginx\n  # ours\n  newTag: \"1.25\"" + of_entry + "\n", ""},
      {"in flow", "images: [{name: nginx, newTag: '1.25'}]" + of_entry + "\n", ""},
      {"a mark elsewhere", "x:" + of_entry + "\n" + head + "- name: nginx\n  newTag: \"1.25\"\n", ""},
      {"one of two", head + "- name: nginx\n  newTag: \"1.25\"" + of_entry + "\n- name: b\n  newTag: v1\n",
       head + "- name: b\n  newTag: v1\n"},
      {"all of them", head + "- name: nginx\n  newTag: \"1.25\"" + of_entry + "\nx: 1\n", "resources: [a]\nx: 1\n"},
      {"the tag alone", head + "- name: b\n  newName: c\n  newTag: v1 # added by pinhook pin for v1\n",
       head + "- name: b\n  newName: c\n"},
      {"the tag alone, changed", head + "- name: b\n  newName: c\n  newTag: v2 # added by pinhook pin for v1\n", ""},
      {"no images", "x: 1 # added by pinhook pin for v1\n", ""},
  };
  for (const auto& one : table)
    EXPECT_EQ(without_added_entries(one.before).value_or("malformed"), one.after.empty() ? one.before : one.after)
        << one.name;
  EXPECT_FALSE(without_added_entries("a: [ # added by pinhook pin for v1"));
}

}  // namespace
}  // namespace pinhook::files
