// For commands that end after some milliseconds: what they save is more than what it costs them.
#pragma once

namespace pinhook {

/// Call it before there are threads, and before OpenSSL is used. All threads allocate from one heap (glibc's others ask
/// the kernel for each page that they grow by), and OpenSSL does not take down its tables at the end of the process.
/// Its random numbers come from hashes in place of a cipher.
void prepare_short_run();

}  // namespace pinhook
