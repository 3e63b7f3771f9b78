# SPDX-License-Identifier: MIT
#
# The page of bench/report: facts, the figures of each bench, how costs grow, the points.

function say(x) {
	if (x == "")
		return ""
	x += 0
	if (x == int(x))
		return sprintf("%d", x)
	return sprintf(x >= 100 || x <= -100 ? "%.0f" : x >= 10 || x <= -10 ? "%.1f" : \
		x >= 1 || x <= -1 ? "%.2f" : "%.3f", x)
}

function with_unit(text, unit) {
	return unit == "" || unit == "exponent" ? text : text " " unit
}

function quartiles(low, high) {
	return low == "" ? "" : say(low) " to " say(high)
}

function verdict(figure, bound, word) {
	if (bound == "-" || bound == "")
		return ""
	if (bound + 0 == bound)
		bound = "at most " bound
	split(bound, word, " ")
	if ((word[2] == "most" && figure + 0 > word[3] + 0) || \
	    (word[2] == "least" && figure + 0 < word[3] + 0))
		return "**" bound ": missed**"
	return bound
}

$1 == "fact" {
	facts = facts "| " $2 " | " $3 " |\n"
	next
}

$1 == "missed" {
	missed = missed " `bench/" $2 "`"
	next
}

NF != 8 && NF != 11 {
	print FILENAME ":" FNR ": " NF " fields" >"/dev/stderr"
	failed = 1
	exit 1
}

NF == 11 {
	if (!($2 in unit))
		titles[++title_count] = $2
	unit[$2] = $10
	if (!(($2, $11) in command)) {
		names[$2, ++name_count[$2]] = $11
		command[$2, $11] = $8
	}
	if (!(($2, $9) in known)) {
		known[$2, $9] = 1
		sizes[$2, ++size_count[$2]] = $9
	}
	point[$2, $9, $11] = say($3) " (" quartiles($4, $5) ")"
	next
}

$1 == "curves" {
	curve = $2
	kind = sub(/: growth$/, "", curve) ? "growth" : "each"
	sub(/: one more$/, "", curve)
	grown[curve, kind] = say($3) " (" quartiles($4, $5) ")"
	grown[curve, kind, "bound"] = verdict($3, $7)
	next
}

{
	if (!($1 in rows))
		benches[++bench_count] = $1
	rows[$1] = rows[$1] "| " $2 " | " with_unit(say($3), $6) " | " quartiles($4, $5) \
		" | " verdict($3, $7) " | `" $8 "` |\n"
}

function print_growth(t, n, title, name, key) {
	print "| cost | line | slope | bound | of one more | command |"
	print "|---|---|---|---|---|---|"
	for (t = 1; t <= title_count; t++)
		for (n = 1; n <= name_count[title = titles[t]]; n++) {
			name = names[title, n]
			key = title ", " name
			print "| " title " | " name " | " grown[key, "growth"] " | " \
				grown[key, "growth", "bound"] " | " grown[key, "each"] " us | `" \
				command[title, name] "` |"
		}
}

function print_points(title, i, n, row) {
	print "\n### " title "\n"
	row = "| " unit[title] " |"
	for (n = 1; n <= name_count[title]; n++)
		row = row " " names[title, n] ", ms |"
	print row
	row = "|---|"
	for (n = 1; n <= name_count[title]; n++)
		row = row "---|"
	print row
	for (i = 1; i <= size_count[title]; i++) {
		row = "| " say(sizes[title, i]) " |"
		for (n = 1; n <= name_count[title]; n++)
			row = row " " point[title, sizes[title, i], names[title, n]] " |"
		print row
	}
}

END {
	if (failed)
		exit 1
	print "# Benchmarks\n"
	print "`make bench` measures all of this and writes this page; do not edit it. Each bench runs"
	print "what it compares in turns, in one run, so that whatever else the machine does hits all of"
	print "it. A figure is the median of the rounds, and what is behind it are its quartiles; a ratio"
	print "is taken within a round. A bare reference makes the same kernel calls in a straight line,"
	print "with nothing around them.\n"
	if (missed != "")
		print "**Over a bound, or not done:" missed ".**\n"
	print "| machine | |"
	print "|---|---|"
	printf "%s", facts
	for (b = 1; b <= bench_count; b++) {
		print "\n## `bench/" benches[b] "`\n"
		print "| what | figure | quartiles | bound | command |"
		print "|---|---|---|---|---|"
		printf "%s", rows[benches[b]]
	}
	if (title_count) {
		print "\n## `bench/curves`: costs over size\n"
		print "![What each command costs over the size of what it works on](benchmarks.svg)\n"
		print "How a cost grows: the slope of its logarithm over that of the size, at the three greatest"
		print "sizes, where the fixed cost matters least (1 is in proportion, 0 is no growth); and the"
		print "cost of one more, by least squares over all sizes.\n"
		print_growth()
		for (t = 1; t <= title_count; t++)
			print_points(titles[t])
	}
}
