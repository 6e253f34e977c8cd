/*
 * What Swift cannot say itself: variadic calls, the kernel's own structures, code between fork and exec, setns on a
 * thread of its own, and globals that Swift 6 holds to be unsafe. Nothing here keeps state.
 */
#ifndef PATCHBAY_CSHIMS_H
#define PATCHBAY_CSHIMS_H

#include <stddef.h>
#include <sys/types.h>

/* A program to be started. */
struct patchbay_child {
    const char *program;
    char *const *arguments;   /* ends with NULL */
    char *const *environment; /* ends with NULL */
    int input, output, error; /* become 0, 1 and 2; each is 3 or above */
    int own_group;            /* not 0: leads a process group of its own */
    const int *kept;          /* NULL: whatever is not close-on-exec stays open */
    size_t kept_count;        /* else only these, ascending, each 3 or above */
};

/* Starts it. Returns 0 and its process id, or the errno of the step that failed, execve's included. */
int patchbay_spawn(const struct patchbay_child *child, pid_t *process);

/*
 * Calls body(context) on a new thread that has entered the network namespace `descriptor`, and waits for its end.
 * Returns 0, or an errno with *call naming what failed; body was then not called.
 */
int patchbay_in_network_namespace(int descriptor, void (*body)(void *), void *context, const char **call);

/* Whether a descriptor is a network namespace's; 0 for anything else. */
int patchbay_is_network_namespace(int descriptor);

/* A descriptor for a process, for poll: readable once it has ended; or -1 with errno. */
int patchbay_process_descriptor(pid_t process);

/* Makes a pipe, close-on-exec, the end to read first; 0, or -1 with errno. */
int patchbay_pipe(int *ends);

/* A close-on-exec copy of a descriptor, numbered 3 or above; or -1 with errno. */
int patchbay_duplicate(int descriptor);

/* Sets whether a descriptor is closed at exec; 0, or -1 with errno. */
int patchbay_set_close_on_exec(int descriptor, int closes);

/* Makes reads, writes and connects on a descriptor return at once; 0, or -1 with errno. */
int patchbay_set_nonblocking(int descriptor);

/* write(2), but a reader that is gone answers EPIPE only: no SIGPIPE reaches the process. */
ssize_t patchbay_write_unsignalled(int descriptor, const void *bytes, size_t count);

/* A socket that sends whole frames and receives none, close-on-exec; or -1 with errno. */
int patchbay_packet_socket(void);

/* Sends a frame, its header included, on an interface; the number of bytes, or -1 with errno. */
ssize_t patchbay_send_frame(int descriptor, int interface_index, const void *frame, size_t count);

/* The thread's number in the whole system. */
pid_t patchbay_thread_id(void);

/* The environment the process was started with and changed since. */
char *const *patchbay_environment(void);

/* "Device or resource busy" for EBUSY; NULL for a number nobody named. Never translated, safe in any thread. */
const char *patchbay_error_text(int error);

#endif
