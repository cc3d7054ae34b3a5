#include <pinhook/pipeline/kustomization_gaps.hpp>

#include <pinhook/files/kustomization.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

// An image as it comes out of a resource.
struct outcome {
  std::string image;
  std::string place;
  // Where it stands, as rules ask for it; of the reference `image` counts.
  files::site site;
  // How often kustomize applies an entry to it; 0: its `images` do not look there.
  std::size_t times = 0;
  // The name of an entry on the way that may have changed it: a regular expression. Empty: none.
  std::string pattern{};

  // The object is labelled: an entry would pin it all the same.
  [[nodiscard]] bool is_skipped() const { return site.why == files::untouched::skip_label; }
};

site_order order_of(const files::site& s, const registry::reference& ref, const site_rules& from) {
  auto out = s;
  out.ref = ref;
  if (!ref.is_pinned()) out.tag = ref;
  return from.order_of(out);
}

struct kustomization {
  bool is_component = false;
  std::vector<std::string> resources;
  std::vector<std::string> remote;
  std::vector<files::kustomize_entry> images;

  // The first name that is a regular expression; empty: none is.
  [[nodiscard]] std::string pattern() const {
    const auto found = std::ranges::find_if(images, files::is_pattern, &files::kustomize_entry::name);
    return found == images.end() ? std::string() : found->name;
  }
};

std::vector<yaml::node_index> items_of(const yaml::source_document& doc, std::string_view key) {
  std::vector<yaml::node_index> out;
  const auto list = doc.resolve(doc.find(doc.root, key));
  if (list == yaml::no_node || doc.at(list).kind != yaml::source_kind::sequence) return out;
  for (auto i = doc.at(list).first; i != yaml::no_node; i = doc.at(i).next) out.push_back(doc.resolve(i));
  return out;
}

result<kustomization> understand(std::string_view text) {
  kustomization out;
  auto local = files::local_resources(text);
  if (!local) return fail(std::move(local.error()));
  out.resources = std::move(*local);
  auto images = files::image_entries(text);
  if (!images) return fail(std::move(images.error()));
  out.images = std::move(*images);
  const auto read = yaml::read_source(text);
  if (!read) return fail(read.error());
  const std::set<std::string_view> here(out.resources.begin(), out.resources.end());
  for (const auto& doc : read->documents) {
    out.is_component = out.is_component || doc.text_of(doc.root, "kind") == "Component";
    for (const char* key : {"resources", "bases", "components"})
      for (const auto i : items_of(doc, key))
        if (const auto said = doc.at(i).text; !here.contains(said)) out.remote.emplace_back(said);
  }
  return out;
}

class walk {
 public:
  walk(const std::set<fs::path>& inputs, const files::file_rules& rules) : inputs_(inputs), rules_(rules) {}

  // What the resources of a kustomization bring, before its own entries.
  result<void> take_resources(const std::string& path, const kustomization& from, std::vector<outcome>& into) {
    open_.push_back(canonical(path));
    for (const auto& said : from.remote)
      notes_.push_back(fmt::format("{}: {} is passed over: it is no file here", path, pinhook::quoted(said)));
    for (const auto& said : from.resources)
      if (auto ok = take(path, said, into); !ok) return ok;
    open_.pop_back();
    return {};
  }

  std::vector<std::string> take_notes() { return std::move(notes_); }

 private:
  static fs::path canonical(const fs::path& path) {
    std::error_code ignored;
    auto out = fs::weakly_canonical(path, ignored);
    return ignored ? path.lexically_normal() : out;
  }

