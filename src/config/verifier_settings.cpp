#include <pinhook/base/nearest_word.hpp>
#include <pinhook/config/setting_types.hpp>
#include <pinhook/rules/rule_values.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <variant>

namespace pinhook::config {
namespace {

using signatures::content_trust_setting;
using signatures::cosign_setting;
using signatures::identity_setting;
using signatures::notation_setting;
using signatures::verifier_setting;

using words = std::span<const std::string_view>;

// Kinds of verifiers, in the order of verifier_setting's variant.
constexpr std::array<std::string_view, 3> kinds{"cosign", "notation", "content_trust"};
constexpr std::array<std::string_view, 5> verifier_keys{"name", "cosign", "notation", "content_trust", "platforms"};
constexpr std::array<std::string_view, 7> cosign_keys{"keys", "digest_algorithm", "annotations", "require",
                                                      "sct",  "trusted_root",     "identities"};
constexpr std::array<std::string_view, 4> identity_keys{"issuer", "issuer_regexp", "subject", "subject_regexp"};
constexpr std::array<std::string_view, 2> notation_keys{"trust_policy", "trust_store"};
constexpr std::array<std::string_view, 3> content_trust_keys{"server", "root_key_ids", "root"};

const word_type<signatures::proof> proof_words{
    {{"log", signatures::proof::log}, {"timestamp", signatures::proof::timestamp}}};
const word_type<std::string> algorithm_words{{{"sha256", "sha256"}, {"sha384", "sha384"}, {"sha512", "sha512"}}};

read_result<void> expect_keys(const yaml::node& n, words known) {
  if (n.kind != yaml::node_kind::mapping)
    return no_value(n, fmt::format("must be a mapping of {}, not {}", fmt::join(known, ", "), to_string(n.kind)));
  for (const auto& m : n.members) {
    if (std::ranges::find(known, std::string_view(m.key)) != known.end()) continue;
    const auto near = nearest_word(m.key, known);
    return std::unexpected(value_problem{
        m.line, m.column,
        near.empty() ? fmt::format("{} is not a valid key; known are: {}", quoted(m.key, 60), fmt::join(known, ", "))
                     : fmt::format("{} is not a valid key; did you mean {}?", quoted(m.key, 60), near)});
  }
  return {};
}

// The fault of one value in its place: "subject_regexp: …".
std::unexpected<value_problem> within(std::string_view where, value_problem p) {
  p.message = fmt::format("{}: {}", where, p.message);
  return std::unexpected(std::move(p));
}

template <class Type, class T>
read_result<void> take(const yaml::node& mapping, std::string_view key, const Type& type, T& into) {
  auto good = read_member(mapping, key, type, into);
  if (!good) return within(key, std::move(good.error()));
  return {};
}

// A text that is not empty: an empty one is more likely an unset variable than a wish.
struct filled_text_type {
  [[nodiscard]] static read_result<std::string> read(const yaml::node& n) {
    auto text = read_scalar(n, "text");
    if (text && text->empty()) return no_value(n, "is empty");
    return text;
  }
};

struct regexp_type {
  [[nodiscard]] static read_result<std::string> read(const yaml::node& n) {
    auto text = filled_text_type::read(n);
    if (!text) return text;
    if (const auto fault = signatures::fault_of_regexp(*text))
      return no_value(n, fmt::format("{} is not a valid regular expression: {}", quoted(*text, 120), *fault));
    return text;
  }
};

template <class Type>
struct list_of {
  Type each;
  [[nodiscard]] auto read(const yaml::node& n) const
      -> read_result<std::vector<typename std::remove_cvref_t<decltype(each.read(n))>::value_type>> {
    if (auto good = expect_list(n, "list"); !good) return std::unexpected(std::move(good.error()));
    if (n.items.size() > signatures::max_signers)
      return no_value(n,
                      fmt::format("has {} entries; at most {} are allowed", n.items.size(), signatures::max_signers));
    std::vector<typename std::remove_cvref_t<decltype(each.read(n))>::value_type> out;
    for (std::size_t i = 0; i < n.items.size(); ++i) {
      auto value = each.read(n.items[i]);
      if (!value) return within(fmt::format("[{}]", i), std::move(value.error()));
      out.push_back(std::move(*value));
    }
    return out;
  }
};

struct annotations_type {
  [[nodiscard]] static read_result<std::map<std::string, std::string>> read(const yaml::node& n) {
    if (n.kind != yaml::node_kind::mapping)
      return no_value(n, fmt::format("must be a mapping of texts, not {}", to_string(n.kind)));
    std::map<std::string, std::string> out;
    for (const auto& m : n.members) {
      auto value = read_scalar(m.value, "text");
      if (!value) return within(m.key, std::move(value.error()));
      out.emplace(m.key, std::move(*value));
    }
    return out;
  }
};

struct platform_type {
  [[nodiscard]] static read_result<registry::platform> read(const yaml::node& n) {
    auto text = read_scalar(n, "text");
    if (!text) return std::unexpected(std::move(text.error()));
    auto out = registry::platform::parse(*text);
    if (!out) return no_value(n, out.error().message);
    return std::move(*out);
  }
};

struct identity_type {
  [[nodiscard]] static read_result<identity_setting> read(const yaml::node& n) {
    if (auto good = expect_keys(n, identity_keys); !good) return std::unexpected(std::move(good.error()));
    identity_setting out;
    // An issuer may be empty: certificates of an own authority name none.
    if (auto good = take(n, "issuer", text_type{}, out.issuer); !good) return std::unexpected(std::move(good.error()));
    if (auto good = take(n, "issuer_regexp", regexp_type{}, out.issuer_regexp); !good)
      return std::unexpected(std::move(good.error()));
    if (auto good = take(n, "subject", filled_text_type{}, out.subject); !good)
      return std::unexpected(std::move(good.error()));
    if (auto good = take(n, "subject_regexp", regexp_type{}, out.subject_regexp); !good)
      return std::unexpected(std::move(good.error()));
    return out;
  }
};

struct cosign_type {
  [[nodiscard]] static read_result<cosign_setting> read(const yaml::node& n) {
    if (auto good = expect_keys(n, cosign_keys); !good) return std::unexpected(std::move(good.error()));
    cosign_setting out;
    for (const auto& good :
         {take(n, "keys", list_of<filled_text_type>{}, out.keys),
          take(n, "digest_algorithm", algorithm_words, out.digest_algorithm),
          take(n, "annotations", annotations_type{}, out.annotations),
          take(n, "require", list_of<word_type<signatures::proof>>{proof_words}, out.required),
          take(n, "sct", bool_type{}, out.sct), take(n, "trusted_root", filled_text_type{}, out.trusted_root),
          take(n, "identities", list_of<identity_type>{}, out.identities)})
      if (!good) return std::unexpected(good.error());
    return out;
  }
};

struct notation_type {
  [[nodiscard]] static read_result<notation_setting> read(const yaml::node& n) {
    if (auto good = expect_keys(n, notation_keys); !good) return std::unexpected(std::move(good.error()));
    notation_setting out;
    for (const auto& good : {take(n, "trust_policy", filled_text_type{}, out.trust_policy),
                             take(n, "trust_store", filled_text_type{}, out.trust_store)})
      if (!good) return std::unexpected(good.error());
    return out;
  }
};

struct content_trust_type {
  [[nodiscard]] static read_result<content_trust_setting> read(const yaml::node& n) {
    if (auto good = expect_keys(n, content_trust_keys); !good) return std::unexpected(std::move(good.error()));
    content_trust_setting out;
    for (const auto& good : {take(n, "server", filled_text_type{}, out.server),
                             take(n, "root_key_ids", list_of<filled_text_type>{}, out.root_key_ids),
                             take(n, "root", filled_text_type{}, out.root)})
      if (!good) return std::unexpected(good.error());
    return out;
  }
};

template <class Type>
read_result<void> take_kind(const yaml::node& n, std::string_view key, const Type& type, verifier_setting& into) {
  const yaml::node* found = n.find(key);
  if (found == nullptr) return {};
  auto value = type.read(*found);
  if (!value) return within(key, std::move(value.error()));
  into.by = std::move(*value);
  return {};
}

read_result<verifier_setting> read_verifier(const yaml::node& n) {
  if (auto good = expect_keys(n, verifier_keys); !good) return std::unexpected(std::move(good.error()));
  verifier_setting out;
  auto name = required_text(n, "name");
  if (!name) return std::unexpected(std::move(name.error()));
  // As names of rules: it is a word of rules, messages and labels of metrics.
  if (!rules::check_rule_name(*name))
    return no_value(
        *n.find("name"),
        fmt::format("{} is not a valid name of a verifier: 1 to {} small letters, digits and - between them",
                    quoted(*name, 80), signatures::max_verifier_name));
  out.name = std::move(*name);
  const auto named = std::ranges::count_if(kinds, [&](std::string_view kind) { return n.find(kind) != nullptr; });
  if (named != 1)
    return no_value(
        n, fmt::format("must have one of {}, and has {}", fmt::join(kinds, ", "), named == 0 ? "none" : "several"));
  for (const auto& good : {take_kind(n, "cosign", cosign_type{}, out), take_kind(n, "notation", notation_type{}, out),
                           take_kind(n, "content_trust", content_trust_type{}, out),
                           take(n, "platforms", list_of<platform_type>{}, out.platforms)})
    if (!good) return std::unexpected(good.error());
  if (auto fault = signatures::fault_of(out)) return no_value(n, *fault);
  return out;
}

// "verifiers[1] (acme): …"
std::unexpected<value_problem> in_verifier(std::size_t i, const yaml::node& n, value_problem p) {
  const yaml::node* name = n.find("name");
  const bool is_named = name != nullptr && name->kind == yaml::node_kind::scalar && !name->text.empty();
  return within(fmt::format("verifiers[{}]{}", i, is_named ? fmt::format(" ({})", name->text.substr(0, 63)) : ""),
                std::move(p));
}

// Members of a mapping in flow style.
class flow_mapping {
 public:
  void add(std::string_view key, std::string_view value) {
    if (!value.empty()) text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, value);
  }
  void add_text(std::string_view key, std::string_view text) {
    if (!text.empty()) add(key, quoted_yaml(text));
  }
  void add_text(std::string_view key, const std::optional<std::string>& text) {
    if (text) add(key, quoted_yaml(*text));
  }
  void add_list(std::string_view key, const std::vector<std::string>& texts) {
    if (!texts.empty()) add(key, text_list_type::write(texts));
  }
  [[nodiscard]] std::string written() const { return fmt::format("{{{}}}", text_); }

