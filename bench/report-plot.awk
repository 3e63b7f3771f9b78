# SPDX-License-Identifier: MIT
#
# The curves of bench/report, for gnuplot: a panel for each. Ours is blue, and purple where
# there are two; the least that the work costs is grey, a peer orange. bench/report knows
# these colours, for a dark ground.

BEGIN {
	text = "#1f2328"
	colour["bare"] = colour["native"] = colour["token-aware"] = "#6e7781"
	colour["unshare"] = colour["strace"] = colour["lsns"] = "#bc4c00"
	colour["exec-copied"] = colour["mount-options"] = "#8250df"
	shape["#6e7781"] = 5
	shape["#bc4c00"] = 9
	shape["#8250df"] = 13
}

function widen(title, axis, low, high) {
	if (!((title, axis) in least) || low + 0 < least[title, axis])
		least[title, axis] = low + 0
	if (high + 0 > most[title, axis] + 0)
		most[title, axis] = high + 0
}

NF == 11 {
	if (!($2 in unit))
		titles[++count] = $2
	unit[$2] = $10
	if (!(($2, $11) in data))
		names[$2, ++name_count[$2]] = $11
	data[$2, $11] = data[$2, $11] $9 " " $3 " " $4 " " $5 "\n"
	widen($2, "x", $9, $9)
	widen($2, "y", $4, $5)
	next
}

$1 == "curves" && sub(/: growth$/, "", $2) {
	slope[$2] = sprintf("%.2f", $3)
}

# The names of the lines stand above them: there is room for these.
function panel(t, title, n, name, lines, ours) {
	title = titles[t]
	printf "set label 1 \"{/:Bold %s}, ms\" at graph -0.08,1.08 left tc rgb \"%s\"\n",
		title, text
	printf "set xrange [%g:%g]\n", least[title, "x"] * 0.8, most[title, "x"] * 1.25
	printf "set yrange [%g:%g]\n", least[title, "y"] * 0.7,
		most[title, "y"] * 1.4 * (most[title, "y"] / least[title, "y"]) ^ 0.25 * \
		1.7 ^ name_count[title]
	printf "set xlabel \"%s\" offset 0,0.3 tc rgb \"%s\"\n", unit[title], text
	for (n = 1; n <= name_count[title]; n++) {
		name = names[title, n]
		printf "$d%d_%d << END\n%sEND\n", t, n, data[title, name]
		ours = name in colour ? colour[name] : "#0969da"
		lines = lines (n > 1 ? ", " : "") sprintf("$d%d_%d using 1:2:3:4 with " \
			"yerrorlines lc rgb \"%s\" lw 1.6 pt %d ps 0.45 title \"%s, slope %s\"",
			t, n, ours, ours in shape ? shape[ours] : 7, name, slope[title ", " name])
	}
	print "plot " lines
}

END {
	rows = int((count + 1) / 2)
	printf "set terminal svg size 960,%d dynamic enhanced font \"sans-serif,13\" " \
		"background \"#ffffff\"\n", rows ? rows * 290 : 290
	printf "set multiplot layout %d,2 margins 0.06,0.98,%.4f,%.4f spacing 0.08,%.4f\n",
		rows ? rows : 1, 0.2 / (rows ? rows : 1), 1 - 0.12 / (rows ? rows : 1),
		0.36 / (rows ? rows : 1)
	print "set logscale xy"
	print "set format xy \"%.10g\""
	print "set bars 0.4"
	printf "set border 3 lc rgb \"%s\"\n", text
	print "set tics nomirror scale 0.5,0.25"
	print "set grid lc rgb \"#e1e4e8\" lt 1 lw 1"
	printf "set key top left Left reverse samplen 1.5 spacing 1.1 tc rgb \"%s\"\n", text
	for (t = 1; t <= count; t++)
		panel(t)
	print "unset multiplot"
}
