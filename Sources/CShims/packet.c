#define _GNU_SOURCE
#include "CShims.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

int patchbay_packet_socket(void) {
    /* Protocol 0: no frame is ever queued for it. */
    return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

ssize_t patchbay_send_frame(int descriptor, int interface_index, const void *frame, size_t count) {
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = interface_index};
    return sendto(descriptor, frame, count, 0, (struct sockaddr *)&address, sizeof address);
}
