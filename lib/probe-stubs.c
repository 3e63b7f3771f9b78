/* Scaffold: every probe that is not written yet. */
#include "error.h"
#define STUB(proto)             \
	proto                   \
	{                       \
		return -ENOSYS; \
	}
STUB(int bpftoken_probe_map_flag(uint32_t a, uint32_t b, int t, struct bpftoken_error *e))
STUB(int bpftoken_probe_helper(uint32_t a, uint32_t b, int t, struct bpftoken_error *e))
STUB(int bpftoken_probe_kfunc(uint32_t a, const char *b, int t, struct bpftoken_error *e))
STUB(int bpftoken_probe_btf_kind(uint32_t a, int t, struct bpftoken_error *e))
STUB(int bpftoken_probe_cmd(uint32_t a, int t, struct bpftoken_error *e))
STUB(int bpftoken_probe_link(uint32_t a, int t, struct bpftoken_error *e))
STUB(int bpftoken_probe_feature(uint32_t a, int t, struct bpftoken_error *e))
const char *bpftoken_helper_name(uint32_t a)
{
	return NULL;
}
uint32_t bpftoken_helper_count(void)
{
	return 0;
}
const char *bpftoken_btf_kind_name(uint32_t a)
{
	return NULL;
}
const char *bpftoken_link_name(uint32_t a)
{
	return NULL;
}
const char *bpftoken_feature_name(uint32_t a)
{
	return NULL;
}
int bpftoken_probe_forget(int t)
{
	(void)t;
	return 0;
}
