/* SPDX-License-Identifier: MIT */
/*
 * Which container a process is in, and which process a container: a digit that chooses
 * the file (or the name that is looked for), and its content, in a tree with one process.
 */
#include "engine.h"
#include "fuzz.h"

#include <sys/stat.h>

#define PID 77
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *path, *usual;
} files[] = {
	{ "/proc/77/cgroup", "0::/machine.slice/libpod-" ID ".scope\n" },
	{ "/proc/77/status", "Name:\tinit\nNSpid:\t77\t1\n" },
	{ "/var/lib/containers/storage/overlay-containers/containers.json", "[]" },
	{ "/var/lib/docker/containers/" ID "/config.v2.json", "{}" },
	{ "/run/runc/web/state.json", "{}" },
	{ "/run/crun/web/status", "{}" },
	{ "/run/containerd/io.containerd.runtime.v2.task/moby/web/init.pid", "0" },
};

#define NAME_WANTED ('0' + (int)ARRAY_SIZE(files))

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

static void write_file(const char *root, size_t n, const void *data, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, files[n].path);
	make_parents(path);
	fuzz_write(path, data, size);
}

static void check_container(const struct engine_container *container)
{
	fuzz_check(container->engine && container->engine[0]);
	fuzz_check(memchr(container->name, '\0', sizeof(container->name)));
	fuzz_check(memchr(container->pod, '\0', sizeof(container->pod)));
	fuzz_check(!strchr(container->name, '/'));
}

static void find(const char *root, const char *name)
{
	struct engine_container container;
	struct bpftoken_error err = { .code = 0 };
	pid_t pid = 0;
	int r = engine_find(root, name, &pid, &container, &err);

	if (r < 0) {
		fuzz_check(err.code == r && err.why[0] && err.fix[0] && !pid);
		return;
	}
	fuzz_check(pid == PID);
	check_container(&container);
}

bool fuzz_input(const uint8_t *data, size_t size)
{
	struct engine_container container;
	_cleanup_free_ char *text = NULL;
	static size_t changed;
	static bool prepared;
	char root[FUZZ_PATH];
	size_t n;

	if (!size || data[0] < '0' || data[0] > NAME_WANTED)
		return false;
	fuzz_directory(root);
	for (size_t i = 0; !prepared && i < ARRAY_SIZE(files); i++)
		write_file(root, i, files[i].usual, strlen(files[i].usual));
	prepared = true;
	write_file(root, changed, files[changed].usual, strlen(files[changed].usual));
	n = (size_t)(data[0] - '0');
	text = fuzz_text(data + 1, size - 1);
	if (data[0] == NAME_WANTED) {
		find(root, text);
		return true;
	}
	write_file(root, n, data + 1, size - 1);
	changed = n;
	if (engine_of_cgroup(text, &container) > 0)
		check_container(&container);
	if (engine_read(root, PID, &container) > 0)
		check_container(&container);
	find(root, "web");
	find(root, ID);
	return true;
}
