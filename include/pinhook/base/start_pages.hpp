// What a process needed to start it needs no more: tables of relocations and symbols, the reading of arguments and
// settings, OpenSSL's set-up. The kernel keeps these pages in its cache of files, and counts them as resident while
// the process has them mapped. It maps them in large pieces, too, around each that is touched.
//
// Thread rule: any thread, while no other thread loads a library.
#pragma once

namespace pinhook {

/// Unmaps the pages of program and libraries that no process ever wrote: those of segments that are read-only in the
/// file (elf(5), PT_LOAD without PF_W). The next touch maps a page again, from the kernel's cache of files: the first
/// answer of a server takes 0.5 ms of CPU more, later ones nothing (docs/performance.md). What another program patched
/// into code before, as a debugger its breakpoints, is lost.
void release_start_pages() noexcept;

}  // namespace pinhook
