# SPDX-License-Identifier: MIT
#
# Takes a page apart: code block N goes to the file N.text in the directory `work`, and to
# N.how how it runs, `run`, `file PATH`, `skip REASON` or `bad REASON`, with N.title. The
# comment above a block says so; `place` is where we are.
function how_of(comment,    words, n, i) {
	if (comment ~ /^not run: .+/)
		return "skip " substr(comment, 10)
	if (comment !~ /^(run|file [^ ]+):( (here|walk|vm))+$/)
		return "bad no comment above it says how it runs, or a wrong one: " comment
	n = split(comment, words, " ")
	for (i = 2; i <= n; i++)
		if (words[i] == place)
			return words[1] == "run:" ? "run" : "file " substr(words[2], 1, length(words[2]) - 1)
	return "elsewhere"
}

/^#+ / && !inside { heading = $0; sub(/^#+ /, "", heading) }
/^<!-- .* -->$/ && !inside {
	comment = substr($0, 6, length($0) - 9)
	next
}
/^```/ && !inside {
	inside = ++n
	text = sprintf("%s/%03d.text", work, n)
	printf "" >text
	how = sprintf("%s/%03d.how", work, n)
	print how_of(comment) >how
	print "line " NR ", " heading >sprintf("%s/%03d.title", work, n)
	comment = ""
	next
}
/^```$/ { inside = 0; close(text); next }
inside { print >text; next }
/./ { comment = "" }