  static std::optional<std::string> kustomization_in(const fs::path& directory) {
    for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
      std::error_code ignored;
      if (fs::is_regular_file(directory / name, ignored)) return (directory / name).string();
    }
    return std::nullopt;
  }

  result<std::string> read(const std::string& path, std::string_view named_by) {
    if (++files_ > max_kustomization_files)
      return fail(error_code::invalid_input, fmt::format("more than {} files are taken in", max_kustomization_files));
    auto text = read_input_text(path);
    if (!text)
      return fail(error_code::invalid_input,
                  fmt::format("{}, which {} takes in, {}", path, named_by, text.error().message));
    return text;
  }

  result<void> take(const std::string& from, const std::string& said, std::vector<outcome>& into) {
    const auto path = (fs::path(from).parent_path() / said).lexically_normal();
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return take_file(path.string(), from, into);
    const auto inner = kustomization_in(path);
    if (!inner)
      return fail(error_code::invalid_input,
                  fmt::format("{}, which {} takes in, holds no kustomization", path.string(), from));
    return take_kustomization(*inner, from, into);
  }

  result<void> take_kustomization(const std::string& path, const std::string& from, std::vector<outcome>& into) {
    if (std::ranges::find(open_, canonical(path)) != open_.end())
      return fail(error_code::invalid_input, fmt::format("{} takes in {}, which takes it in itself", from, path));
    if (open_.size() >= max_kustomization_depth)
      return fail(error_code::invalid_input,
                  fmt::format("{} stands more than {} kustomizations deep", path, max_kustomization_depth));
    const bool is_input = inputs_.contains(canonical(path));
    auto text = read(path, from);
    if (!text) return fail(std::move(text.error()));
    auto inner = understand(*text);
    if (!inner) return fail(std::move(inner.error()).at(path));
    // Pinned on its own in this run; a component's entries reach what came before it.
    if (is_input) {
      if (inner->is_component) std::erase_if(into, [&](const outcome& o) { return is_taken(*inner, o); });
      return {};
    }
    if (inner->is_component) {
      if (auto ok = take_resources(path, *inner, into); !ok) return ok;
      apply(*inner, into);
      return {};
    }
    std::vector<outcome> own;
    if (auto ok = take_resources(path, *inner, own); !ok) return ok;
    apply(*inner, own);
    std::ranges::move(own, std::back_inserter(into));
    return {};
  }

  result<void> take_file(const std::string& path, const std::string& from, std::vector<outcome>& into) {
    if (inputs_.contains(canonical(path))) return {};
    auto text = read(path, from);
    if (!text) return fail(std::move(text.error()));
    const auto content = files::image_file::read(std::move(*text), path, rules_);
    if (!content)
      return fail(error_code::invalid_input,
                  fmt::format("{}, which {} takes in: {}", path, from, content.error().message));
    for (const auto& s : content->sites()) {
      const bool counts = s.why == files::untouched::no || s.why == files::untouched::skip_label;
      if (!counts || !s.ref) continue;
      into.push_back(
          {s.ref->written(), fmt::format("{}:{}:{}", path, s.line, s.column), s, files::times_applied(s.pointer)});
    }
    return {};
  }

  static bool is_taken(const kustomization& k, const outcome& o) {
    return o.times > 0 && !files::follow(k.images, o.image, o.times).matched.empty();
  }

  static void apply(const kustomization& k, std::vector<outcome>& to) {
    for (auto& o : to) {
      if (o.times == 0) continue;
      o.image = files::follow(k.images, o.image, o.times).image;
      if (o.pattern.empty()) o.pattern = k.pattern();
    }
  }

  const std::set<fs::path>& inputs_;
  const files::file_rules& rules_;
  std::vector<fs::path> open_;
  std::vector<std::string> notes_;
  std::size_t files_ = 0;
};

// An image behind the entries of the kustomization itself.
struct built_image {
  const outcome* from = nullptr;
  registry::reference ref;
};

// Images that one entry is to pin: one that is there and has neither tag nor digest, or a new one of their name.
struct gap_group {
  std::optional<std::size_t> entry;
  std::string name;
  std::vector<built_image> images;
};

class gap_finder {
 public:
  gap_finder(const kustomization& top, const site_rules& orders) : top_(top), orders_(orders) {}

  result<kustomization_gaps> find(const std::vector<outcome>& all, std::vector<std::string> notes) {
    out_.notes = std::move(notes);
    for (const auto& o : all) take(o);
    for (const auto& group : groups_)
      if (auto ok = judge(group); !ok) return fail(std::move(ok.error()));
    if (auto ok = verify(all); !ok) return fail(std::move(ok.error()));
    return std::move(out_);
  }

 private:
  void take(const outcome& o) {
    const auto built = files::follow(top_.images, o.image, o.times);
    auto ref = registry::reference::parse(built.image);
    if (!ref) {
      if (built.matched.empty())
        out_.notes.push_back(
            fmt::format("{} of {} gets no entry: kustomize makes {} of it, which is no image reference", o.image,
                        o.place, built.image));
      return;
    }
    if (o.times > 0 && loses_entry(o, built)) {
      out_.notes.push_back(
          fmt::format("{} in {} is pinned without the tag that an entry of `images` compares, so that the "
                      "entry does not reach it: write {}@{} there",
                      o.image, o.place, o.site.tag->written(), o.site.ref->digest()->to_string()));
    }
    if (o.times == 0) {
      if (!ref->is_pinned() && !o.is_skipped() && order_of(o.site, *ref, orders_).never.empty())
        out_.notes.push_back(
            fmt::format("{} gets no entry: kustomize's images do not reach {}; pin it there", o.image, o.place));
      return;
    }
    // Where the entry is looked at by itself, its fault is told.
    const auto has_fault = [&](std::size_t i) { return !top_.images[i].fault.empty(); };
    if (built.is_decided || std::ranges::any_of(built.matched, has_fault)) return;
    const std::string pattern = o.pattern.empty() ? top_.pattern() : o.pattern;
    if (!pattern.empty()) {
      if (!ref->is_pinned())
        out_.notes.push_back(
            fmt::format("{} of {} gets no entry: kustomize reads the name {} of one as a regular "
                        "expression, which may match it; write the names of images there",
                        o.image, o.place, pinhook::quoted(pattern)));
      return;
    }
    const std::optional<std::size_t> entry = built.matched.empty() ? std::nullopt : std::optional(built.matched.back());
    const std::string name(entry ? std::string_view() : ref->written_name());
    auto at = std::ranges::find_if(groups_, [&](const gap_group& g) { return g.entry == entry && g.name == name; });
    if (at == groups_.end()) at = groups_.insert(groups_.end(), {entry, name, {}});
    at->images.push_back({&o, *std::move(ref)});
  }

