#include <pinhook/console/answers.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/console/answer_parts.hpp>
#include <pinhook/console/object_text.hpp>
#include <pinhook/fleet/report.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pinhook::console {
namespace {

// An answer whose member `rows` is what the report writes.
std::string with_rows(json::writer head, const std::vector<const shown_row*>& rows) {
  fleet::report page;
  page.rows.reserve(rows.size());
  for (const shown_row* one : rows) page.rows.push_back(one->row);
  std::string out = std::move(head).text();
  out.pop_back();
  out += ",\"rows\":";
  std::string list = fleet::write_json(page);
  if (list.ends_with('\n')) list.pop_back();
  return out + list + "}\n";
}

struct image_group {
  struct digest_use {
    std::size_t pods = 0;
    std::set<std::string_view> tags;
  };
  // Of texts of the view, which outlives it.
  std::map<std::string_view, std::set<std::string_view>> tags;  // with the digests that run
  std::map<std::string_view, digest_use> digests;
  std::size_t rows = 0, pods = 0, findings = 0;
};

void add_to(image_group& to, const fleet::row& r) {
  ++to.rows;
  to.pods += r.pods;
  to.findings += static_cast<std::size_t>(
      std::ranges::count_if(r.findings, [](const auto& one) { return one.level != pipeline::severity::note; }));
  auto* const of_tag = r.tag.empty() ? nullptr : &to.tags[r.tag];
  for (const auto& one : r.running) {
    const std::string_view digest = one.digest.to_string();
    auto& use = to.digests[digest];
    use.pods += one.pods;
    if (of_tag == nullptr) continue;
    use.tags.insert(r.tag);
    of_tag->insert(digest);
  }
}

void write_texts(json::writer& to, std::string_view name, const std::set<std::string_view>& all) {
  to.key(name), to.open_array();
  for (const auto& one : all) to.string(valid_utf8(one));
  to.close_array();
}

void write_image(json::writer& to, std::string_view repository, const image_group& of) {
  to.open_object();
  write_text(to, "repository", repository);
  write_number(to, "rows", of.rows);
  write_number(to, "pods", of.pods);
  write_number(to, "findings", of.findings);
  to.key("tags"), to.open_array();
  for (const auto& [tag, digests] : of.tags) {
    to.open_object();
    write_text(to, "tag", tag);
    write_texts(to, "digests", digests);
    to.close_object();
  }
  to.close_array();
  to.key("digests"), to.open_array();
  for (const auto& [digest, use] : of.digests) {
    to.open_object();
    write_text(to, "digest", digest);
    write_number(to, "pods", use.pods);
    write_texts(to, "tags", use.tags);
    to.close_object();
  }
  to.close_array();
  to.close_object();
}

// Those of a workload that the viewer may see.
std::vector<const shown_row*> rows_of(const fleet_view& of, const visible_namespaces& to, const entity_id& id) {
  std::vector<const shown_row*> out;
  const auto found = is_visible(to, id.ns) ? of.namespaces.find(id.ns) : of.namespaces.end();
  if (found == of.namespaces.end()) return out;
  for (const shown_row& one : found->second->rows)
    if (one.row.owner.group == id.group && one.row.owner.kind == id.kind && one.row.owner.name == id.name)
      out.push_back(&one);
  return out;
}

}  // namespace

std::string entities_answer(const fleet_view& of, const visible_namespaces& to, const row_query& query) {
  const found_rows found = find_rows(of, to, query);
  json::writer head;
  head.open_object();
  write_number(head, "total", found.total);
  write_number(head, "offset", query.offset);
  head.close_object();
  return with_rows(std::move(head), found.page);
}

result<entity_id> entity_id::parse(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string_view rest = path.substr(0, path.find('?'));;) {
    const auto end = rest.find('/');
    auto one = decoded(rest.substr(0, end));
    if (!one) return fail(std::move(one.error()));
    parts.push_back(std::move(*one));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (parts.size() != 4)
    return fail(error_code::invalid_input,
                fmt::format("{} is no workload: write NAMESPACE/GROUP/KIND/NAME, as shop/apps/Deployment/web, and core "
                            "for the core group",
                            quoted(path)));
  return entity_id{parts[0], parts[1] == "core" ? "" : parts[1], parts[2], parts[3]};
}

