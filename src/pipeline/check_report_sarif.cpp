#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/pipeline/check_report.hpp>
#include <pinhook/registry/digest.hpp>

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>

namespace pinhook::pipeline {
namespace {

constexpr std::string_view schema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
constexpr std::string_view home = "https://github.com/pinhook/pinhook";
// GitHub's code scanning reads this as the root of the repository.
constexpr std::string_view root_id = "%SRCROOT%";

// RFC 3986: all but unreserved characters and the slash.
std::string uri_path(std::string_view path) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  std::string out;
  for (const char c : path) {
    if (plain.find(c) != std::string_view::npos)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

class sarif_writer {
 public:
  sarif_writer(const rule_table& rules, const report_options& options) : rules_(rules), options_(options) {
    for (std::size_t i = 0; i < rules.size(); ++i) by_id_.emplace(rules[i].id, i);
  }

  std::string write(const checked_files& files) {
    open();
    text("$schema", schema);
    text("version", "2.1.0");
    list("runs", [&] {
      open();
      tool();
      invocation(files);
      base();
      text("columnKind", "unicodeCodePoints");
      list("results", [&] {
        for (const auto& file : files)
          for (const auto& f : file.findings) result(f);
      });
      close();
    });
    close();
    return std::move(json_).text() + "\n";
  }

 private:
  void open() { json_.open_object(); }
  void close() { json_.close_object(); }
  void text(std::string_view name, std::string_view value) { json_.member(name, value); }
  void number(std::string_view name, std::size_t value) {
    json_.key(name);
    json_.number(std::uint64_t{value});
  }
  template <class F>
  void object(std::string_view name, F inside) {
    json_.key(name);
    open();
    inside();
    close();
  }
  template <class F>
  void list(std::string_view name, F inside) {
    json_.key(name);
    json_.open_array();
    inside();
    json_.close_array();
  }
  // A text for people.
  void message(std::string_view name, std::string_view value) {
    object(name, [&] { text("text", printable(value)); });
  }

  void tool() {
    object("tool", [&] {
      object("driver", [&] {
        text("name", "pinhook");
        text("version", PINHOOK_VERSION);
        text("informationUri", home);
        list("rules", [&] {
          for (const auto& one : rules_) describe(one);
        });
      });
    });
  }

  void describe(const check_rule& one) {
    open();
    text("id", one.id);
    message("shortDescription", one.title);
    message("fullDescription", one.reason);
    object("help", [&] {
      text("text", fmt::format("{} {}", one.reason, one.help));
      text("markdown", fmt::format("{}\n\n{}", one.reason, one.help));
    });
    object("defaultConfiguration", [&] { text("level", to_string(one.level)); });
    object("properties", [&] {
      list("tags", [&] {
        json_.string("security");
        json_.string("supply-chain");
      });
    });
    close();
  }

  void invocation(const checked_files& files) {
    list("invocations", [&] {
      open();
      json_.key("executionSuccessful");
      json_.boolean(options_.is_complete);
      list("toolExecutionNotifications", [&] {
        if (const auto& empty = options_.empty; !empty.paths.empty()) {
          open();
          text("level", empty.is_error ? "error" : "warning");
          message("message", empty.message);
          close();
        }
        for (const auto& file : files) {
          if (file.fault.empty()) continue;
          open();
          text("level", "error");
          message("message", file.fault);
          list("locations", [&] {
            open();
            object("physicalLocation", [&] { artifact(file.path); });
            close();
          });
          close();
        }
      });
      close();
    });
  }

  void base() {
    object("originalUriBaseIds",
           [&] { object(root_id, [&] { message("description", "The directory that pinhook check ran in."); }); });
  }

  void artifact(const std::string& path) {
    object("artifactLocation", [&] {
      const auto where = path_from(options_.directory, path);
      const bool is_absolute = where.starts_with('/');
      text("uri", (is_absolute ? "file://" : "") + uri_path(where));
      if (!is_absolute) text("uriBaseId", root_id);
    });
  }

  void result(const finding& f) {
    open();
    text("ruleId", f.rule);
    if (const auto row = by_id_.find(f.rule); row != by_id_.end()) number("ruleIndex", row->second);
    text("level", to_string(f.level));
    message("message", fmt::format("{}. To do: {}", f.message, to_do(f)));
    list("locations", [&] {
      open();
      object("physicalLocation", [&] {
        artifact(f.path);
        object("region", [&] {
          number("startLine", f.line);
          number("startColumn", f.column);
          number("endColumn", f.end_column);
        });
      });
      list("logicalLocations", [&] {
        open();
        text("name", f.name);
        text("fullyQualifiedName", f.object.empty() ? f.name : fmt::format("{}/{}", f.object, f.name));
        close();
      });
      close();
    });
    object("partialFingerprints", [&] { text("image/v1", fingerprint(f)); });
    if (f.change) fixes(f);
    close();
  }

  // Stays the same for a container when its line or its tag changes; equal ones are numbered.
  std::string fingerprint(const finding& f) {
    const auto identity = fmt::format("{}\n{}\n{}\n{}", f.rule, f.path, f.object, f.name);
    const auto n = seen_[identity]++;
    return std::string(registry::digest::of(fmt::format("{}\n{}", identity, n)).hex().substr(0, 32));
  }

  void fixes(const finding& f) {
    const auto& to = *f.change;
    list("fixes", [&] {
      open();
      message("description", "Write the digest.");
      list("artifactChanges", [&] {
        open();
        artifact(f.path);
        list("replacements", [&] {
          open();
          object("deletedRegion", [&] {
            number("startLine", to.line);
            number("startColumn", to.column);
            number("endLine", to.end_line);
            number("endColumn", to.end_column);
          });
          object("insertedContent", [&] { text("text", to.text); });
          close();
        });
        close();
      });
      close();
    });
  }

  const rule_table& rules_;
  const report_options& options_;
  std::map<std::string_view, std::size_t> by_id_;
  json::writer json_{1};
  std::map<std::string, std::size_t> seen_;
};

}  // namespace

std::string write_sarif(const checked_files& files, const rule_table& rules, const report_options& options) {
  return sarif_writer(rules, options).write(files);
}

}  // namespace pinhook::pipeline
