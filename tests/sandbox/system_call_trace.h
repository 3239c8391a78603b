// The system calls that matter here, of a process and all that it starts: which sockets they make,
// which files they open, in which environment they run. By ptrace, so nothing else needs to be
// there.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace blindai {

struct TracedCall {
  std::string program;  // last part of the executable's path
  long number = 0;
  std::array<uint64_t, 6> arguments{};
  std::string path;  // of a call that takes one
};

struct TracedProgram {
  std::string program;
  std::string environment;  // as execve(2) was given it, each variable ended by a zero byte
};

struct Trace {
  std::vector<TracedCall> calls;        // those below, in order
  std::vector<TracedProgram> programs;  // each that was executed
  bool complete = false;                // the process ended with status 0
};

bool makes_network(long number);  // socket, connect, bind, listen, accept, sendto, sendmmsg
bool touches_files(long number);  // opens, creates, removes, renames by name
// Whether the call asks to write or to create.
bool writes(const TracedCall& call);

// Runs `body` in a child process, which ends when it returns.
Trace trace_system_calls(const std::function<void()>& body);

}  // namespace blindai