 private:
  std::string text_;
};

std::string written(const cosign_setting& s) {
  flow_mapping out;
  out.add_list("keys", s.keys);
  out.add("digest_algorithm", s.digest_algorithm);
  flow_mapping annotations;
  for (const auto& [name, value] : s.annotations) annotations.add(quoted_yaml(name), quoted_yaml(value));
  if (!s.annotations.empty()) out.add("annotations", annotations.written());
  if (s.required) {
    std::vector<std::string> proofs;
    for (const auto one : *s.required) proofs.push_back(proof_words.write(one));
    out.add("require", fmt::format("[{}]", fmt::join(proofs, ", ")));
  }
  if (s.sct) out.add("sct", bool_type::write(*s.sct));
  out.add_text("trusted_root", std::string_view(s.trusted_root));
  std::vector<std::string> identities;
  for (const auto& one : s.identities) {
    flow_mapping identity;
    identity.add_text("issuer", one.issuer);
    identity.add_text("issuer_regexp", one.issuer_regexp);
    identity.add_text("subject", one.subject);
    identity.add_text("subject_regexp", one.subject_regexp);
    identities.push_back(identity.written());
  }
  if (!identities.empty()) out.add("identities", fmt::format("[{}]", fmt::join(identities, ", ")));
  return out.written();
}

std::string written(const notation_setting& s) {
  flow_mapping out;
  out.add_text("trust_policy", std::string_view(s.trust_policy));
  out.add_text("trust_store", std::string_view(s.trust_store));
  return out.written();
}

std::string written(const content_trust_setting& s) {
  flow_mapping out;
  out.add_text("server", std::string_view(s.server));
  out.add_list("root_key_ids", s.root_key_ids);
  out.add_text("root", std::string_view(s.root));
  return out.written();
}

}  // namespace

