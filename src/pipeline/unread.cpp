#include <pinhook/pipeline/unread.hpp>

#include <pinhook/files/foreign_files.hpp>
#include <pinhook/pipeline/slot_label.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::pipeline {
namespace {

// A word of every file of HCL that names an image: image = "…", docker-image://….
constexpr std::string_view image_word = "image";

finding note(const std::string& path) {
  finding out;
  out.rule = rule_id::unread;
  out.level = severity::note;
  out.path = path;
  out.kind = rules::fix_kind::advice;
  return out;
}

constexpr std::string_view by_hand = "check its images by hand";

// That a file as a whole is not read.
void add_file_note(std::string_view reason, std::string_view fix, bool lists_images, checked_file& to) {
  finding f = note(to.path);
  f.end_column = f.column;
  f.message = fmt::format("{}, so no image in it is found", reason);
  f.fix = fix;
  if (lists_images) to.images.push_back({"file", "", files::skip_reason::none, {to.findings.size()}});
  to.findings.push_back(std::move(f));
}

// ":v1.2", of `image: {tag: v1.2}`.
bool is_tag_alone(const std::string& written) { return written.starts_with(':'); }

}  // namespace

std::string unread_reason(const files::image_file& file, bool is_named) {
  const std::string& reason = file.unread_reason();
  const bool has_images = file.is_of_known_form() && file.text().contains(image_word);
  return is_named || has_images ? reason : std::string();
}

std::string unread_text(const std::string& written) {
  if (is_tag_alone(written))
    return fmt::format("{} is the tag of an image whose name is not here", quoted_name(written.substr(1)));
  return fmt::format("{} looks like an image, in a place that is not read", quoted_name(written));
}

std::string unread_note(const input& in) {
  if (!in.content) return {};
  const std::string reason = unread_reason(*in.content, in.is_named);
  return reason.empty() ? reason : fmt::format("{}: left unread: {}", shown_path(in.path), reason);
}

bool is_of_foreign_language(const input& in) {
  return !in.content && !in.is_named && in.content.error().code == error_code::unsupported &&
         in.content.error().message == files::foreign_reason;
}

checked_file foreign_file(std::string path, bool lists_images) {
  checked_file out;
  out.path = std::move(path);
  add_file_note(files::foreign_reason, by_hand, lists_images, out);
  return out;
}

void add_unread(const files::image_file& file, bool is_named, bool lists_images, checked_file& to) {
  if (const std::string reason = unread_reason(file, is_named); !reason.empty())
    add_file_note(reason,
                  file.is_of_known_form()
                      ? by_hand
                      : "name the places of its images in files.paths, or the file in files.exclude",
                  lists_images, to);
  for (const files::unread_image& one : file.unread()) {
    finding f = note(to.path);
    f.document = one.document;
    f.pointer = one.pointer;
    f.line = one.line;
    f.column = one.column;
    f.end_column = one.column + one.written.size();
    f.image = one.written;
    f.message = unread_text(one.written);
    f.fix = is_tag_alone(one.written) ? "write the image's repository beside it, or pin the rendered chart"
                                      : "name the place in pin.kinds or files.paths";
    to.unread.push_back(std::move(f));
  }
}

}  // namespace pinhook::pipeline
