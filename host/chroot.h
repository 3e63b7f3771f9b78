/* SPDX-License-Identifier: MIT */
/* Running from a chroot, where the kernel makes no user namespaces. */
#ifndef BPFTOKEN_CHROOT_H
#define BPFTOKEN_CHROOT_H

/*
 * Where this process's root directory is not the root of its mount namespace: gives the
 * process a mount namespace of its own in which it is. Returns 1, 0 when there was no
 * chroot to begin with, or a negative errno. Needs CAP_SYS_ADMIN and CAP_SYS_CHROOT. In
 * either case the process has a mount namespace of its own afterwards.
 */
int chroot_become_root(void);

#endif
