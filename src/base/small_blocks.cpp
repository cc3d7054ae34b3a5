// operator new and delete for small blocks: each thread keeps those that it freed, and hands them out again.
//
// A warm answer makes some 250 of them, most for less than a microsecond. malloc and free take some 75 instructions
// each, more when its own cache of seven blocks a size is full; this takes some ten. Blocks are malloc's own and
// go back by free, so code that frees what this handed out without its size, or in another library, is none the wiser.
//
// An object of a hundred images has some hundreds of small ones at a time. So a thread keeps 32 KiB of each small size
// and 4 KiB of each larger one: 1.4 MB if it freed blocks of every size, which no thread does. It gives all back when
// it ends. Sanitizers want to see each block: with them malloc is used as it is.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PINHOOK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PINHOOK_SANITIZED 1
#endif
#endif

#ifndef PINHOOK_SANITIZED

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace {

// The sizes of malloc's blocks: 24 bytes, 40, 56 (malloc/malloc.c, request2size). A block of any origin fits into the
// list of its size.
constexpr std::size_t step = 16;
constexpr std::size_t beside = 8;
constexpr std::size_t sizes = 256;
constexpr std::size_t largest = sizes * step - beside;

constexpr std::size_t list_of(std::size_t size) { return (size + step - beside - 1) / step; }
constexpr std::size_t size_of(std::size_t list) { return list * step + beside; }
static_assert(list_of(largest) < sizes && size_of(list_of(largest)) == largest && list_of(largest + 1) == sizes);
static_assert(list_of(24) == 1 && size_of(1) == 24 && list_of(25) == 2 && list_of(0) == 0);

// The bytes of one size that a thread keeps.
constexpr std::size_t max_kept_bytes(std::size_t size) {
  constexpr std::size_t largest_of_many = 256;
  return std::size_t{size <= largest_of_many ? 32U : 4U} * 1024;
}

struct free_block {
  free_block* next;
};

struct free_list {
  free_block* first;
  // Blocks that it may take yet. 0 in a thread that has not begun, and in one that has ended.
  std::uint32_t room;
};

// Trivial, so that it is there for the destructors of other objects of the thread.
constinit thread_local std::array<free_list, sizes> kept{};

struct keeper {
  keeper() noexcept {
    for (std::size_t i = 0; i < sizes; ++i)
      kept[i].room = static_cast<std::uint32_t>(max_kept_bytes(size_of(i)) / size_of(i));
  }
  ~keeper() {
    for (free_list& list : kept) {
      list.room = 0;
      while (list.first != nullptr) std::free(std::exchange(list.first, list.first->next));
    }
  }
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;
};

// As the standard demands of operator new ([new.delete.single]).
[[gnu::noinline]] void* from_malloc(std::size_t size) {
  // The first block of a thread: from here on it keeps what it frees.
  static thread_local const keeper of_thread;
  static_cast<void>(&of_thread);
  for (;;) {
    if (void* const block = std::malloc(size)) return block;
    if (const auto handler = std::get_new_handler())
      handler();
    else
      throw std::bad_alloc();
  }
}

}  // namespace

void* operator new(std::size_t size) {
  if (size > largest) return from_malloc(size);
  free_list& list = kept[list_of(size)];
  free_block* const block = list.first;
  if (block == nullptr) return from_malloc(size_of(list_of(size)));
  list.first = block->next;
  ++list.room;
  return block;
}

void operator delete(void* block) noexcept { std::free(block); }

void operator delete(void* block, std::size_t size) noexcept {
  if (block == nullptr || size > largest || kept[list_of(size)].room == 0) return std::free(block);
  free_list& list = kept[list_of(size)];
  --list.room;
  list.first = ::new (block) free_block{list.first};
}

#endif
