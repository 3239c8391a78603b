// A process of its own for a check, and what containers refuse to processes.
#pragma once

#include <functional>
#include <string>

namespace blindai {

// Runs a check in a child, where it may give up what it has. What it returns is its complaint;
// empty for none. When the child does not end by itself, the complaint says so.
std::string in_child(const std::function<std::string()>& check);

// As the common containers' profiles do to a process without CAP_SYS_ADMIN: no new namespace
// (EPERM); and as a kernel without it does, no Landlock (ENOSYS). For this process and all that it
// starts. False when that could not be done.
bool refuse_as_containers_do();

}  // namespace blindai
