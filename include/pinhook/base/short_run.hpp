// For commands that end after some milliseconds: what they save is more than what it costs them.
#pragma once

namespace pinhook {

/// Call it before there are threads, and before OpenSSL is used. All threads allocate from one heap (glibc's others ask
/// the kernel for each page that they grow by), and OpenSSL does not take down its tables at the end of the process.
/// Its random numbers come from hashes in place of a cipher.
void prepare_short_run();

/// For commands that read many files: call it before there are threads. What a file needed stays for the next one:
/// malloc gives the end of a heap back to the kernel from 1 MB on, and has blocks of less than 512 KB in the heap. Left
/// alone it finds both limits by the largest block that was freed, so that they are what happened to be first: with
/// small ones each file takes and gives back its pages anew.
void prepare_file_run();

}  // namespace pinhook
