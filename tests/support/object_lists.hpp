// Lists of objects of fake_api_server: pages with `limit` and `continue`, discovery of groups, namespaces by name.
//
// One thread at a time.
#pragma once

#include "support/api_rules.hpp"
#include "support/api_server_answers.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::testing {

class object_lists {
 public:
  struct resource {
    /// "/api/v1", "/apis/apps/v1"
    std::string api;
    /// "deployments" and "Deployment"
    std::string name, kind;
    bool is_namespaced = true;
  };

  /// Replaces the objects of a namespace ("": of a resource without namespaces); JSON of each.
  void set(const resource& of, const std::string& ns, std::vector<std::string> objects);
  /// The next `count` requests for a further page get 410.
  void expire(int count) { expiring_ = count; }

  /// Nothing: the path is none of these.
  [[nodiscard]] std::optional<api_answer> answer(const std::string& method, const std::string& path,
                                                 const api_rules& rules);

 private:
  struct table {
    resource of;
    std::map<std::string, std::vector<std::string>> objects;
  };
  [[nodiscard]] std::optional<api_answer> discovery(const std::string& place) const;
  [[nodiscard]] api_answer page(const table& from, const std::string& ns, const std::string& query);

  std::map<std::string, table> tables_;  // by api + "/" + name
  int expiring_ = 0;
};

}  // namespace pinhook::testing