read_result<std::vector<verifier_setting>> verifiers_type::read(const yaml::node& n) {
  if (auto good = expect_list(n, "list of verifiers"); !good) return std::unexpected(std::move(good.error()));
  if (n.items.size() > signatures::max_verifiers)
    return no_value(n,
                    fmt::format("has {} verifiers; at most {} are allowed", n.items.size(), signatures::max_verifiers));
  std::vector<verifier_setting> out;
  for (std::size_t i = 0; i < n.items.size(); ++i) {
    auto one = read_verifier(n.items[i]);
    if (!one) return in_verifier(i, n.items[i], std::move(one.error()));
    if (std::ranges::find(out, one->name, &verifier_setting::name) != out.end())
      return in_verifier(i, n.items[i], no_value(n.items[i], "another verifier has this name").error());
    out.push_back(std::move(*one));
  }
  return out;
}

std::string verifiers_type::write(const std::vector<verifier_setting>& v) {
  std::string out = "[";
  for (const auto& one : v) {
    flow_mapping members;
    members.add_text("name", std::string_view(one.name));
    members.add(kinds[one.by.index()], std::visit([](const auto& s) { return written(s); }, one.by));
    std::vector<std::string> platforms;
    for (const auto& p : one.platforms) platforms.push_back(p.to_string());
    members.add_list("platforms", platforms);
    out += fmt::format("{}{}", out.size() > 1 ? ", " : "", members.written());
  }
  return out + "]";
}

}  // namespace pinhook::config
