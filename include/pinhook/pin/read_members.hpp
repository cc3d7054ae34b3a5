// The members that read_object (object.hpp) looks at: with these alone, an object has the same parts for it.
//
// A function of its argument alone: any thread.
#pragma once

#include <pinhook/base/key_list.hpp>

namespace pinhook::pin {

/// Adds those beside the members of the places themselves: of metadata, Pods, containers and volumes.
void add_read_members(key_list& to);

}  // namespace pinhook::pin
