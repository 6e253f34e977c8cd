#define _GNU_SOURCE
#include "CShims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int patchbay_process_descriptor(pid_t process) {
    /* pidfd_open, Linux 5.3; the kernel sets close-on-exec by itself. */
    return (int)syscall(SYS_pidfd_open, process, 0);
}

int patchbay_pipe(int *ends) {
    return pipe2(ends, O_CLOEXEC);
}

int patchbay_duplicate(int descriptor) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

int patchbay_set_close_on_exec(int descriptor, int closes) {
    return fcntl(descriptor, F_SETFD, closes ? FD_CLOEXEC : 0);
}

int patchbay_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

ssize_t patchbay_write_unsignalled(int descriptor, const void *bytes, size_t count) {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t written = write(descriptor, bytes, count);
    int error = errno;
    /* Ours is taken back; one that was pending before is somebody else's. */
    if (written < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE)) {
        struct timespec none = {0, 0};
        while (sigtimedwait(&pipe_signal, NULL, &none) < 0 && errno == EINTR) {}
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}

pid_t patchbay_thread_id(void) {
    return (pid_t)syscall(SYS_gettid);
}

char *const *patchbay_environment(void) {
    return environ;
}

const char *patchbay_error_text(int error) {
    return strerrordesc_np(error);
}
