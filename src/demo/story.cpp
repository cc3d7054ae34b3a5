#include <pinhook/demo/story.hpp>

#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

namespace pinhook::demo {
namespace {

using images = std::vector<container_image>;

bool is_pinned(const container_image& one) { return one.image.find("@sha256:") != std::string::npos; }

bool are_pinned(const images& all) { return !all.empty() && std::ranges::all_of(all, is_pinned); }

std::string image_at(const site& at, std::string_view name) {
  return fmt::format("{}/shop/{}", at.registry_name(), name);
}

std::string shop_at(const site& at, std::string_view web_tag) {
  return make_deployment("shop", 2,
                         {{"setup", image_at(at, "setup:2.0")},
                          {"web", image_at(at, fmt::format("web:{}", web_tag))},
                          {"proxy", image_at(at, "proxy")}});
}

class story {
 public:
  story(site& at, view& shown_by) : site_(at), view_(shown_by) {}

  result<void> tell() {
    push_images();
    for (const auto step :
         {&story::create, &story::move_the_tag, &story::apply_again, &story::scale_an_old_one, &story::roll_back,
          &story::create_another, &story::refuse_the_unknown, &story::refuse_by_rule})
      if (auto ok = (this->*step)(); !ok) return ok;
    return {};
  }

 private:
  [[nodiscard]] std::string reference(std::string_view name) const { return image_at(site_, name); }
  [[nodiscard]] std::string shop(std::string_view web_tag) const { return shop_at(site_, web_tag); }

  void push_images() {
    auto& r = site_.images();
    r.push("shop/setup", "2.0", image_manifest("setup 2.0"));
    r.push("shop/web", "1.4", image_index("web 1.4"));
    r.push("shop/web", "1.5", image_index("web 1.5"));
    r.push("shop/proxy", "latest", image_manifest("proxy"));
  }

  result<admission_trip> send(std::string_view title, pin::mode mode, std::string_view object, std::string_view old) {
    auto trip = site_.admit(mode, object, old);
    if (trip && !title.empty()) view_.step(title, note(mode, old, *trip));
    if (!trip) return fail(std::move(trip.error()).at(title.empty() ? "demo" : title));
    return trip;
  }

  static std::string note(pin::mode mode, std::string_view old, const admission_trip& trip) {
    const auto& a = trip.answer;
    return fmt::format("{} · {} · {} · {} · {:.1f} ms", to_string(mode), old.empty() ? "CREATE" : "UPDATE",
                       a.allowed ? "allowed" : "denied",
                       a.operations == 0 ? std::string("no patch") : fmt::format("patch of {}", a.operations),
                       std::chrono::duration<double, std::milli>(trip.took).count());
  }

  void show(std::string_view left, std::string_view before, std::string_view right, const review_answer& after) const {
    view_.side_by_side(left, images_of(before), right, images_of(after.object));
    for (const auto& warning : after.warnings) view_.warning(warning);
    if (!after.message.empty()) view_.denial(after.message);
  }

  result<void> create() {
    const auto trip = send("A Deployment is created", pin::mode::enforce, shop("1.4"), {});
    if (!trip) return fail(trip.error());
    show("the manifest", shop("1.4"), "is stored as", trip->answer);
    stored_ = trip->answer.object;
    const auto named = site_.digest_of("shop/web", "1.4");
    if (!named) return fail(named.error());
    first_digest_ = *named;
    const auto now = images_of(stored_);
    view_.check(trip->answer.allowed && are_pinned(now) && now.at(1).image == reference("web@" + first_digest_),
                "every tag became the digest that the registry names; the names stay as they were written");
    return {};
  }

  result<void> move_the_tag() {
    view_.step("Someone pushes another image to the tag shop/web:1.4");
    site_.images().push("shop/web", "1.4", image_index("web 1.4, built again"));
    const auto named = site_.digest_of("shop/web", "1.4");
    if (!named) return fail(named.error());
    moved_digest_ = *named;
    view_.line(fmt::format("HEAD /v2/shop/web/manifests/1.4   was {}, is {}", registry::shorten_digest(first_digest_),
                           registry::shorten_digest(moved_digest_)));
    view_.check(moved_digest_ != first_digest_, "the tag points to another digest");
    return {};
  }

