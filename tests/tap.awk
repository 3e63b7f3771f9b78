# SPDX-License-Identifier: MIT
#
# Judges the TAP of one program that has ended, and writes it in one form:
#
#	ok N - NAME [# SKIP REASON]
#	not ok N - NAME
#	# lines of explanation, of the test above
#
# Variables: who (the program's name), prefix (of its tests' names), status (its
# exit status), first (number of its first test), last (the last thing it said:
# the reason for a skip by exit status 77), allowed_skips (a pattern for `WHO NAME
# SKIP REASON`: any other skip is a failure). A program that failed without
# saying which test, that ran none, or another number than it planned, gets a
# `not ok` of its own.
#
# cmocka writes a skip as `not ok N # SKIP NAME`, bats as `ok N NAME # skip
# REASON`.

function test(result, name) {
	ran++
	if (allowed_skips && name ~ / # SKIP / && (who " " name) !~ allowed_skips) {
		result = "not ok"
		sub(/ # SKIP /, ": a skip that is not allowed here: ", name)
	}
	if (result != "ok")
		failed++
	printf "%s %d - %s\n", result, first++, name
}

BEGIN {
	if (!first)
		first = 1
}

{ sub(/\r$/, "") }

/^1\.\.[0-9]+/ {
	planned = substr($1, 4) + 0
	has_plan = 1
	if (match($0, /# *[Ss][Kk][Ii][Pp][A-Za-z:]* */)) {
		last = substr($0, RSTART + RLENGTH)
		status = 77
	}
	next
}

/^(not )?ok([ \t]|$)/ {
	result = /^not/ ? "not ok" : "ok"
	name = $0
	sub(/^(not )?ok[ \t]*[0-9]*[ \t]*(-[ \t]+)?/, "", name)
	if (match(name, /[ \t]*# *[Ss][Kk][Ii][Pp][ \t]*/)) {
		reason = substr(name, RSTART + RLENGTH)
		name = substr(name, 1, RSTART - 1)
		if (name == "") {
			name = reason
			reason = ""
		}
		result = "ok"
		name = name " # SKIP " (reason == "" ? "no reason given" : reason)
	}
	test(result, prefix name)
	next
}

/^Bail out!/ { test("not ok", who ": " $0); next }
/^TAP version/ { next }
/^#/ { print; next }
NF && status != 77 { print "# " $0 }

END {
	if (status == 77 && !ran)
		test("ok", who " # SKIP " (last == "" ? "no reason given" : last))
	else if (status == 124 || status == 137)
		test("not ok", who ": ran out of time")
	else if (status && !failed)
		test("not ok", who ": exit status " status)
	else if (!ran)
		test("not ok", who ": ran no test")
	else if (has_plan && planned != ran)
		test("not ok", who ": planned " planned " tests, ran " ran)
}
