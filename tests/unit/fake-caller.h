/* SPDX-License-Identifier: MIT */
/*
 * The system calls of lib/sys-task.h as a container that lies: memory changes between two
 * reads, descriptors come and go, anything may fail, whenever draw() says so. Whatever is
 * asked of it is checked: no descriptor is closed twice or used unopened, and a call that
 * is performed carries our token, the caller's rights and no more, no number of the
 * caller's that was not looked up, and no address but of our own copies.
 */
#ifndef TEST_FAKE_CALLER_H
#define TEST_FAKE_CALLER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "handle.h"

#define FAKE_BASE 0x10000U /* where the caller's memory is */
#define FAKE_SIZE 0x8000U
#define FAKE_TOKEN 7777
#define FAKE_RIGHTS UINT64_MAX /* our own */
#define FAKE_ID 42 /* of every notification */
#define FAKE_WRITES 8U

struct fake_caller {
	uint64_t (*draw)(uint64_t below); /* chance */
	unsigned char memory[FAKE_SIZE];
	uint64_t rights, effective; /* the caller's; of this thread */
	bool gone, other_userns; /* the caller */
	struct fake_write {
		uint64_t address;
		size_t size;
	} writes[FAKE_WRITES]; /* into the memory, of one call */
	unsigned int answers, open, reserved, performed, patched, write_count;
	bool is_open[2048];
};

extern struct fake_caller fake_caller;

/* Once in so many times. */
bool fake_now_and_then(unsigned int one_in);
/* Every eighth page is not there. */
bool fake_is_mapped(uint64_t address);

/* What a supervisor has; draw() is set by then. */
void fake_caller_supply(struct supply *supply);
/* Hands over a notification, and checks that it left nothing and has one answer. */
void fake_caller_notify(struct supply *supply, const struct seccomp_notif *notif);

#endif