  // Pinned on its own: an entry for its tag matches no more.
  [[nodiscard]] bool loses_entry(const outcome& o, const files::followed_image& built) const {
    if (!o.site.is_pinned() || !o.site.tag || o.site.ref->written() != o.image) return false;
    return files::follow(top_.images, o.site.tag->written(), o.times).matched != built.matched;
  }

  // The gap that a group leaves, if any.
  result<void> judge(const gap_group& group) {
    const auto& same = group.images;
    const std::string_view kind = group.entry ? "digest" : "entry";
    if (std::ranges::all_of(same, [](const built_image& b) { return b.ref.is_pinned(); })) return {};
    const auto& first = same.front();
    std::optional<pin::pin_format> format;
    for (const auto& one : same) {
      const auto order = order_of(one.from->site, one.ref, orders_);
      if (!order.never.empty()) {
        out_.notes.push_back(fmt::format("{} gets no {}: rule {} says pin: never of the image in {}", one.ref.written(),
                                         kind, order.never, one.from->place));
        return {};
      }
      if (!format) format = order.format;
    }
    for (const auto& one : same) {
      if (one.ref.canonical() == first.ref.canonical()) continue;
      return fail(error_code::invalid_input,
                  fmt::format("{} is {} in {} and {} in {}: one entry would change both; pin them in their own files",
                              first.ref.written_name(), first.ref.written(), first.from->place, one.ref.written(),
                              one.from->place));
    }
    const auto skipped = std::ranges::find_if(same, [](const built_image& b) { return b.from->is_skipped(); });
    if (skipped == same.end())
      out_.missing.push_back({first.ref, first.from->place, format, group.entry});
    else
      out_.notes.push_back(fmt::format("{} gets no {}: the object in {} is labelled pinhook.dev/pin: skip",
                                       first.ref.written(), kind, skipped->from->place));
    return {};
  }

  // With the entries that are missing every image is the one that it was.
  result<void> verify(const std::vector<outcome>& all) const {
    if (out_.missing.empty()) return {};
    auto planned = top_.images;
    for (const auto& gap : out_.missing) {
      const std::string tag(gap.ref.effective_tag());
      if (gap.entry)
        planned[*gap.entry].new_tag = tag;
      else
        planned.push_back({.name = std::string(gap.ref.written_name()), .new_tag = tag});
    }
    for (const auto& o : all) {
      const auto before = registry::reference::parse(files::follow(top_.images, o.image, o.times).image);
      const auto text = files::follow(planned, o.image, o.times).image;
      const auto after = registry::reference::parse(text);
      if (!before || (after && after->canonical() == before->canonical())) continue;
      return fail(error_code::invalid_input,
                  fmt::format("{} of {} would become {} by an entry for another image; pin them in their own files",
                              before->written(), o.place, text));
    }
    return {};
  }

  const kustomization& top_;
  const site_rules& orders_;
  std::vector<gap_group> groups_;
  kustomization_gaps out_;
};

}  // namespace

result<kustomization_gaps> find_kustomization_gaps(const std::string& path, std::string_view text,
                                                   const gap_limits& within) {
  auto top = understand(text);
  if (!top) return fail(std::move(top.error()));
  walk through(within.inputs, within.rules);
  std::vector<outcome> all;
  if (auto ok = through.take_resources(path, *top, all); !ok) return fail(std::move(ok.error()));
  return gap_finder(*top, within.orders).find(all, through.take_notes());
}

std::vector<std::optional<result<kustomization_gaps>>> gaps_of_named(const std::vector<const input*>& inputs,
                                                                     const files::file_rules& rules,
                                                                     const site_rules& orders) {
  std::set<fs::path> paths;
  for (const auto* in : inputs) {
    std::error_code ignored;
    paths.insert(fs::weakly_canonical(in->path, ignored));
  }
  std::vector<std::optional<result<kustomization_gaps>>> out(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto& [path, content, is_named] = *inputs[i];
    if (content && is_named && path != "-" && files::is_kustomization(content->text(), path))
      out[i] = find_kustomization_gaps(path, content->text(), {paths, rules, orders});
  }
  return out;
}

}  // namespace pinhook::pipeline
