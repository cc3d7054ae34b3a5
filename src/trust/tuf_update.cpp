#include <pinhook/trust/tuf_update.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/trusted_root.hpp>
#include <pinhook/trust/tuf_fault.hpp>
#include <pinhook/trust/tuf_target_path.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::trust {
namespace {

constexpr std::string_view stored_root = "tuf.root.json";
constexpr std::string_view stored_timestamp = "tuf.timestamp.json";
constexpr std::string_view stored_snapshot = "tuf.snapshot.json";

std::unexpected<error> refuse_unsigned(std::string_view name, std::string_view role, std::int64_t threshold) {
  return refuse(tuf_fault::not_signed, name, role,
                fmt::format("is not signed by {} of the keys of its role", std::max<std::int64_t>(threshold, 1)));
}

std::size_t at_most(std::optional<std::int64_t> length, std::size_t limit) {
  return length ? std::min(static_cast<std::size_t>(*length), limit) : limit;
}

}  // namespace

std::vector<std::string> tuf_stored_names(const std::vector<std::string>& targets) {
  std::vector<std::string> out;
  for (const std::string_view name : {stored_root, stored_timestamp, stored_snapshot}) out.emplace_back(name);
  for (const std::string& path : targets) out.emplace_back(last_part(path));
  return out;
}

result<tuf_root> tuf_update::trusted_start(const tuf_options& options) {
  const auto stored = options.stored.find(std::string(stored_root));
  const auto read = [](const std::string& text, std::string_view name, std::string_view remedy) -> result<tuf_root> {
    auto out = tuf_root::read(text, tuf_coding::standard);
    const std::string reason = !out                       ? out.error().message
                               : out->has_signed_itself() ? ""
                                                          : "is not signed by its own keys";
    if (!reason.empty()) return fail(error_code::invalid_input, fmt::format("{} {}; {}", name, reason, remedy));
    return out;
  };
  std::optional<tuf_root> out;
  if (!options.root.empty()) {
    auto given = read(options.root, "the root file", "give the one (root.json) that the repository's publisher gives");
    if (!given) return given;
    out = std::move(*given);
  }
  if (stored != options.stored.end()) {
    auto kept = read(stored->second, fmt::format("the stored {}", stored_root), remedy_of(tuf_fault::stored_unusable));
    if (!kept) return kept;
    if (out && out->file.version() == kept->file.version() && out->file.signed_text() != kept->file.signed_text())
      return fail(error_code::invalid_input,
                  fmt::format("the root file and the stored {} are of different repositories; {}", stored_root,
                              remedy_of(tuf_fault::stored_unusable)));
    if (!out || out->file.version() <= kept->file.version()) out = std::move(*kept);
  }
  if (!out) return fail(error_code::invalid_input, "there is no root file to begin with");
  return std::move(*out);
}

result<tuf_update> tuf_update::begin(tuf_options options) {
  if (auto good = check_targets(options.targets); !good) return fail(std::move(good.error()));
  auto root = trusted_start(options);
  if (!root) return fail(std::move(root.error()));
  tuf_update out(std::move(options), std::move(*root));
  out.want_next_root();
  return out;
}

void tuf_update::want(stage of, std::string path, std::size_t most, bool is_optional) {
  stage_ = of;
  wanted_ = tuf_request{std::move(path), most, is_optional};
}

void tuf_update::want_next_root() {
  want(stage::root, fmt::format("{}.root.json", root_.file.version() + 1), max_root_bytes, true);
}

bool tuf_update::is_consistent() const {
  return json::find_bool(root_.file.content(), "consistent_snapshot").value_or(false);
}

std::string tuf_update::versioned(std::string_view name, std::int64_t version) const {
  const std::string file = percent_encoded(name) + ".json";
  return is_consistent() ? fmt::format("{}.{}", version, file) : file;
}

delegated_role tuf_update::top_level(std::string_view name) const {
  return {std::string(name), root_.role(name).value_or(tuf_role()), root_.keys};
}

std::string tuf_update::stored_text(std::string_view name) const {
  const auto found = options_.stored.find(std::string(name));
  return found == options_.stored.end() ? std::string() : found->second;
}

