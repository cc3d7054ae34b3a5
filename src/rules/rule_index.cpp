#include <pinhook/rules/rule_index.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace pinhook::rules {
namespace {

/// The sort of text that a list's key is made of.
enum class sort : std::uint8_t { name, name_and_tag, digest, begin, end, tag, ns, container };

constexpr std::uint32_t sort_bit(sort s) { return 1U << static_cast<unsigned>(s); }

// FNV-1a, so that a name is read once for itself and all its begins. Two texts with the same key do no harm: the
// pattern is compared in any case.
constexpr std::uint64_t hash_start = 0xcbf29ce484222325;
constexpr std::uint64_t hash_factor = 0x100000001b3;

constexpr std::uint64_t hash_on(std::uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * hash_factor;
}

constexpr std::uint64_t hash_of(std::string_view text, std::uint64_t hash = hash_start) {
  for (const char c : text) hash = hash_on(hash, c);
  return hash;
}

constexpr std::uint64_t hash_backwards(std::string_view text) {
  std::uint64_t hash = hash_start;
  for (std::size_t i = text.size(); i > 0; --i) hash = hash_on(hash, text[i - 1]);
  return hash;
}

/// Never 0, which is a free bucket.
constexpr std::uint64_t key_of(sort s, std::uint64_t hash) {
  hash ^= static_cast<std::uint64_t>(s) + 1;
  hash *= 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29) ? hash ^ (hash >> 29) : 1;
}

constexpr std::uint64_t name_and_tag(std::uint64_t hash_of_name, std::string_view tag) {
  return key_of(sort::name_and_tag, hash_of(tag, hash_on(hash_of_name, ':')));
}

// As many entries are compared in less time than it takes to find the pairs of a text.
constexpr std::size_t few_entries = 4;
constexpr letter_pairs every_pair{{~std::uint64_t{0}, ~std::uint64_t{0}}, ~std::uint64_t{0}};

// Pairs of letters. A text's first and last letter are beside an edge.
constexpr char edge = '\x03';

struct image_pairs {
  letter_pairs& in;
  void operator()(char a, char b) const {
    const auto pair = static_cast<std::uint32_t>(static_cast<unsigned char>(a) << 8 | static_cast<unsigned char>(b));
    const std::uint32_t bit = pair * 0x9e3779b1U >> 25;
    in.image[bit >> 6] |= std::uint64_t{1} << (bit & 63);
  }
};

struct place_pairs {
  letter_pairs& in;
  void operator()(char a, char b) const {
    const auto pair = static_cast<std::uint32_t>(static_cast<unsigned char>(a) << 8 | static_cast<unsigned char>(b));
    in.place |= std::uint64_t{1} << (pair * 0x9e3779b1U >> 26);
  }
};

template <class Add>
void add_pairs(std::string_view text, Add add) {
  char before = edge;
  for (const char c : text) {
    add(before, c);
    before = c;
  }
  add(before, edge);
}

/// The pairs that every text has which the pattern matches.
template <class Add>
void add_pairs(const glob& pattern, Add add) {
  char before = edge;
  for (const char c : pattern.text()) {
    if (c != '*' && before != '*') add(before, c);
    before = c;
  }
  if (before != '*') add(before, edge);
}

letter_pairs needs_of(const reference_pattern& p) {
  letter_pairs out;
  add_pairs(p.name(), image_pairs{out});
  if (!p.tag().is_empty()) add_pairs(p.tag(), image_pairs{out});
  return out;
}

/// The pairs that all of the patterns need: one of them matches.
std::uint64_t needs_of(const std::vector<glob>& any_of) {
  std::uint64_t out = any_of.empty() ? 0 : ~std::uint64_t{0};
  for (const glob& one : any_of) {
    letter_pairs needs;
    add_pairs(one, place_pairs{needs});
    out &= needs.place;
  }
  return out;
}

/// "docker.io/library/" of "docker.io/library/ng": the parts that are whole, eight at most.
std::string_view whole_begin(std::string_view begin) {
  std::size_t size = 0;
  for (std::size_t i = 0, depth = 0; i < begin.size() && depth < rule_index::max_depth; ++i)
    if (begin[i] == '/') size = i + 1, ++depth;
  return begin.substr(0, size);
}

std::string_view whole_end(std::string_view end) {
  std::size_t size = 0;
  for (std::size_t i = 1, depth = 0; i <= end.size() && depth < rule_index::max_depth; ++i)
    if (end[end.size() - i] == '/') size = i, ++depth;
  return end.substr(end.size() - size);
}

std::size_t depth_of(std::string_view text) { return static_cast<std::size_t>(std::ranges::count(text, '/')); }

