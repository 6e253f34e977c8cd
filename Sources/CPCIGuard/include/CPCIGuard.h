/*
 * libpci behind a guard: its default error handler ends the process, and a device that vanishes between the listing and
 * the reading of its attributes is such an error. Here the handler jumps back to the C function that called the library,
 * so no jump ever crosses a frame of another language.
 *
 * One guard belongs to one thread at a time; two guards may be used on two threads at once.
 */
#ifndef CPCIGUARD_H
#define CPCIGUARD_H

#include <stddef.h>
#include <stdint.h>

/* The longest message or name handed back, with its zero byte; longer ones are cut. */
#define PATCHBAY_PCI_TEXT 256

struct patchbay_pci;

/* One function of the PCI bus. */
struct patchbay_pci_function {
    uint32_t domain;
    uint8_t bus, device, function;
    uint16_t vendor_id, device_id;
    /* Base class, sub-class, programming interface: 0x020000 is Ethernet. */
    uint32_t class_code;
    /* Why the function could not be read; NULL if it was. The numbers below the address are 0 then. */
    char *failure;
};

struct patchbay_pci_list {
    struct patchbay_pci_function *functions;
    size_t count;
};

/*
 * Opens libpci on the directory that holds `devices` (`/sys/bus/pci`).
 * names: the pci.ids file, NULL for the one libpci was built with.
 * Returns NULL and fills message (PATCHBAY_PCI_TEXT bytes) on failure.
 */
struct patchbay_pci *patchbay_pci_open(const char *bus, const char *names, char *message);

/*
 * Reads ids and class of every function; one that fails is in the list with its reason.
 * Reads no configuration space: that would wake sleeping devices.
 * Returns 0, or -1 with message filled if the bus could not be listed. Free the list either way.
 */
int patchbay_pci_scan(struct patchbay_pci *pci, struct patchbay_pci_list *list, char *message);

void patchbay_pci_free(struct patchbay_pci_list *list);

/*
 * The name of a vendor in pci.ids. Asks neither the network nor a cache in the home directory.
 * Returns 1 and fills name (PATCHBAY_PCI_TEXT bytes), or 0 if it is not listed.
 */
int patchbay_pci_vendor_name(struct patchbay_pci *pci, uint16_t vendor, char *name);

/* The name of a device in pci.ids, as patchbay_pci_vendor_name. */
int patchbay_pci_device_name(struct patchbay_pci *pci, uint16_t vendor, uint16_t device, char *name);

void patchbay_pci_close(struct patchbay_pci *pci);

#endif
