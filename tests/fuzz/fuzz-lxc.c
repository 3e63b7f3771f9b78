/* SPDX-License-Identifier: MIT */
/* The configuration of a plain LXC container, which its hook reads. */
#include "fuzz.h"
#include "hook.h"
#include "policy.h"

bool fuzz_input(const uint8_t *data, size_t size)
{
	struct hook_request request = HOOK_REQUEST_EMPTY;
	struct bpftoken_error err = { .code = 0 };
	char directory[FUZZ_PATH], path[FUZZ_PATH + 16];
	struct hook_lxc lxc = { .type = "start-host", .pid = "1", .config = path };
	int r;

	fuzz_directory(directory);
	snprintf(path, sizeof(path), "%s/config", directory);
	fuzz_write(path, data, size);
	r = hook_lxc_read(&request, &lxc, &err);
	fuzz_check(r <= 0);
	/* pid 1 is no container: who asks for something is refused */
	fuzz_check(r < 0 || !request.policy);
	fuzz_check(r == 0 || (err.code == r && err.why[0]));
	hook_request_done(&request);
	return true;
}