// No file: none is stored, or it is not signed by the keys that its role has now. After a change of a key, which may
// have been stolen, the versions that it gave do not count (§5.3.11 of the specification).
result<std::optional<tuf_file>> tuf_update::stored_before(std::string_view name, std::string_view role) const {
  const std::string text = stored_text(name);
  if (text.empty()) return std::optional<tuf_file>();
  auto out = tuf_file::parse(text, role, tuf_coding::standard);
  if (!out) return refuse(tuf_fault::stored_unusable, name, role, out.error().message);
  if (!root_.has_signed(*out, role)) return std::optional<tuf_file>();
  return std::optional(std::move(*out));
}

result<void> tuf_update::check_expiry(std::string_view name, std::string_view role, const tuf_file& file) {
  if (file.expires() <= options_.now)
    return refuse(tuf_fault::expired, name, role, fmt::format("has expired ({})", timestamp_text(file.expires())));
  expires_ = std::min(expires_, file.expires());
  return {};
}

result<void> tuf_update::take(std::optional<std::string> bytes) {
  if (!wanted_) return fail(error_code::internal, "no file is wanted");
  const tuf_request of = std::exchange(wanted_, std::nullopt).value();
  if (!bytes && of.is_optional) return begin_timestamp();
  constexpr std::array<std::string_view, 5> names{"root", "timestamp", "snapshot", "targets", "targets"};
  const std::string_view role = names[static_cast<std::size_t>(stage_)];
  if (!bytes) return refuse(tuf_fault::missing, of.path, role, "is not there");
  if (bytes->size() > of.most)
    return refuse(tuf_fault::differs, of.path, role, fmt::format("has more than {} bytes", of.most));
  switch (stage_) {
    case stage::root:
      return take_root(std::move(*bytes));
    case stage::timestamp:
      return take_timestamp(std::move(*bytes));
    case stage::snapshot:
      return take_snapshot(std::move(*bytes));
    case stage::targets:
      return take_role(*bytes);
    default:
      return take_target(std::move(*bytes));
  }
}

result<void> tuf_update::take_root(std::string bytes) {
  const std::string name = fmt::format("{}.root.json", root_.file.version() + 1);
  auto next = tuf_root::read(bytes, tuf_coding::standard);
  if (!next) return refuse(tuf_fault::unreadable, name, "root", next.error().message);
  if (next->file.version() != root_.file.version() + 1)
    return refuse(tuf_fault::differs, name, "root", fmt::format("says that it is version {}", next->file.version()));
  if (!root_.leads_to(*next))
    return refuse(tuf_fault::not_signed, name, "root",
                  "is not signed by the keys of the root before it and by its own");
  if (++roots_taken_ > max_tuf_roots)
    return refuse(tuf_fault::unreadable, name, "root", fmt::format("is more than {} files away", max_tuf_roots));
  root_ = std::move(*next);
  files_[std::string(stored_root)] = std::move(bytes);
  want_next_root();
  return {};
}

std::string tuf_update::newest_root() const {
  const auto taken = files_.find(std::string(stored_root));
  return roots_taken_ == 0 || taken == files_.end() ? std::string() : taken->second;
}

result<void> tuf_update::begin_timestamp() {
  versions_.root = root_.file.version();
  expires_ = root_.file.expires();
  // Where nothing newer is there the address may be wrong.
  if (expires_ <= options_.now)
    return refuse(
        tuf_fault::expired, fmt::format("{}.root.json", versions_.root), "root",
        fmt::format("has expired ({}), and {}.root.json is not there", timestamp_text(expires_), versions_.root + 1));
  if (roots_taken_ == 0) {
    const std::string stored = stored_text(stored_root);
    const auto kept = tuf_root::read(stored, tuf_coding::standard);
    files_[std::string(stored_root)] = kept && kept->file.version() == root_.file.version() ? stored : options_.root;
  }
  auto before = stored_before(stored_timestamp, "timestamp");
  if (!before) return fail(std::move(before.error()));
  timestamp_ = std::move(*before);
  auto snapshot = stored_before(stored_snapshot, "snapshot");
  if (!snapshot) return fail(std::move(snapshot.error()));
  snapshot_ = std::move(*snapshot);
  want(stage::timestamp, "timestamp.json", max_timestamp_bytes);
  return {};
}

