// JSON in the one form that TUF signs: members in the order of their names, no space, no fractions, and only the quote
// and the backslash escaped.
//
// It differs from RFC 8785 in all of these. Source: http://wiki.laptop.org/go/Canonical_JSON, as securesystemslib's
// `encode_canonical` writes it: names in the order of their UTF-8 bytes, which is that of their code points. Pure; any
// thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/json.hpp>

#include <string>

namespace pinhook::trust {

/// malformed: a number that is no integer of 64 bits, or two members of one name, which readers would choose between in
/// different ways.
[[nodiscard]] result<std::string> canonical_json(const json::value& v);

}  // namespace pinhook::trust
