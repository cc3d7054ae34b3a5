// What is left out after a first look holds nothing: compared with the whole way, on made documents.
#include <pinhook/files/first_look.hpp>

#include <pinhook/files/comment_markers.hpp>
#include <pinhook/files/unread.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/operator_images.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

// Separated by spaces.
constexpr std::string_view key_words =
    "spec template metadata labels annotations name image containers volumes initContainers imagePullPolicy reference "
    "pullPolicy jobTemplate env value args resources status data apiVersion kind ownerReferences controller "
    "generateName tag \"na\\nme\" 'it''s' pinhook.dev/pin pinhook.dev/pins templates container steps sidecars "
    "workflowSpec serviceAccountName spec.template serviceAccount << pinhook.dev/updates containers image initImage "
    "repository registry digest version images \"imag\\x65\" default envVar imageName global hub image_tag";

std::vector<std::string_view> words_in(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

const std::vector<std::string_view> made_keys = words_in(key_words);

constexpr std::array<std::string_view, 16> made_texts{"nginx:1.25",
                                                      "\"a/b\"",
                                                      "1",
                                                      "true",
                                                      "",
                                                      "skip",
                                                      "'x: y'",
                                                      "~",
                                                      "|\n",
                                                      "acme/web:1 # nginx:1",
                                                      "acme/web",
                                                      "RELATED_IMAGE_A",
                                                      "--side-image=acme/side:1",
                                                      "quay.io/acme/web:1",
                                                      "Deployment",
                                                      "'*'"};

// Keys that lead to images, by the key around them.
std::vector<std::string_view> keys_below(std::string_view key) {
  if (key.empty()) return words_in("spec spec metadata status");
  if (key == "spec")
    return words_in("containers template jobTemplate initContainers volumes templates workflowSpec image");
  if (key == "template" || key == "jobTemplate") return words_in("spec spec metadata container");
  if (key == "metadata") return words_in("labels annotations name ownerReferences");
  if (key == "labels") return words_in("pinhook.dev/pin tag");
  if (key == "image") return words_in("reference pullPolicy repository tag");
  return words_in("image name imagePullPolicy env image container tag");
}

class object_maker {
 public:
  explicit object_maker(unsigned seed) : from_(seed) {}

  std::string object(std::string_view version, std::string_view kind) {
    out_ = fmt::format("apiVersion: {}\nkind: {}\n", version, kind);
    members({}, 0);
    return out_;
  }

 private:
  static constexpr std::size_t deepest = 14;

  std::size_t below(std::size_t n) { return from_() % n; }

  std::string_view key_of(std::string_view around) {
    const auto usual = keys_below(around);
    return below(3) == 0 ? made_keys[below(made_keys.size())] : usual[below(usual.size())];
  }

  // Most keys once: a second one may be refused.
  void members(std::string_view around, std::size_t indent) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0, count = 1 + below(4); i < count; ++i) {
      const std::string_view key = key_of(around);
      if (!seen.insert(key).second && below(20) != 0) continue;
      out_ += std::string(indent, ' ').append(key).append(":");
      value(key, indent);
    }
  }

  void value(std::string_view key, std::size_t indent) {
    const bool is_inner = key == "spec" || key.ends_with("emplate") || key == "metadata" || key == "labels";
    if (indent > deepest || (!is_inner && !key.ends_with('s') && below(4) != 0) || below(12) == 0) {
      out_.append(" ").append(made_texts[below(made_texts.size())]).append("\n");
      return;
    }
    out_ += "\n";
    const bool is_list = !is_inner && key.ends_with('s');
    for (std::size_t i = 0, count = is_list ? 1 + below(2) : 1; i < count; ++i) {
      const std::size_t begin = out_.size();
      members(key, indent + 2);
      if (is_list) out_.replace(begin + indent, 2, "- ");
    }
  }

  std::mt19937 from_;
  std::string out_;
};

// All that files take of an object.
std::string shown(const result<pin::object>& read) {
  if (!read) return read.error().message.substr(0, read.error().message.find(" at byte"));
  std::string out = read->metadata.pin_label.value_or("none");
  for (const pin::slot& s : read->found.slots)
    out += fmt::format("; {} {} {} {} {}", s.pointer, s.image, s.container, s.pull_policy, static_cast<int>(s.type));
  return out;
}

