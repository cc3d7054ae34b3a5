#include <pinhook/console/row_query.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace pinhook::console {
namespace {

bool has_finding(const fleet::row& of, std::string_view rule) {
  return std::ranges::any_of(of.findings, [&](const auto& one) { return one.rule == rule; });
}

struct row_state {
  std::string_view name;
  bool (*holds)(const fleet::row&);
};

constexpr std::array<row_state, 12> row_states{{
    {"pinned", [](const fleet::row& r) { return r.written == fleet::written_class::pinned; }},
    {"tag", [](const fleet::row& r) { return r.written == fleet::written_class::tag; }},
    {"latest", [](const fleet::row& r) { return r.written == fleet::written_class::latest; }},
    {"no-tag", [](const fleet::row& r) { return r.written == fleet::written_class::no_tag; }},
    {"invalid", [](const fleet::row& r) { return r.written == fleet::written_class::invalid; }},
    {"mixed", [](const fleet::row& r) { return r.is_mixed; }},
    {"moved", [](const fleet::row& r) { return r.moved == fleet::move::bytes || r.moved == fleet::move::version_tag; }},
    {"moved-version", [](const fleet::row& r) { return r.moved == fleet::move::version_tag; }},
    {"gone", [](const fleet::row& r) { return r.gone == true; }},
    {"unresolvable", [](const fleet::row& r) { return !r.unresolved.empty(); }},
    {"differs", [](const fleet::row& r) { return r.differs == true; }},
    {"findings", [](const fleet::row& r) { return !r.findings.empty(); }},
}};

constexpr std::array<std::pair<std::string_view, row_order>, 6> row_orders{{{"place", row_order::place},
                                                                            {"image", row_order::image},
                                                                            {"written", row_order::written},
                                                                            {"pods", row_order::pods},
                                                                            {"findings", row_order::findings},
                                                                            {"since", row_order::since}}};

template <class Table>
std::string names_of(const Table& table) {
  std::vector<std::string_view> names;
  if constexpr (requires { table.front().name; })
    for (const auto& one : table) names.push_back(one.name);
  else
    for (const auto& one : table) names.push_back(one.first);
  return fmt::format("{}", fmt::join(names, ", "));
}

result<void> read_number(std::string_view name, std::string_view text, std::size_t least, std::size_t most,
                         std::size_t& into) {
  std::size_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value < least || value > most)
    return fail(error_code::invalid_input,
                fmt::format("{}: {} is not a number from {} to {}", name, quoted(text), least, most));
  into = value;
  return {};
}

// Rows and pages beyond that do not exist.
constexpr std::size_t most_offset = 100'000'000;

using reader = result<void> (*)(const std::string& value, row_query& to);

result<void> read_state(const std::string& value, row_query& to) {
  const auto* const found = std::ranges::find(row_states, value, &row_state::name);
  if (found == row_states.end())
    return fail(error_code::invalid_input, fmt::format("state: {} is none of {}", quoted(value), names_of(row_states)));
  to.state = value;
  to.is_in_state = found->holds;
  return {};
}

result<void> read_order(const std::string& value, row_query& to) {
  to.is_descending = value.starts_with('-');
  const std::string_view name = std::string_view(value).substr(to.is_descending ? 1 : 0);
  for (const auto& [known, order] : row_orders)
    if (known == name) {
      to.order = order;
      return {};
    }
  return fail(error_code::invalid_input, fmt::format("sort: {} is none of {}, with - in front for the other direction",
                                                     quoted(value), names_of(row_orders)));
}

template <std::string row_query::* member>
result<void> read_text(const std::string& value, row_query& to) {
  to.*member = value;
  return {};
}

constexpr std::array<std::pair<std::string_view, reader>, 12> parameters{{
    {"namespace", read_text<&row_query::ns>},
    {"rule", read_text<&row_query::rule>},
    {"state", read_state},
    {"exception", read_text<&row_query::exception>},
    {"mode", read_text<&row_query::mode>},
    {"repository", read_text<&row_query::repository>},
    {"digest", read_text<&row_query::digest>},
    {"label",
     [](const std::string& value, row_query& to) -> result<void> {
       auto wanted = fleet::label_selector::parse(value);
       if (!wanted) return fail(std::move(wanted.error()).at("label"));
       to.labels = std::move(*wanted);
       return {};
     }},
    {"search",
     [](const std::string& value, row_query& to) -> result<void> {
       to.search = lowered(value);
       return {};
     }},
    {"sort", read_order},
    {"offset",
     [](const std::string& value, row_query& to) { return read_number("offset", value, 0, most_offset, to.offset); }},
    {"limit", [](const std::string& value,
                 row_query& to) { return read_number("limit", value, 1, row_query::most_rows, to.limit); }},
}};

