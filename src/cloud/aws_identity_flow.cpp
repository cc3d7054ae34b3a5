#include <pinhook/cloud/aws_identity_flow.hpp>

namespace pinhook::cloud {

aws_step aws_identity_flow::on_file(const result<secret>&) {
  return error{error_code::internal, "a file that was not requested", std::nullopt};
}

aws_step aws_identity_flow::on_answer(const result<http::response>&) {
  return error{error_code::internal, "an answer that was not requested", std::nullopt};
}

}  // namespace pinhook::cloud
