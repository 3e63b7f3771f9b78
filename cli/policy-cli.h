/* SPDX-License-Identifier: MIT */
/* What the files of `bpftoken policy` share. */
#ifndef BPFTOKEN_POLICY_CLI_H
#define BPFTOKEN_POLICY_CLI_H

#include "cli.h"
#include "json.h"
#include "policy.h"

/* One struct for all sub-commands; each fills what its rows name. */
struct policy_arguments {
	const char *from, *to, *instance;
	bool json, presets, fix;
	uint32_t kernel;
};

/* take() of an option whose value is the name of a dialect; for completion. */
int policy_take_dialect(void *member, const struct cli_option *option, const char *value,
			struct bpftoken_error *err);
#define DIALECT_WORDS "oci json systemd ini lxd incus mount"

/*
 * The text of an operand FILE|@PRESET|TEXT; "-" is standard input. Returns the exit
 * status of a failure, or CLI_DONE.
 */
int policy_read(const char *operand, char **ret_text);

/* Of the one operand, or of standard input when there is none. */
int policy_read_one(const struct cli_command *command, int count, char **operands,
		    char **ret_text);

/* --instance, where the dialect that is written has none, is wrong usage. */
int policy_check_instance(const struct cli_command *command,
			  const struct policy_arguments *options);

/* Writes a policy in a dialect, once it is sure that it reads back as the same. */
int policy_write(const struct bpftoken_policy *policy, const char *dialect,
		 const char *instance);

/*
 * One that a tool has found: a dialect that has a place for it says how. Takes the
 * provenance; NULL: there was no memory for it.
 */
int policy_write_found(const struct bpftoken_policy *policy, const char *dialect,
		       struct json_object *provenance);

/* policy-lint.c, policy-sets.c, policy-show.c */
int policy_run_lint(const struct cli_command *command, int argc, char **argv);
int policy_run_diff(const struct cli_command *command, int argc, char **argv);
int policy_run_merge(const struct cli_command *command, int argc, char **argv);
int policy_run_show(const struct cli_command *command, int argc, char **argv);

#endif
