// Files before and after they are pinned, and back, for tables.
#pragma once

#include <pinhook/files/image_file.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::test {

/// "%D" and "%E" in texts stand for two digests, "@D" and "@E" for the same behind an '@'.
inline std::string filled(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char mark = text[i];
    const char which = i + 1 < text.size() ? text[i + 1] : ' ';
    if ((mark != '%' && mark != '@') || (which != 'D' && which != 'E')) {
      out += mark;
      continue;
    }
    if (mark == '@') out += mark;
    out += "sha256:" + std::string(64, which == 'D' ? 'd' : 'e');
    ++i;
  }
  return out;
}

inline registry::digest digest_of(char c) { return *registry::digest::parse("sha256:" + std::string(64, c)); }

/// Every slot that can change, changed.
inline std::string rewritten(const std::string& text, std::string_view path, std::optional<registry::digest> digest,
                             pin::pin_format format = pin::pin_format::digest) {
  const auto file = files::image_file::read(text, path, {});
  if (!file) return file.error().message;
  std::vector<files::change> changes;
  for (std::size_t i = 0; i < file->slots().size(); ++i) {
    const files::slot& s = file->slots()[i];
    if (s.reason != files::skip_reason::none || (digest ? !s.tag : !(s.is_pinned() && s.tag))) continue;
    changes.push_back({i, digest});
  }
  auto out = file->rewrite(changes, format);
  const auto again = file->without_nodes().rewrite(changes, format);
  EXPECT_EQ(again ? *again : again.error().message, out ? *out : out.error().message) << "without nodes";
  return out ? *out : out.error().message;
}

struct rewrite_case {
  std::string_view name;
  std::string_view before;
  std::string_view after;
  /// Where unpin does not give the bytes before.
  std::string_view back = {};
  std::string_view path = "values.yaml";
};

inline void expect_rewrites(std::span<const rewrite_case> table, pin::pin_format format = pin::pin_format::digest) {
  for (const rewrite_case& one : table) {
    SCOPED_TRACE(one.name);
    const std::string before = filled(one.before);
    const std::string after = filled(one.after);
    EXPECT_EQ(rewritten(before, one.path, digest_of('d'), format), after);
    EXPECT_EQ(rewritten(after, one.path, digest_of('d'), format), after) << "a second time";
    EXPECT_EQ(rewritten(after, one.path, std::nullopt), one.back.empty() ? before : filled(one.back));
  }
}

}  // namespace pinhook::test
