#include <pinhook/files/kustomization.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/format.h>

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
  registry::reference ref;
  std::string place;
  // Where it stands, as rules ask for it; of the reference `ref` counts.
  files::site site;
  // kustomize's `images` looks there.
  bool is_reached = true;

  // The object is labelled: an entry would pin it all the same.
  [[nodiscard]] bool is_skipped() const { return site.why == files::untouched::skip_label; }
  [[nodiscard]] site_order order(const site_rules& from) const {
    auto out = site;
    out.ref = ref;
    if (!ref.is_pinned()) out.tag = ref;
    return from.order_of(out);
  }
};

// An entry of `images`.
struct entry {
  std::string name, new_name, new_tag, tag_suffix, digest;
};

struct kustomization {
  bool is_component = false;
  std::vector<std::string> resources;
  std::vector<std::string> remote;
  std::vector<entry> images;
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
  const auto read = yaml::read_source(text);
  if (!read) return fail(read.error());
  const std::set<std::string_view> here(out.resources.begin(), out.resources.end());
  for (const auto& doc : read->documents) {
    out.is_component = out.is_component || doc.text_of(doc.root, "kind") == "Component";
    for (const char* key : {"resources", "bases", "components"})
      for (const auto i : items_of(doc, key))
        if (const auto said = doc.at(i).text; !here.contains(said)) out.remote.emplace_back(said);
    for (const auto i : items_of(doc, "images")) {
      const auto text_of = [&](std::string_view key) { return std::string(doc.text_of(i, key)); };
      out.images.push_back(
          {text_of("name"), text_of("newName"), text_of("newTag"), text_of("tagSuffix"), text_of("digest")});
    }
  }
  return out;
}

// What kustomize makes of an image whose name an entry holds (imageTagUpdater).
std::optional<registry::reference> changed(const registry::reference& ref, const entry& e) {
  std::string tag = ref.tag();
  std::string digest = ref.digest() ? ref.digest()->to_string() : std::string();
  if (!e.new_tag.empty() || !e.digest.empty()) {
    tag = e.new_tag;
    digest = e.digest;
  } else if (!e.tag_suffix.empty()) {
    tag += e.tag_suffix;
    digest.clear();
  }
  std::string text = e.new_name.empty() ? std::string(ref.written_name()) : e.new_name;
  if (!tag.empty()) text += ":" + tag;
  if (!digest.empty()) text += "@" + digest;
  auto parsed = registry::reference::parse(text);
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

// "/spec/template/spec/containers/0/image": what api/filters/imagetag walks.
bool is_reached_by_kustomize(std::string_view pointer) {
  std::vector<std::string_view> parts;
  while (!pointer.empty()) {
    const auto slash = pointer.rfind('/');
    parts.push_back(pointer.substr(slash + 1));
    pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(0, slash);
  }
  if (parts.size() >= 4 && parts[0] == "reference" && parts[1] == "image" && parts[3] == "volumes") return true;
  return parts.size() >= 3 && parts[0] == "image" && (parts[2] == "containers" || parts[2] == "initContainers");
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
      if (inner->is_component) std::erase_if(into, [&](const outcome& o) { return names(*inner, o); });
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
      into.push_back({*s.ref, fmt::format("{}:{}:{}", path, s.line, s.column), s, is_reached_by_kustomize(s.pointer)});
    }
    return {};
  }

  static bool names(const kustomization& k, const outcome& o) {
    return o.is_reached &&
           std::ranges::any_of(k.images, [&](const entry& e) { return e.name == o.ref.written_name(); });
  }

  static void apply(const kustomization& k, std::vector<outcome>& to) {
    for (auto& o : to) {
      if (!o.is_reached) continue;
      for (const auto& e : k.images) {
        if (e.name != o.ref.written_name()) continue;
        if (auto next = changed(o.ref, e)) o.ref = std::move(*next);
      }
    }
  }

  const std::set<fs::path>& inputs_;
  const files::file_rules& rules_;
  std::vector<fs::path> open_;
  std::vector<std::string> notes_;
  std::size_t files_ = 0;
};

// One name's images, the first of them first: the gap that they leave, if any.
result<void> judge(const std::vector<const outcome*>& same, const site_rules& orders, kustomization_gaps& out) {
  if (std::ranges::all_of(same, [](const outcome* o) { return o->ref.is_pinned(); })) return {};
  const auto& first = *same.front();
  std::optional<pin::pin_format> format;
  for (const auto* o : same) {
    const auto order = o->order(orders);
    if (!order.never.empty()) {
      out.notes.push_back(fmt::format("{} gets no entry: rule {} says pin: never of the image in {}", o->ref.written(),
                                      order.never, o->place));
      return {};
    }
    if (!format) format = order.format;
  }
  for (const auto* o : same) {
    if (o->ref.canonical() == first.ref.canonical()) continue;
    return fail(error_code::invalid_input,
                fmt::format("{} is {} in {} and {} in {}: one entry would change both; pin them in their own files",
                            first.ref.written_name(), first.ref.written(), first.place, o->ref.written(), o->place));
  }
  const auto skipped = std::ranges::find_if(same, [](const outcome* o) { return o->is_skipped(); });
  if (skipped == same.end()) {
    out.missing.push_back({first.ref, first.place, format});
  } else {
    out.notes.push_back(fmt::format("{} gets no entry: the object in {} is labelled pinhook.dev/pin: skip",
                                    first.ref.written(), (*skipped)->place));
  }
  return {};
}

}  // namespace

result<kustomization_gaps> find_kustomization_gaps(const std::string& path, std::string_view text,
                                                   const gap_limits& within) {
  auto top = understand(text);
  if (!top) return fail(std::move(top.error()));
  walk through(within.inputs, within.rules);
  std::vector<outcome> all;
  if (auto ok = through.take_resources(path, *top, all); !ok) return fail(std::move(ok.error()));
  kustomization_gaps out;
  out.notes = through.take_notes();
  std::vector<std::pair<std::string, std::vector<const outcome*>>> by_name;
  for (const auto& o : all) {
    const std::string name(o.ref.written_name());
    if (!o.is_reached) {
      if (!o.ref.is_pinned() && !o.is_skipped() && o.order(within.orders).never.empty())
        out.notes.push_back(fmt::format("{} gets no entry: kustomize's images do not reach {}; pin it there",
                                        o.ref.written(), o.place));
      continue;
    }
    if (std::ranges::any_of(top->images, [&](const entry& e) { return e.name == name; })) continue;
    auto at = std::ranges::find(by_name, name, &std::pair<std::string, std::vector<const outcome*>>::first);
    if (at == by_name.end()) at = by_name.insert(by_name.end(), {name, {}});
    at->second.push_back(&o);
  }
  for (const auto& [name, same] : by_name)
    if (auto ok = judge(same, within.orders, out); !ok) return fail(std::move(ok.error()));
  return out;
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
