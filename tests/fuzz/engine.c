/* SPDX-License-Identifier: MIT */
/* Between an engine and a target. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_input(data, size) ? 0 : -1;
}
