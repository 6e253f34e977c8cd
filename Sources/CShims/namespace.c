#define _GNU_SOURCE
#include "CShims.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

struct visit {
    int descriptor;
    void (*body)(void *);
    void *context;
    int error;
};

static void *enter(void *argument) {
    struct visit *visit = argument;
    if (setns(visit->descriptor, CLONE_NEWNET) != 0) {
        visit->error = errno;
        return NULL;
    }
    visit->body(visit->context);
    return NULL;
}

int patchbay_in_network_namespace(int descriptor, void (*body)(void *), void *context, const char **call) {
    struct visit visit = {.descriptor = descriptor, .body = body, .context = context, .error = 0};
    sigset_t all, before;
    sigfillset(&all);
    /* The thread inherits the mask: signal handlers stay with the threads that keep their namespace. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, NULL, enter, &visit);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        *call = "pthread_create";
        return error;
    }
    pthread_join(thread, NULL);
    *call = "setns";
    return visit.error;
}

int patchbay_is_network_namespace(int descriptor) {
    /* Another driver may know the same number: only a file of nsfs is asked. */
    struct statfs status;
    if (fstatfs(descriptor, &status) != 0 || status.f_type != NSFS_MAGIC) return 0;
    return ioctl(descriptor, NS_GET_NSTYPE) == CLONE_NEWNET;
}