std::set<std::string, std::less<>> pointers_of(const fleet_view& of, const visible_namespaces& to,
                                               const entity_id& id) {
  std::set<std::string, std::less<>> out;
  for (const shown_row* one : rows_of(of, to, id))
    if (one->row.is_in_workload && one->row.owner_was_read) out.insert(one->row.pointer);
  return out;
}

result<std::string> object_answer(const entity_id& id, std::string_view object,
                                  const std::set<std::string, std::less<>>& pointers) {
  const auto text = object_text_of(object, pointers);
  if (!text) return fail(text.error());
  json::writer out;
  out.open_object();
  write_text(out, "namespace", id.ns);
  write_text(out, "group", id.group);
  write_text(out, "kind", id.kind);
  write_text(out, "name", id.name);
  out.key("lines"), out.open_array();
  for (const std::string& one : text->lines) out.string(valid_utf8(one));
  out.close_array();
  out.key("places"), out.open_array();
  for (const auto& one : text->places) {
    out.open_object();
    write_text(out, "pointer", one.pointer);
    write_number(out, "line", one.line);
    out.close_object();
  }
  out.close_array();
  out.close_object();
  return std::move(out).text() + "\n";
}

result<std::string> entity_answer(const fleet_view& of, const visible_namespaces& to, const entity_id& id) {
  const auto rows = rows_of(of, to, id);
  if (rows.empty())
    return fail(error_code::not_found,
                fmt::format("{}/{} not found in namespace {}, or it has no image", id.kind, id.name, quoted(id.ns)));
  json::writer head;
  head.open_object();
  write_text(head, "namespace", id.ns);
  write_text(head, "group", id.group);
  write_text(head, "kind", id.kind);
  write_text(head, "name", id.name);
  write_text(head, "mode", rows.front()->row.mode);
  // Rows of one workload have the same.
  head.key("labels"), head.open_object();
  for (const auto& [key, value] : *rows.front()->labels) head.member(valid_utf8(key), valid_utf8(value));
  head.close_object();
  // Where each row's image is, its name without tag and digest, and the rules that take it out of others; in the order
  // of the rows.
  head.key("places"), head.open_array();
  for (const shown_row* one : rows) {
    head.open_object();
    write_text(head, "pointer", one->row.pointer);
    write_text(head, "repository", one->repository);
    head.key("exceptions"), head.open_array();
    for (const auto& each : one->exceptions) head.string(valid_utf8(each->rule));
    head.close_array();
    head.close_object();
  }
  head.close_array();
  head.close_object();
  return with_rows(std::move(head), rows);
}

std::string images_answer(const fleet_view& of, const visible_namespaces& to, const row_query& query) {
  std::unordered_map<std::string_view, std::vector<const fleet::row*>> all;
  for (const auto& [name, part] : of.namespaces) {
    if (!is_visible(to, name)) continue;
    for (const shown_row& one : part->rows)
      if (query.matches(one)) all[one.repository].push_back(&one.row);
  }
  std::vector<std::string_view> names;
  names.reserve(all.size());
  for (const auto& [name, rows] : all) names.push_back(name);
  const std::size_t begin = std::min(query.offset, names.size());
  const std::size_t end = begin + std::min(query.limit, names.size() - begin);
  std::ranges::partial_sort(names, names.begin() + static_cast<std::ptrdiff_t>(end));
  json::writer out;
  out.open_object();
  write_number(out, "total", all.size());
  write_number(out, "offset", query.offset);
  out.key("images"), out.open_array();
  for (std::size_t i = begin; i < end; ++i) {
    image_group group;
    for (const fleet::row* one : all.at(names[i])) add_to(group, *one);
    write_image(out, names[i], group);
  }
  out.close_array();
  out.close_object();
  return std::move(out).text() + "\n";
}

}  // namespace pinhook::console