struct key_choice {
  std::uint64_t key = 0;
  sort of = sort::name;
  std::size_t depth = 0;
};
using key_choices = std::vector<key_choice>;

key_choices keys_of(const reference_pattern& p) {
  key_choices out;
  const glob &name = p.name(), &tag = p.tag(), &digest = p.digest();
  const bool has_tag = !tag.is_empty() && tag.is_literal();
  if (!digest.is_empty() && digest.is_literal())
    out.push_back({key_of(sort::digest, hash_of(digest.text())), sort::digest});
  if (name.is_literal()) {
    if (has_tag) out.push_back({name_and_tag(hash_of(name.text()), tag.text()), sort::name_and_tag});
    out.push_back({key_of(sort::name, hash_of(name.text())), sort::name});
    return out;
  }
  if (const auto begin = whole_begin(name.literal_begin()); !begin.empty())
    out.push_back({key_of(sort::begin, hash_of(begin)), sort::begin, depth_of(begin)});
  if (const auto end = whole_end(name.literal_end()); !end.empty())
    out.push_back({key_of(sort::end, hash_backwards(end)), sort::end, depth_of(end)});
  if (has_tag) out.push_back({key_of(sort::tag, hash_of(tag.text())), sort::tag});
  return out;
}

/// None where a star is in one of them.
key_choices keys_of(const std::vector<glob>& names, sort s) {
  key_choices out;
  if (!std::ranges::all_of(names, &glob::is_literal)) return out;
  for (const glob& one : names) out.push_back({key_of(s, hash_of(one.text())), s});
  return out;
}

/// The lists that a rule may be in.
struct listing {
  std::vector<key_choices> images;
  key_choices namespaces, containers;
};

using counts = std::unordered_map<std::uint64_t, std::uint32_t>;
constexpr std::uint32_t unlisted = std::numeric_limits<std::uint32_t>::max();

const key_choice* shortest(const key_choices& of_image, const counts& sizes) {
  const auto size = [&](const key_choice& k) { return sizes.at(k.key); };
  const auto least = std::ranges::min_element(of_image, {}, size);
  return least == of_image.end() ? nullptr : &*least;
}

std::uint32_t longest(const key_choices& all, const counts& sizes) {
  std::uint32_t out = all.empty() ? unlisted : 0;
  for (const key_choice& k : all) out = std::max(out, sizes.at(k.key));
  return out;
}

std::uint32_t longest(const std::vector<key_choices>& images, const counts& sizes) {
  std::uint32_t out = images.empty() ? unlisted : 0;
  for (const key_choices& one : images) {
    const key_choice* best = shortest(one, sizes);
    out = std::max(out, best == nullptr ? unlisted : sizes.at(best->key));
  }
  return out;
}

}  // namespace

rule_index::rule_index(std::span<const matcher> rules) {
  std::vector<listing> listings;
  counts sizes;
  const auto count = [&](const key_choices& all) {
    for (const key_choice& k : all) ++sizes[k.key];
  };
  for (const matcher& m : rules) {
    listing one;
    for (const reference_pattern& p : m.images()) count(one.images.emplace_back(keys_of(p)));
    count(one.namespaces = keys_of(m.namespaces(), sort::ns));
    count(one.containers = keys_of(m.containers(), sort::container));
    listings.push_back(std::move(one));
  }

  std::vector<std::pair<std::uint64_t, entry>> all;
  const auto add = [&](const key_choice* at, const entry& e) {
    if (at != nullptr) {
      sorts_ |= sort_bit(at->of);
      if (at->of == sort::begin) begin_depths_ |= 1U << at->depth;
      if (at->of == sort::end) end_depths_ |= 1U << at->depth;
    }
    all.emplace_back(at == nullptr ? 0 : at->key, e);
  };
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    const listing& one = listings[i];
    entry e{{}, i, entry::every_image};
    e.needs.place = needs_of(rules[i].namespaces()) | needs_of(rules[i].containers()) | needs_of(rules[i].kinds());
    const std::uint32_t by_image = longest(one.images, sizes), by_namespace = longest(one.namespaces, sizes),
                        by_container = longest(one.containers, sizes);
    if (std::min(by_namespace, by_container) < by_image) {
      for (const key_choice& k : by_namespace <= by_container ? one.namespaces : one.containers) add(&k, e);
    } else if (one.images.empty()) {
      add(nullptr, e);
    } else {
      for (e.image = 0; e.image < one.images.size(); ++e.image) {
        e.needs.image = needs_of(rules[i].images()[e.image]).image;
        add(shortest(one.images[e.image], sizes), e);
      }
    }
  }
  fill(std::move(all));
}

