#include <pinhook/base/start_pages.hpp>

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace pinhook {
namespace {

std::span<const ElfW(Phdr)> segments_of(const dl_phdr_info& object) { return {object.dlpi_phdr, object.dlpi_phnum}; }

// Relocations in segments without PF_W: their pages are the process's own (elf(5), DT_TEXTREL). No library of Debian
// on amd64 or arm64 has them.
bool has_relocated_text(const dl_phdr_info& object) {
  for (const auto& one : segments_of(object)) {
    if (one.p_type != PT_DYNAMIC) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells where it is as a number.
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + one.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry)
      if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
        return true;
  }
  return false;
}

int release(dl_phdr_info* object, std::size_t, void* page) {
  if (has_relocated_text(*object)) return 0;
  const std::uintptr_t size = *static_cast<const std::uintptr_t*>(page);
  for (const auto& one : segments_of(*object)) {
    if (one.p_type != PT_LOAD || (one.p_flags & PF_W) != 0) continue;
    const std::uintptr_t from = (object->dlpi_addr + one.p_vaddr) & ~(size - 1);
    const std::uintptr_t to = (object->dlpi_addr + one.p_vaddr + one.p_memsz + size - 1) & ~(size - 1);
    // Where the kernel refuses, the pages stay, as those of its own object (vdso(7)) do.
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as above.
    static_cast<void>(::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED));
  }
  return 0;
}

}  // namespace

void release_start_pages() noexcept {
  auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  ::dl_iterate_phdr(release, &page);
}

}  // namespace pinhook
