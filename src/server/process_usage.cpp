#include <pinhook/server/process_usage.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace pinhook::server {
namespace {

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double total = 0;
  double resident = 0;
  in >> total >> resident;
  return in ? resident * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0;
}

double open_descriptors() {
  std::error_code ec;
  const std::filesystem::directory_iterator all("/proc/self/fd", ec);
  if (ec) return 0;
  // One of them belongs to the iterator.
  return static_cast<double>(std::distance(begin(all), end(all)) - 1);
}

double boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  return 0;
}

}  // namespace

process_usage read_process_usage() {
  process_usage out;
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) == 0) out.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  out.resident_bytes = resident_bytes();
  out.open_descriptors = open_descriptors();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out.descriptor_limit = static_cast<double>(limit.rlim_cur);
  return out;
}

double process_start_time() {
  std::ifstream in("/proc/self/stat");
  std::string text;
  std::getline(in, text);
  // The second field is the program's name in parentheses and may hold spaces; the start is the 22nd, in clock ticks
  // since boot.
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return 0;
  std::istringstream fields(text.substr(after_name + 2));
  std::string skipped;
  for (int i = 3; i < 22; ++i) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  const double boot = boot_time();
  return fields && boot != 0 ? boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK)) : 0;
}

}  // namespace pinhook::server
