/* SPDX-License-Identifier: MIT */
/* Scaffold: every probe that is not written yet. */
#include "error.h"
int bpftoken_probe_link(uint32_t a, int t, struct bpftoken_error *e)
{
	return -ENOSYS;
}
const char *bpftoken_link_name(uint32_t a)
{
	return NULL;
}
