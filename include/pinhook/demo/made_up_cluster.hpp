// A cluster that does not exist, for `pinhook demo --console`: an API server's answers to lists, watches and discovery,
// with a few workloads whose images are in the demo's registry.
//
//   made_up_cluster cluster(site.images(), site.registry_name());
//   kube::api_connection to(cluster, where, …);
//
// One tag runs as two digests, one pin is of a digest that the registry does not have, one image has no tag.
// Nothing in it changes but a tag: `move_a_tag`.
//
// Thread rule: that of its requests; `move_a_tag` any.
#pragma once

#include <pinhook/demo/embedded_registry.hpp>
#include <pinhook/http/client.hpp>

#include <map>
#include <string>
#include <string_view>

namespace pinhook::demo {

class made_up_cluster final : public http::client {
 public:
  /// Its address in a kube::cluster; no connection is made to it.
  static constexpr std::string_view address = "http://cluster.invalid";

  /// Puts its images into `images`, which outlives it, and names them as of the registry `host`.
  made_up_cluster(embedded_registry& images, std::string_view host);

  /// Lists of Deployments, Pods and namespaces; all other lists, and the API groups, are empty. A watch is silent.
  awaitable<result<http::response>> send(http::request r, deadline d) override;

  /// The bytes of a version-like tag become others.
  void move_a_tag() const;

  /// The digests that shop/web:1.4 had first and has now; its Pods run both.
  struct two_digests {
    std::string before, after;
  };
  [[nodiscard]] const two_digests& web() const { return web_; }

  /// The digests that are written: of shop/pay:3.0, and of office/report, which the registry does not have.
  struct written_digests {
    std::string pay, report;
  };
  [[nodiscard]] const written_digests& pins() const { return pins_; }

 private:
  embedded_registry& images_;
  /// The items of a list by its path.
  std::map<std::string, std::string, std::less<>> items_;
  /// Deployments by their path.
  std::map<std::string, std::string, std::less<>> objects_;
  two_digests web_;
  written_digests pins_;
};

}  // namespace pinhook::demo
