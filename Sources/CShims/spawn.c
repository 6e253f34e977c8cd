#define _GNU_SOURCE
#include "CShims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* linux/close_range.h of Debian 12 has it; the number is part of the kernel's interface. */
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* Marks every descriptor from 3 up close-on-exec, but for the kept ones. Linux 5.11. */
static int keep_only(const int *kept, size_t count) {
    unsigned int first = 3;
    for (size_t index = 0; index < count; index++) {
        unsigned int descriptor = (unsigned int)kept[index];
        if (descriptor > first
            && syscall(SYS_close_range, first, descriptor - 1, CLOSE_RANGE_CLOEXEC) != 0) return -1;
        if (fcntl(kept[index], F_SETFD, 0) != 0) return -1;
        first = descriptor + 1;
    }
    return (int)syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* What the child does between fork and exec: only calls that are safe there. Returns on failure, with errno. */
static void become(const struct patchbay_child *child) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    if (child->own_group && setpgid(0, 0) != 0) return;
    if (dup2(child->input, 0) < 0 || dup2(child->output, 1) < 0 || dup2(child->error, 2) < 0) return;
    if (child->kept != NULL && keep_only(child->kept, child->kept_count) != 0) return;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(child->program, child->arguments, child->environment);
}

int patchbay_spawn(const struct patchbay_child *child, pid_t *process) {
    /* The child's errno travels through a pipe, which also works where a sanitizer turns vfork into fork. */
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return errno;
    sigset_t all, before;
    sigfillset(&all);
    /* No handler of the parent may run in the child while both share one memory. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t started = vfork();
    if (started == 0) {
        become(child);
        int error = errno;
        ssize_t written = write(report[1], &error, sizeof error);
        _exit(written == sizeof error ? 127 : 126);
    }
    int error = started < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (started > 0) {
        int child_error = 0;
        ssize_t count;
        do count = read(report[0], &child_error, sizeof child_error); while (count < 0 && errno == EINTR);
        if (count == sizeof child_error) {
            error = child_error;
            while (waitpid(started, NULL, 0) < 0 && errno == EINTR) {}
        }
    }
    close(report[0]);
    *process = started;
    return error;
}