TEST(FirstLook, TheMembersThatAreReadGiveWhatAllGive) {
  const pin::pod_paths kinds({{"example.com", "Fleet", {"spec.image", "spec.workers[*].container.image"}}});
  const std::vector<std::array<std::string_view, 3>> all{{"", "v1", "Pod"},
                                                         {"apps", "apps/v1", "Deployment"},
                                                         {"batch", "batch/v1", "CronJob"},
                                                         {"argoproj.io", "argoproj.io/v1alpha1", "Workflow"},
                                                         {"example.com", "example.com/v1", "Fleet"}};
  std::size_t objects = 0;
  std::size_t images = 0;
  for (const auto& [group, version, kind] : all) {
    const auto places = kinds.of(group, kind);
    if (!pin::are_by_name(places)) continue;
    for (unsigned seed = 0; seed < 2'000; ++seed) {
      const std::string text = object_maker(seed).object(version, kind);
      const auto from = yaml::read_source(text);
      if (!from) continue;
      const yaml::source_document& doc = from->documents.at(0);
      const auto whole = yaml::to_json(doc, doc.root);
      const auto part = yaml::to_json_of(doc, doc.root, kinds.members());
      ASSERT_TRUE(whole && part) << text;
      const auto expected = pin::read_object(*whole, places);
      ASSERT_EQ(shown(pin::read_object(*part, places)), shown(expected)) << text;
      ++objects;
      images += expected ? expected->found.slots.size() : 0;
    }
  }
  EXPECT_GT(objects, 5'000U);
  EXPECT_GT(images, 200U);
}

TEST(FirstLook, CountsTheWordsOfImages) {
  EXPECT_EQ(image_words(""), 0U);
  EXPECT_EQ(image_words("mage"), 1U);
  EXPECT_EQ(image_words("mag e: mae, gem, imag"), 0U);
  EXPECT_EQ(image_words("image: an Image, RELATED_IMAGE_A, iMaGe, imagePullSpec"), 5U);
  // At every place of a text that is read in blocks.
  for (std::size_t before = 0; before < 40; ++before)
    for (std::size_t behind = 0; behind < 40; ++behind)
      EXPECT_EQ(image_words(std::string(before, 'm') + "aGe mAgE" + std::string(behind, 'g')), before == 0 ? 1U : 2U)
          << before << " " << behind;
}

// An object with what the searches by keys find: all images, and how many there are by keys.
TEST(FirstLook, KeysAddNothingWhereItSaysSo) {
  const image_places places;
  std::size_t short_ways = 0;
  std::size_t long_ways = 0;
  for (unsigned seed = 0; seed < 4'000; ++seed) {
    const std::string text =
        object_maker(seed).object(seed % 2 == 0 ? "v1" : "acme.com/v1", seed % 2 == 0 ? "Pod" : "Web");
    auto from = yaml::read_source(text);
    if (!from) continue;
    const auto all = find_images(*from, text, "web.yaml", places);
    if (!all || std::ranges::any_of(*all, &found_image::is_by_keys)) continue;
    const marked_text marks(text);
    std::deque<inner_text> inner;
    image_search in{
        .doc = from->documents.at(0), .text = text, .places = places, .marks = marks, .inner = inner, .images = {}};
    const auto type = type_of(in.doc, in.doc.root);
    if (!type) continue;
    const bool is_short = keys_add_nothing(in, in.doc.root, *type, *all);
    ++(is_short ? short_ways : long_ways);
    if (!is_short) continue;
    for (const found_image& one : *all) in.known.insert(one.scalar);
    const auto found = find_by_keys(in, part_of(in.doc.root, {}), *type, {});
    ASSERT_TRUE(found) << found.error().message << "\n" << text;
    ASSERT_TRUE(in.images.empty()) << in.images.front().slot.written << "\n" << text;
  }
  EXPECT_GT(short_ways, 300U);
  EXPECT_GT(long_ways, 300U);
}

TEST(FirstLook, HidesNothingThatIsUnread) {
  const image_places places;
  std::size_t unread = 0;
  std::size_t short_ways = 0;
  for (unsigned seed = 0; seed < 4'000; ++seed) {
    const std::string text =
        object_maker(seed).object(seed % 2 == 0 ? "v1" : "acme.com/v1", seed % 3 == 0 ? "Pod" : "Web");
    auto from = yaml::read_source(text);
    if (!from) continue;
    const auto all = find_images(*from, text, "web.yaml", places);
    if (!all) continue;
    const auto shown_unread = [](const std::vector<unread_image>& found) {
      std::string out;
      for (const unread_image& one : found)
        out += fmt::format("{} {}:{} {}\n", one.pointer, one.line, one.column, one.written);
      return out;
    };
    const auto whole = unread_images(*from, {}, *all);
    ASSERT_EQ(shown_unread(unread_images(*from, text, *all)), shown_unread(whole)) << text;
    unread += whole.size();
    short_ways += may_name_more(text, from->documents[0], *all) ? 0 : 1;
  }
  EXPECT_GT(unread, 300U);
  EXPECT_GT(short_ways, 300U);
}

TEST(FirstLook, MembersAreKnownForPlacesByName) {
  const pin::pod_paths kinds(
      {{"example.com", "Fleet", {"spec.tools{*}.image"}}, {"*.example.com", "*", {"spec.image"}}});
  EXPECT_TRUE(pin::are_by_name(kinds.of("apps", "Deployment")));
  EXPECT_FALSE(pin::are_by_name(kinds.of("example.com", "Fleet")));
  EXPECT_FALSE(pin::are_by_name(kinds.of("a.example.com", "Fleet")));
  EXPECT_FALSE(pin::are_by_name(kinds.of("unknown.io", "Fleet")));
}

// A group without a dot is not looked up in the table.
TEST(FirstLook, KnowsOperatorsByTheDotOfTheirGroups) {
  for (const pin::operator_image& one : pin::operator_images()) EXPECT_TRUE(one.group.contains('.')) << one.title;
}

}  // namespace
}  // namespace pinhook::files
