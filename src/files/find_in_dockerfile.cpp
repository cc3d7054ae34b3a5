// The images of a Dockerfile, and of a file of environment variables, as slots.
#include <pinhook/files/dockerfile.hpp>
#include <pinhook/files/environment_file.hpp>
#include <pinhook/files/image_search.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::files {
namespace {

std::string filled_in_by(const dockerfile_image& image) {
  if (image.argument_line == 0) return fmt::format("the build fills in {}", image.variable);
  return fmt::format("the build fills in {}, which has a default in line {}", image.variable, image.argument_line);
}

}  // namespace

void find_in_dockerfile(image_search& in) {
  // Another reader's document has other nodes.
  if (in.doc.has_comments) return;
  yaml::node_index node = in.doc.at(in.doc.root).first;
  std::size_t index = 0;
  for (const dockerfile_image& one : read_dockerfile(in.text)) {
    found_image image = scalar_image(in, node, fmt::format("/{}", index));
    image.slot.object = one.stage;
    image.slot.name = one.place;
    if (!one.is_whole) {
      image.slot.reason = skip_reason::split;
      image.slot.problem = "it continues on the next line";
      image.slot.remedy = "write it on one line";
      in.images.push_back(std::move(image));
    } else {
      keep(in, std::move(image));
      if (slot& s = in.images.back().slot; s.reason == skip_reason::variable && !one.variable.empty())
        s.problem = filled_in_by(one);
    }
    node = in.doc.at(node).next;
    ++index;
  }
}

void find_in_environment_file(image_search& in) {
  if (in.doc.has_comments) return;
  yaml::node_index node = in.doc.at(in.doc.root).first;
  std::size_t index = 0;
  for (const environment_image& one : read_environment_file(in.text)) {
    found_image image = scalar_image(in, node, fmt::format("/{}", index));
    image.slot.object = "variables";
    image.slot.name = one.name;
    image.slot.is_guess = true;
    keep(in, std::move(image));
    node = in.doc.at(node).next;
    ++index;
  }
}

}  // namespace pinhook::files
