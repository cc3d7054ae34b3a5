#include <pinhook/cloud/aws_identity_flow.hpp>

namespace pinhook::cloud {

aws_step aws_identity_flow::on_file(const result<secret>&) {
  return error{error_code::internal, "a file that nobody asked for", std::nullopt};
}

aws_step aws_identity_flow::on_answer(const result<http::response>&) {
  return error{error_code::internal, "an answer that nobody asked for", std::nullopt};
}

}  // namespace pinhook::cloud