int digit_of(char c) {
  if (is_digit(c)) return c - '0';
  const char small = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

char small_letter(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

// `part` is in small letters, and not empty.
bool contains(std::string_view text, std::string_view part) {
  for (std::size_t at = 0; at + part.size() <= text.size(); ++at) {
    if (small_letter(text[at]) != part.front()) continue;
    std::size_t same = 1;
    while (same < part.size() && small_letter(text[at + same]) == part[same]) ++same;
    if (same == part.size()) return true;
  }
  return false;
}

std::optional<wall_time> oldest_finding(const fleet::row& of) {
  std::optional<wall_time> out;
  for (const auto& one : of.findings)
    if (one.first_seen && (!out || *one.first_seen < *out)) out = one.first_seen;
  return out;
}

// The rows are in the order of their place before, which a stable sort keeps among equals.
bool is_before(const shown_row& a, const shown_row& b, row_order order) {
  switch (order) {
    case row_order::place:
      return false;
    case row_order::image:
      return a.row.image < b.row.image;
    case row_order::written:
      return a.row.written < b.row.written;
    case row_order::pods:
      return a.row.pods < b.row.pods;
    case row_order::findings:
      return a.row.findings.size() < b.row.findings.size();
    case row_order::since:
      // The oldest first; rows without a finding are the newest.
      return oldest_finding(a.row).value_or(wall_time::max()) < oldest_finding(b.row).value_or(wall_time::max());
  }
  return false;
}

bool runs_or_writes(const fleet::row& of, std::string_view digest) {
  return std::ranges::any_of(of.running, [&](const auto& one) { return one.digest.to_string() == digest; }) ||
         (of.baseline && of.baseline->to_string() == digest);
}

}  // namespace

result<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return fail(error_code::invalid_input,
                  fmt::format("{}: % is followed by no two hexadecimal digits", quoted(text)));
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

result<row_query> row_query::parse(std::string_view target) {
  row_query out;
  const auto mark = target.find('?');
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const auto value = decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!value) return fail(value.error());
    const auto found = std::ranges::find(parameters, name, &std::pair<std::string_view, reader>::first);
    if (found == parameters.end())
      return fail(error_code::invalid_input,
                  fmt::format("{} is none of the parameters {}", quoted(name), names_of(parameters)));
    // An empty filter is none, as forms send it.
    if (value->empty()) continue;
    if (auto ok = found->second(*value, out); !ok) return fail(std::move(ok.error()));
  }
  return out;
}

bool row_query::matches(const shown_row& one) const {
  const fleet::row& r = one.row;
  if (!ns.empty() && r.ns != ns) return false;
  if (!mode.empty() && r.mode != mode) return false;
  if (!rule.empty() && !has_finding(r, rule)) return false;
  if (is_in_state != nullptr && !is_in_state(r)) return false;
  if (!repository.empty() && one.repository != repository) return false;
  if (!digest.empty() && !runs_or_writes(r, digest)) return false;
  if (!exception.empty() &&
      std::ranges::none_of(one.exceptions, [&](const auto& each) { return each->rule == exception; }))
    return false;
  if (!labels.is_empty() && !labels.matches(*one.labels)) return false;
  if (search.empty()) return true;
  if (contains(r.image, search) || contains(r.owner.name, search) || contains(r.ns, search) ||
      contains(r.container, search))
    return true;
  // Kind and name together, as they are shown; where the search has no "/" they need not be put together.
  if (search.find('/') == std::string::npos) return contains(r.owner.kind, search);
  return contains(r.owner.to_string(), search);
}

found_rows find_rows(const fleet_view& of, const visible_namespaces& to, const row_query& query) {
  struct placed {
    const shown_row* row;
    std::size_t place;
  };
  std::vector<placed> all;
  for (const auto& [name, part] : of.namespaces) {
    if (!is_visible(to, name) || (!query.ns.empty() && query.ns != name)) continue;
    for (const shown_row& one : part->rows)
      if (query.matches(one)) all.push_back({&one, all.size()});
  }
  const std::size_t begin = std::min(query.offset, all.size());
  const std::size_t end = begin + std::min(query.limit, all.size() - begin);
  // What is behind the page needs no order.
  const auto sort_page = [&](auto is_first) {
    if (end > all.size() / 4)
      std::ranges::sort(all, is_first);
    else
      std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(end), is_first);
  };
  const auto by_order = [&](const placed& a, const placed& b) {
    if (is_before(*a.row, *b.row, query.order)) return true;
    return a.place < b.place && !is_before(*b.row, *a.row, query.order);
  };
  if (query.is_descending)
    sort_page([&](const placed& a, const placed& b) { return by_order(b, a); });
  else if (query.order != row_order::place)
    sort_page(by_order);
  found_rows out{{}, all.size()};
  for (std::size_t i = begin; i < end; ++i) out.page.push_back(all[i].row);
  return out;
}

}  // namespace pinhook::console