result<void> tuf_update::take_timestamp(std::string bytes) {
  constexpr std::string_view name = "timestamp.json";
  const auto row_in = [](const tuf_file& of) {
    return tuf_listing::read(find_path(of.content(), {"meta", "snapshot.json"}), true);
  };
  auto next = tuf_file::parse(bytes, "timestamp", tuf_coding::standard);
  if (!next) return refuse(tuf_fault::unreadable, name, "timestamp", next.error().message);
  const delegated_role by = top_level("timestamp");
  if (!next->is_signed_by(by.role, by.keys)) return refuse_unsigned(name, by.name, by.role.threshold);
  const auto row = row_in(*next);
  if (!row) return refuse(tuf_fault::unreadable, name, "timestamp", "does not list snapshot.json");
  if (timestamp_) {
    const auto seen = row_in(*timestamp_);
    if (next->version() < timestamp_->version())
      return refuse(tuf_fault::older, name, "timestamp",
                    fmt::format("is version {}, and {} was seen", next->version(), timestamp_->version()));
    if (seen && row->version < seen->version)
      return refuse(tuf_fault::older, name, "timestamp",
                    fmt::format("lists version {} of snapshot.json, and {} was seen", row->version, seen->version));
    // The first of one version stays the one.
    if (next->version() == timestamp_->version()) {
      next = std::move(*timestamp_);
      bytes = stored_text(stored_timestamp);
    }
  }
  if (auto good = check_expiry(name, "timestamp", *next); !good) return good;
  timestamp_ = std::move(*next);
  versions_.timestamp = timestamp_->version();
  files_[std::string(stored_timestamp)] = std::move(bytes);
  snapshot_row_ = row_in(*timestamp_).value_or(*row);
  return begin_snapshot();
}

result<void> tuf_update::begin_snapshot() {
  std::string stored = stored_text(stored_snapshot);
  if (snapshot_ && snapshot_->version() == snapshot_row_.version && snapshot_row_.differs_from(stored).empty()) {
    stage_ = stage::snapshot;
    return take_snapshot(std::move(stored));
  }
  want(stage::snapshot, versioned("snapshot", snapshot_row_.version),
       at_most(snapshot_row_.length, max_snapshot_bytes));
  return {};
}

result<void> tuf_update::take_snapshot(std::string bytes) {
  const std::string name = versioned("snapshot", snapshot_row_.version);
  if (const auto difference = snapshot_row_.differs_from(bytes); !difference.empty())
    return refuse(tuf_fault::differs, name, "snapshot", difference);
  auto next = tuf_file::parse(bytes, "snapshot", tuf_coding::standard);
  if (!next) return refuse(tuf_fault::unreadable, name, "snapshot", next.error().message);
  const delegated_role by = top_level("snapshot");
  if (!next->is_signed_by(by.role, by.keys)) return refuse_unsigned(name, by.name, by.role.threshold);
  if (next->version() != snapshot_row_.version)
    return refuse(tuf_fault::differs, name, "snapshot",
                  fmt::format("is version {}, and {} was signed for", next->version(), snapshot_row_.version));
  const json::value* before = snapshot_ ? json::find(snapshot_->content(), "meta") : nullptr;
  if (before != nullptr && before->IsObject()) {
    for (const auto& [listed, row] : before->GetObject()) {
      const auto seen = json::find_integer(row, "version").value_or(0);
      const json::value* now = find_path(next->content(), {"meta", json::text_of(listed)});
      const auto version = now == nullptr ? 0 : json::find_integer(*now, "version").value_or(0);
      if (version < seen)
        return refuse(
            tuf_fault::older, name, "snapshot",
            fmt::format("lists version {} of {}, and {} was seen", version, quoted(json::text_of(listed), 60), seen));
    }
  }
  if (auto good = check_expiry(name, "snapshot", *next); !good) return good;
  snapshot_ = std::move(*next);
  versions_.snapshot = snapshot_->version();
  files_[std::string(stored_snapshot)] = std::move(bytes);
  search_next_target();
  return advance();
}

void tuf_update::search_next_target() {
  asked_.clear();
  to_ask_.clear();
  to_ask_.push_back(top_level("targets"));
}