  result<void> apply_again() {
    const auto requests = site_.images().manifest_requests();
    const std::string applied = with_spec_of(stored_, shop("1.4"));
    const auto trip = send("The unchanged manifest is applied again", pin::mode::enforce, applied, stored_);
    if (!trip) return fail(trip.error());
    show("the manifest", applied, "is stored as", trip->answer);
    view_.check(
        template_of(trip->answer.object) == template_of(stored_) && site_.images().manifest_requests() == requests,
        "the pod template is unchanged: no rollout, and no request to the registry");
    stored_ = trip->answer.object;
    return {};
  }

  result<void> scale_an_old_one() {
    const images tags{{"web", reference("web:1.4")}};
    const std::string old = make_deployment("legacy", 1, tags);
    const auto trip = send("A Deployment older than the opt-in is scaled", pin::mode::enforce,
                           make_deployment("legacy", 3, tags), old);
    if (!trip) return fail(trip.error());
    show("is stored as", old, "stays", trip->answer);
    view_.check(trip->answer.allowed && trip->answer.operations == 0 && !trip->answer.warnings.empty(),
                "nothing is changed: pinhook never starts a rollout by itself; a warning announces the change");
    return {};
  }

  result<void> roll_back() {
    const auto up = send({}, pin::mode::enforce, with_spec_of(stored_, shop("1.5")), stored_);
    if (!up) return fail(up.error());
    const std::string upgraded = up->answer.object;
    const auto trip = send("It is upgraded to 1.5 and rolled back to 1.4", pin::mode::enforce,
                           with_spec_of(upgraded, shop("1.4")), upgraded);
    if (!trip) return fail(trip.error());
    show("1.5 is stored as", upgraded, "1.4 is stored as", trip->answer);
    const auto now = images_of(trip->answer.object);
    view_.check(
        are_pinned(images_of(upgraded)) && now.size() == 3 && now.at(1).image == reference("web@" + first_digest_),
        "the rollback gets the bytes that ran before, although the tag has moved");
    stored_ = trip->answer.object;
    return {};
  }

  result<void> create_another() {
    const std::string manifest = make_deployment("shop-2", 1, {{"web", reference("web:1.4")}});
    const auto trip = send("A new Deployment with the same tag", pin::mode::enforce, manifest, {});
    if (!trip) return fail(trip.error());
    show("the manifest", manifest, "is stored as", trip->answer);
    const auto now = images_of(trip->answer.object);
    view_.check(now.size() == 1 && now.at(0).image == reference("web@" + moved_digest_),
                "it gets the digest that the tag has now");
    return {};
  }

  result<void> refuse_the_unknown() {
    const std::string manifest = make_deployment("typo", 1, {{"web", reference("web:1.44")}});
    const auto strict = send("An image that does not exist", pin::mode::enforce, manifest, {});
    if (!strict) return fail(strict.error());
    view_.denial(strict->answer.message);
    view_.check(!strict->answer.allowed && !strict->answer.message.empty(), "under enforce it is denied");
    const auto easy = send("The same in a namespace with best-effort", pin::mode::best_effort, manifest, {});
    if (!easy) return fail(easy.error());
    show("the manifest", manifest, "is stored as", easy->answer);
    view_.check(
        easy->answer.allowed && !easy->answer.warnings.empty() && images_of(easy->answer.object) == images_of(manifest),
        "under best-effort it is allowed unchanged, with a warning");
    return {};
  }

  result<void> refuse_by_rule() {
    const std::string manifest = make_deployment("orders", 1, {{"api", reference("proxy")}});
    const auto trip = send("A rule: container api has an image with a version", pin::mode::enforce, manifest, {});
    if (!trip) return fail(trip.error());
    view_.denial(trip->answer.message);
    const auto named = site_.digest_of("shop/proxy", "latest");
    if (!named) return fail(named.error());
    view_.check(!trip->answer.allowed && trip->answer.message.contains("Write image: " + reference("proxy@" + *named)),
                "it is denied, and the message gives the line to write");
    return {};
  }

  site& site_;
  view& view_;
  std::string stored_;
  std::string first_digest_;
  std::string moved_digest_;
};

}  // namespace

result<void> tell_story(site& at, view& shown_by) { return story(at, shown_by).tell(); }

std::string story_manifest(const site& at) { return shop_at(at, "1.4"); }

}  // namespace pinhook::demo
