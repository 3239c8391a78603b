#include "tests/support/contained.h"

#include <cerrno>
#include <sched.h>
#include <seccomp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blindai {

std::string in_child(const std::function<std::string()>& check) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    const std::string complaint = check();
    const ssize_t written = write(ends[1], complaint.data(), complaint.size());
    _exit(written == static_cast<ssize_t>(complaint.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? out : "the child ended: " + out;
}

bool refuse_as_containers_do() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  bool loaded = true;
  const auto then = [&loaded](int result) { loaded = loaded && result == 0; };
  for (const int flag : {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWIPC}) {
    const auto bit = static_cast<uint64_t>(flag);
    const scmp_arg_cmp asked = {.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = bit, .datum_b = bit};
    for (const int call : {SCMP_SYS(clone), SCMP_SYS(unshare)})
      then(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1, asked));
  }
  then(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0));
  then(seccomp_load(filter));
  seccomp_release(filter);
  return loaded;
}

}  // namespace blindai
