#include <pinhook/store/stored_text.hpp>

#include <cstddef>

namespace pinhook::store {
namespace {

constexpr char image_mark = '\x1a';
constexpr char with_image = '~';
constexpr char as_it_is = '=';

// The number of the row that is found or, where there is none, made; the statements have the same parameters, bound.
result<std::int64_t> found_or_put(statement& find, statement& put) {
  for (statement* one : {&find, &put}) {
    const auto row = one->step();
    if (!row) return fail(row.error());
    if (!*row) continue;
    const std::int64_t id = one->number(0);
    if (auto ok = one->run(); !ok) return fail(std::move(ok.error()));
    return id;
  }
  return fail(error_code::internal, "a row of the store was not made");
}

}  // namespace

std::string stored_message(std::string_view message, std::string_view image) {
  if (image.empty() || message.find(image_mark) != std::string_view::npos) return as_it_is + std::string(message);
  std::string out(1, with_image);
  for (;;) {
    const std::size_t at = message.find(image);
    out += message.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += image_mark;
    message.remove_prefix(at + image.size());
  }
}

std::string message_of(std::string_view stored, std::string_view image) {
  if (stored.empty() || stored.front() != with_image) return std::string(stored.substr(stored.empty() ? 0 : 1));
  std::string out;
  for (const char c : stored.substr(1)) {
    if (c == image_mark)
      out += image;
    else
      out += c;
  }
  return out;
}

result<stored_names> stored_names::open(database& db) {
  auto find_text = db.prepare("SELECT id FROM text WHERE text = ?1");
  auto put_text = db.prepare("INSERT INTO text(text) VALUES(?1) RETURNING id");
  auto find_place =
      db.prepare("SELECT id FROM place WHERE cluster = ?1 AND namespace = ?2 AND owner = ?3 AND container = ?4");
  auto put_place =
      db.prepare("INSERT INTO place(cluster, namespace, owner, container) VALUES(?1, ?2, ?3, ?4) RETURNING id");
  for (auto* one : {&find_text, &put_text, &find_place, &put_place})
    if (!*one) return fail(std::move(one->error()));
  return stored_names(std::move(*find_text), std::move(*put_text), std::move(*find_place), std::move(*put_place));
}

result<std::int64_t> stored_names::text(const std::string& of) {
  if (const auto found = texts_.find(of); found != texts_.end()) return found->second;
  for (statement* one : {&find_text_, &put_text_}) one->bind(1, of);
  auto id = found_or_put(find_text_, put_text_);
  if (id) texts_.emplace(of, *id);
  return id;
}

result<std::int64_t> stored_names::place(std::int64_t cluster, const image_use& of) {
  for (statement* one : {&find_place_, &put_place_})
    one->bind(1, cluster).bind(2, of.ns).bind(3, of.owner).bind(4, of.container);
  return found_or_put(find_place_, put_place_);
}

}  // namespace pinhook::store
