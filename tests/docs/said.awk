# SPDX-License-Identifier: MIT
#
# said.awk SHOWN PRINTED
#
# Is what a command printed what the page shows? Runs of blanks and breaks of lines are
# the page's own, [...] stands for anything. Status 1 if not.
{ text[FILENAME] = text[FILENAME] " " $0 }

END {
	shown = text[ARGV[1]]
	printed = text[ARGV[2]]
	gsub(/[ \t]+/, "", shown)
	gsub(/[ \t]+/, "", printed)
	n = split(shown, part, /\[\.\.\.\]/)
	if (n < 2)
		exit shown != printed
	if (substr(printed, 1, length(part[1])) != part[1])
		exit 1
	for (i = 1; i <= n; i++) {
		at = index(printed, part[i])
		if (part[i] != "" && !at)
			exit 1
		if (i == n && part[n] != "")
			exit substr(printed, length(printed) - length(part[n]) + 1) != part[n]
		printed = substr(printed, part[i] == "" ? 1 : at + length(part[i]))
	}
}
