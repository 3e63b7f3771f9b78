/* SPDX-License-Identifier: MIT */
/*
 * What may be granted: the administrator's profiles, and the ceiling that bounds whatever
 * `run`, `mount` and `hook` delegate. Both are files that only root can write, below a
 * directory that is fixed when this is built: nothing that a caller or a container
 * controls leads elsewhere.
 */
#ifndef BPFTOKEN_HOST_GRANT_H
#define BPFTOKEN_HOST_GRANT_H

#include "bpftoken.h"

#include <stdbool.h>
#include <stddef.h>

/* Where profiles.d/NAME.ini and ceiling.ini are. */
#define GRANT_DIRECTORY BPFTOKEN_CONFDIR "/bpftoken"

/* Longest text that a container may supply. */
#define GRANT_CONTAINER_MAX ((size_t)64 << 10)

/*
 * Is it a name that a profile can have: letters, digits, '.', '_' and '-', at most 63, a
 * letter or digit first, no two dots in a row?
 */
bool grant_is_profile_name(const char *name);

/* The policy of a profile. */
int grant_profile(const char *name, struct bpftoken_policy **ret_policy,
		  struct bpftoken_error *err);

/*
 * The policy of a text that the administrator wrote: @PRESET[+@PRESET...], the name of a
 * profile, or a policy in any dialect. Never the name of a file. Not held to the ceiling
 * here: call grant_check_ceiling() once all parts are merged.
 */
int grant_from_text(const char *text, struct bpftoken_policy **ret_policy,
		    struct bpftoken_error *err);

/*
 * The policy of a text that came from a container, such as an annotation: at most
 * GRANT_CONTAINER_MAX bytes of printable ASCII; the name of a profile or, where there is
 * a ceiling, what grant_from_text() takes. Within the ceiling, or refused.
 */
int grant_from_container(const char *text, struct bpftoken_policy **ret_policy,
			 struct bpftoken_error *err);

/*
 * 0: the policy is within the ceiling, or there is none. Otherwise negative, and err, of
 * the kind POLICY, lists what exceeds it. A ceiling that cannot be trusted or read
 * refuses everything.
 */
int grant_check_ceiling(const struct bpftoken_policy *policy, struct bpftoken_error *err);

#endif