void rule_index::fill(std::vector<std::pair<std::uint64_t, entry>> all) {
  // Entries without a key, 0, come last.
  std::ranges::sort(all, {},
                    [](const auto& one) { return std::tuple(one.first - 1, one.second.rule, one.second.image); });
  buckets_.resize(std::bit_ceil(2 * all.size() + 1));
  for (const auto& [key, e] : all) {
    entries_.push_back(e);
    if (key == 0) continue;
    ++unlisted_;
    std::size_t at = key & (buckets_.size() - 1);
    while (buckets_[at].key != 0 && buckets_[at].key != key) at = (at + 1) & (buckets_.size() - 1);
    if (buckets_[at].key == 0) buckets_[at] = {key, static_cast<std::uint32_t>(entries_.size() - 1), 0};
    ++buckets_[at].count;
  }
}

std::span<const rule_index::entry> rule_index::find(std::uint64_t key) const {
  for (std::size_t at = key & (buckets_.size() - 1); buckets_[at].key != 0; at = (at + 1) & (buckets_.size() - 1))
    if (buckets_[at].key == key) return std::span(entries_).subspan(buckets_[at].first, buckets_[at].count);
  return {};
}

rule_index::walk::walk(const rule_index& index, const subject& s) {
  if (index.entries_.empty()) return;
  if (index.entries_.size() <= few_entries) {
    has_ = every_pair;
  } else {
    if (s.ns) add_pairs(*s.ns, place_pairs{has_});
    if (!s.container.empty()) add_pairs(s.container, place_pairs{has_});
    if (!s.kind.empty()) add_pairs(s.kind, place_pairs{has_});
    add_pairs(s.ref->effective_tag(), image_pairs{has_});
    add_pairs(canonical_name(*s.ref), image_pairs{has_});
  }

  add_name(index, s);
  if (s.ns && (index.sorts_ & sort_bit(sort::ns)) != 0) add(index.find(key_of(sort::ns, hash_of(*s.ns))));
  if (!s.container.empty() && (index.sorts_ & sort_bit(sort::container)) != 0)
    add(index.find(key_of(sort::container, hash_of(s.container))));
  add(std::span(index.entries_).subspan(index.unlisted_));
}

void rule_index::walk::add_name(const rule_index& index, const subject& s) {
  const std::string_view name = canonical_name(*s.ref), tag = s.ref->effective_tag();
  std::uint64_t hash = hash_start;
  std::size_t depth = 0;
  for (const char c : name) {
    hash = hash_on(hash, c);
    if (c == '/' && ++depth <= max_depth && (index.begin_depths_ >> depth & 1) != 0)
      add(index.find(key_of(sort::begin, hash)));
  }
  if ((index.sorts_ & sort_bit(sort::name)) != 0) add(index.find(key_of(sort::name, hash)));
  if ((index.sorts_ & sort_bit(sort::name_and_tag)) != 0 && !tag.empty()) add(index.find(name_and_tag(hash, tag)));
  if ((index.sorts_ & sort_bit(sort::tag)) != 0 && !tag.empty()) add(index.find(key_of(sort::tag, hash_of(tag))));
  if ((index.sorts_ & sort_bit(sort::digest)) != 0 && s.ref->digest())
    add(index.find(key_of(sort::digest, hash_of(s.ref->digest()->to_string()))));
  if (index.end_depths_ != 0) add_ends(index, name);
}

void rule_index::walk::add_ends(const rule_index& index, std::string_view name) {
  std::uint64_t hash = hash_start;
  std::size_t depth = 0;
  for (std::size_t i = name.size(); i > 0; --i) {
    hash = hash_on(hash, name[i - 1]);
    if (name[i - 1] != '/') continue;
    if (++depth > max_depth || index.end_depths_ >> depth == 0) return;
    if ((index.end_depths_ >> depth & 1) != 0) add(index.find(key_of(sort::end, hash)));
  }
}

bool rule_index::walk::settle(cursor& c) const {
  while (c.at != c.end && !c.at->needs.are_in(has_)) ++c.at;
  return c.at != c.end;
}

void rule_index::walk::add(std::span<const entry> list) {
  cursor c{list.data(), list.data() + list.size()};
  if (settle(c)) cursors_[size_++] = c;
}

const rule_index::entry* rule_index::walk::next() {
  if (size_ == 0) return nullptr;
  std::size_t first = 0;
  for (std::size_t i = 1; i < size_; ++i)
    if (cursors_[i].at->rule < cursors_[first].at->rule) first = i;
  cursor& c = cursors_[first];
  const entry* out = c.at++;
  if (!settle(c)) c = cursors_[--size_];
  return out;
}

}  // namespace pinhook::rules
