// How much memory a process has in RAM, as the kernel counts it.
#pragma once

#include <cstdint>
#include <string>

namespace blindai {

// Bytes, pages that others share counted too; 0 where the kernel does not say. process: a number
// under /proc, or "self". Source: proc(5), /proc/PID/statm.
uint64_t resident_bytes_of(const std::string& process);

}  // namespace blindai
