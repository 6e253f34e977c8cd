#include "CPCIGuard.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct patchbay_pci {
    struct pci_access *access;
};

/* Where the error handler jumps, and what it leaves there. The handler gets no argument of ours, hence a variable. */
static _Thread_local jmp_buf *landing;
static _Thread_local char *landing_message;

/* The attribute, not _Noreturn: only it is part of the function's type, which libpci demands. */
__attribute__((noreturn, format(printf, 1, 2))) static void fail(char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(landing_message, PATCHBAY_PCI_TEXT, format, arguments);
    va_end(arguments);
    longjmp(*landing, 1);
}

/* Warnings are about attributes that may be missing, debugging is off: neither belongs on a program's stderr. */
static void ignore(char *format, ...) { (void)format; }

/*
 * Evaluates to 0 on the way in and to 1 when the library failed with the text in message.
 * setjmp must stand in the frame that calls the library, so this is no function.
 */
#define GUARD(buffer, message) (landing = &(buffer), landing_message = (message), setjmp(buffer))

static void leave(void)
{
    landing = NULL;
    landing_message = NULL;
}

struct patchbay_pci *patchbay_pci_open(const char *bus, const char *names, char *message)
{
    jmp_buf buffer;
    struct patchbay_pci *volatile pci = calloc(1, sizeof *pci);
    char *file = names ? strdup(names) : NULL;
    if (!pci || (names && !file)) {
        snprintf(message, PATCHBAY_PCI_TEXT, "out of memory");
        free(pci);
        free(file);
        return NULL;
    }
    /* pci_alloc fails only without memory, before an error handler can be set. */
    pci->access = pci_alloc();
    pci->access->error = fail;
    pci->access->warning = ignore;
    pci->access->debug = ignore;
    /* Named, because the automatic choice goes on to probe I/O ports where there is no sysfs. */
    pci->access->method = PCI_ACCESS_SYS_BUS_PCI;
    /* The default looks into ~/.pciids-cache. */
    pci->access->id_lookup_mode = 0;
    if (file) pci_set_name_list_path(pci->access, file, 1);
    if (GUARD(buffer, message)) {
        leave();
        pci_cleanup(pci->access);
        free(pci);
        return NULL;
    }
    pci_set_param(pci->access, "sysfs.path", (char *)bus);
    pci_init(pci->access);
    leave();
    return pci;
}

/* Reads one device of the library into entry; the reason of a failure goes to entry->failure. */
static void fill(struct pci_dev *device, struct patchbay_pci_function *entry)
{
    jmp_buf buffer;
    char message[PATCHBAY_PCI_TEXT] = "";
    entry->domain = (uint32_t)device->domain;
    entry->bus = device->bus;
    entry->device = device->dev;
    entry->function = device->func;
    if (GUARD(buffer, message)) {
        leave();
        entry->failure = strdup(message);
        return;
    }
    pci_fill_info(device, PCI_FILL_IDENT | PCI_FILL_CLASS | PCI_FILL_CLASS_EXT);
    leave();
    entry->vendor_id = device->vendor_id;
    entry->device_id = device->device_id;
    entry->class_code = (uint32_t)device->device_class << 8 | device->prog_if;
}

int patchbay_pci_scan(struct patchbay_pci *pci, struct patchbay_pci_list *list, char *message)
{
    jmp_buf buffer;
    memset(list, 0, sizeof *list);
    if (GUARD(buffer, message)) {
        leave();
        return -1;
    }
    pci_scan_bus(pci->access);
    leave();

    size_t count = 0;
    for (struct pci_dev *device = pci->access->devices; device; device = device->next) count++;
    list->functions = calloc(count ? count : 1, sizeof *list->functions);
    if (!list->functions) {
        snprintf(message, PATCHBAY_PCI_TEXT, "out of memory");
        return -1;
    }
    for (struct pci_dev *device = pci->access->devices; device; device = device->next)
        fill(device, &list->functions[list->count++]);
    return 0;
}

void patchbay_pci_free(struct patchbay_pci_list *list)
{
    for (size_t index = 0; index < list->count; index++) free(list->functions[index].failure);
    free(list->functions);
    memset(list, 0, sizeof *list);
}

/* Only what pci.ids says: no numbers for what it does not list, no hardware database of udev. */
static const int plain = PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB;

static int look_up(struct patchbay_pci *pci, char *name, int what, uint16_t vendor, uint16_t device)
{
    jmp_buf buffer;
    char message[PATCHBAY_PCI_TEXT];
    if (GUARD(buffer, message)) {
        leave();
        return 0;
    }
    /* The vendor's form takes one number and does not look at the second. */
    char *found = pci_lookup_name(pci->access, name, PATCHBAY_PCI_TEXT, what | plain, vendor, device);
    leave();
    if (!found) return 0;
    if (found != name) snprintf(name, PATCHBAY_PCI_TEXT, "%s", found);
    return 1;
}

int patchbay_pci_vendor_name(struct patchbay_pci *pci, uint16_t vendor, char *name)
{
    return look_up(pci, name, PCI_LOOKUP_VENDOR, vendor, 0);
}

int patchbay_pci_device_name(struct patchbay_pci *pci, uint16_t vendor, uint16_t device, char *name)
{
    return look_up(pci, name, PCI_LOOKUP_DEVICE, vendor, device);
}

void patchbay_pci_close(struct patchbay_pci *pci)
{
    if (!pci) return;
    pci_cleanup(pci->access);
    free(pci);
}
