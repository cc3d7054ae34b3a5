// The digests of references, as they were looked up: a digest or the reason why there is none, by canonical reference.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>

#include <functional>
#include <map>
#include <string>

namespace pinhook::pipeline {

using digest_map = std::map<std::string, result<registry::digest>, std::less<>>;

}  // namespace pinhook::pipeline
