/* SPDX-License-Identifier: MIT */
/* What a raw call returns, to the house's form; for the files of this layer. */
#ifndef BPFTOKEN_SYS_RESULT_H
#define BPFTOKEN_SYS_RESULT_H

#include <errno.h>

static inline int result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

#endif