result<void> tuf_update::advance() {
  while (target_ < options_.targets.size()) {
    if (to_ask_.empty())
      return fail(error_code::not_found, fmt::format("the repository has no target {}; check its spelling",
                                                     quoted(options_.targets[target_])));
    const delegated_role one = to_ask_.back();
    if (!asked_.contains(one.name) && asked_.size() < max_delegations && !roles_.contains(one.name)) {
      const auto row = tuf_listing::read(find_path(snapshot_->content(), {"meta", one.name + ".json"}), true);
      if (!row)
        return refuse(tuf_fault::unreadable, one.name + ".json", quoted(one.name, 60), "is not listed by the snapshot");
      want(stage::targets, versioned(one.name, row->version), at_most(row->length, max_targets_bytes));
      return {};
    }
    to_ask_.pop_back();
    if (asked_.contains(one.name) || asked_.size() >= max_delegations) continue;
    const auto is_waiting = ask(one);
    if (!is_waiting) return fail(is_waiting.error());
    if (*is_waiting) return {};
  }
  return {};
}

result<void> tuf_update::take_role(std::string_view bytes) {
  const std::string role = to_ask_.back().name;
  const auto row =
      tuf_listing::read(find_path(snapshot_->content(), {"meta", role + ".json"}), true).value_or(tuf_listing());
  const std::string name = versioned(role, row.version);
  if (const auto difference = row.differs_from(bytes); !difference.empty())
    return refuse(tuf_fault::differs, name, quoted(role, 60), difference);
  auto file = tuf_file::parse(bytes, "targets", tuf_coding::standard);
  if (!file) return refuse(tuf_fault::unreadable, name, quoted(role, 60), file.error().message);
  if (file->version() != row.version)
    return refuse(tuf_fault::differs, name, quoted(role, 60),
                  fmt::format("is version {}, and {} was signed for", file->version(), row.version));
  roles_.emplace(role, std::move(*file));
  return advance();
}

// Asks a role for the target. True: the target's bytes are wanted.
result<bool> tuf_update::ask(const delegated_role& one) {
  const tuf_file& file = roles_.find(one.name)->second;
  const std::string name = versioned(one.name, file.version());
  const std::string role = one.name == "targets" ? one.name : quoted(one.name, 60);
  if (!file.is_signed_by(one.role, one.keys)) return refuse_unsigned(name, role, one.role.threshold);
  if (auto good = check_expiry(name, role, file); !good) return fail(std::move(good.error()));
  if (one.name == "targets") versions_.targets = file.version();
  asked_.insert(one.name);
  const std::string& path = options_.targets[target_];
  if (const json::value* row = find_path(file.content(), {"targets", path}); row != nullptr) return begin_target(*row);
  delegation_answer answer = roles_for(file, path);
  if (answer.is_last) to_ask_.clear();
  // The first is asked first.
  for (auto next = answer.roles.rbegin(); next != answer.roles.rend(); ++next) to_ask_.push_back(std::move(*next));
  return false;
}

result<bool> tuf_update::begin_target(const json::value& row) {
  const std::string& path = options_.targets[target_];
  auto listed = tuf_listing::read(&row, false);
  if (!listed)
    return refuse(tuf_fault::unreadable, path, "targets", "is listed without a length or without a known hash");
  target_row_ = std::move(*listed);
  const std::string stored = stored_text(last_part(path));
  if (!stored.empty() && target_row_.differs_from(stored).empty()) {
    if (auto good = take_target(stored); !good) return fail(std::move(good.error()));
    return wanted_.has_value();
  }
  if (static_cast<std::size_t>(*target_row_.length) > max_target_bytes)
    return refuse(tuf_fault::differs, path, "targets",
                  fmt::format("has {} bytes, and more than {} are not read", *target_row_.length, max_target_bytes));
  const std::string_view base = last_part(path);
  const std::string_view folder = std::string_view(path).substr(0, path.size() - base.size());
  const std::string prefix =
      is_consistent() ? encode_hexadecimal(target_row_.hashes.begin()->second) + "." : std::string();
  want(stage::target, encoded_path(fmt::format("targets/{}{}{}", folder, prefix, base)),
       at_most(target_row_.length, max_target_bytes));
  return true;
}

result<void> tuf_update::take_target(std::string bytes) {
  const std::string& path = options_.targets[target_];
  if (const auto difference = target_row_.differs_from(bytes); !difference.empty())
    return refuse(tuf_fault::differs, path, "targets", difference);
  if (last_part(path) == trusted_root_target)
    if (const auto read = trusted_root::parse(bytes); !read)
      return fail(error_code::malformed,
                  fmt::format("{}: {}; a newer pinhook may read it", path, read.error().message));
  files_[std::string(last_part(path))] = std::move(bytes);
  ++target_;
  search_next_target();
  return advance();
}

}  // namespace pinhook::trust
