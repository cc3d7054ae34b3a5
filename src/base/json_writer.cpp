#include <pinhook/base/json_writer.hpp>

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <iterator>
#include <utility>

namespace pinhook::json {

void writer::start_line() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(indent_ * counts_.size(), ' ');
}

void writer::begin_value() {
  if (has_key_) {
    has_key_ = false;
  } else if (!counts_.empty()) {
    if (counts_.back()++ != 0) out_ += ',';
    start_line();
  }
}

void writer::open(char bracket) {
  begin_value();
  out_ += bracket;
  counts_.push_back(0);
}

void writer::close(char bracket) {
  assert(!counts_.empty() && !has_key_);
  const bool is_empty = counts_.back() == 0;
  counts_.pop_back();
  if (!is_empty) start_line();
  out_ += bracket;
}

void writer::key(std::string_view name) {
  assert(!counts_.empty() && !has_key_);
  if (counts_.back()++ != 0) out_ += ',';
  start_line();
  append_string(out_, name);
  out_ += indent_ == 0 ? ":" : ": ";
  has_key_ = true;
}

void writer::string(std::string_view text) {
  begin_value();
  append_string(out_, text);
}

void writer::number(std::int64_t n) {
  begin_value();
  fmt::format_to(std::back_inserter(out_), "{}", n);
}

void writer::number(std::uint64_t n) {
  begin_value();
  fmt::format_to(std::back_inserter(out_), "{}", n);
}

void writer::number(double n) {
  if (!std::isfinite(n)) return null();
  begin_value();
  const std::size_t start = out_.size();
  fmt::format_to(std::back_inserter(out_), "{}", n);
  // 2.0 remains a float to readers that distinguish integers.
  if (out_.find_first_of(".e", start) == std::string::npos) out_ += ".0";
}

void writer::boolean(bool b) {
  begin_value();
  out_ += b ? "true" : "false";
}

void writer::null() {
  begin_value();
  out_ += "null";
}

void writer::tree(const value& v) {
  switch (v.GetType()) {
    case rapidjson::kObjectType:
      open_object();
      for (const auto& one : v.GetObject()) {
        key(text_of(one.name));
        tree(one.value);
      }
      return close_object();
    case rapidjson::kArrayType:
      open_array();
      for (const auto& one : v.GetArray()) tree(one);
      return close_array();
    case rapidjson::kStringType:
      return string(text_of(v));
    case rapidjson::kNumberType:
      if (v.IsInt64()) return number(v.GetInt64());
      if (v.IsUint64()) return number(v.GetUint64());
      return number(v.GetDouble());
    case rapidjson::kTrueType:
    case rapidjson::kFalseType:
      return boolean(v.GetBool());
    case rapidjson::kNullType:
      break;
  }
  null();
}

std::string writer::text() && {
  assert(counts_.empty() && !has_key_);
  return std::move(out_);
}

std::string to_text(const value& v) {
  writer out;
  out.tree(v);
  return std::move(out).text();
}

}  // namespace pinhook::json
