#include "support/nginx.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace pinhook::testing {

nginx::nginx(const key_pair& tls, const std::string& locations) {
  // The test opens the listening socket and nginx inherits it (variable NGINX, as for its own binary upgrades): the
  // port is certain to be free, and connections are accepted by the kernel before nginx runs. (Without a master process
  // nginx 1.22 crashes on an inherited socket.)
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 511) != 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port on loopback");
  port_ = ntohs(address.sin_port);
  directory_.write("leaf.pem", tls.certificate);
  directory_.write("leaf.key", tls.key);
  const std::string root = directory_.path().string();
  const auto config = directory_.write("nginx.conf",
                                       "daemon off; worker_processes 1; error_log stderr;\n"
                                       "pid " +
                                           root +
                                           "/nginx.pid;\n"
                                           "events { worker_connections 1024; }\n"
                                           "http {\n access_log off;\n"
                                           " client_body_temp_path " +
                                           root +
                                           "/body;\n"
                                           " proxy_temp_path " +
                                           root +
                                           "/proxy;\n"
                                           " fastcgi_temp_path " +
                                           root +
                                           "/fastcgi;\n"
                                           " uwsgi_temp_path " +
                                           root +
                                           "/uwsgi;\n"
                                           " scgi_temp_path " +
                                           root +
                                           "/scgi;\n"
                                           " server {\n  listen 127.0.0.1:" +
                                           std::to_string(port_) +
                                           " ssl http2;\n"
                                           "  ssl_certificate " +
                                           root +
                                           "/leaf.pem;\n"
                                           "  ssl_certificate_key " +
                                           root +
                                           "/leaf.key;\n"
                                           "  " +
                                           locations + "\n }\n}\n");
  child_options o;
  o.command = {"nginx", "-p", root, "-c", config.string()};
  o.environment = {{"NGINX", "3;"}};
  o.inherited = {fd};
  process_ = std::make_unique<child_process>(o, "nginx-light");
  ::close(fd);
}

std::string nginx::url(const std::string& path) const { return "https://127.0.0.1:" + std::to_string(port_) + path; }

}  // namespace pinhook::testing
