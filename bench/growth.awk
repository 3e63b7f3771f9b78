# SPDX-License-Identifier: MIT
#
# How a cost grows with a size. Reads what turns writes with -o, where a command's name is
# SIZE:LINE; of more than one file line N is of round N. Writes for each round and line of
# the curve
#
#	LINE SIZE MS	the time
#	LINE growth X	the slope of log(time) over log(size) at the three greatest sizes,
#			where the fixed cost matters least: 1 is in proportion
#	LINE each US	the microseconds of one more, by least squares over all sizes

FNR == 1 {
	columns = NF - 1
	for (i = 1; i <= columns; i++) {
		split($(i + 1), part, ":")
		size_of[i] = part[1]
		line_of[i] = part[2]
		if (!(part[2] in sizes))
			lines[++line_count] = part[2]
		size[part[2], ++sizes[part[2]]] = part[1]
	}
	next
}

{
	for (i = 1; i <= columns; i++) {
		ms[line_of[i], size_of[i], FNR - 1] = $i
		print line_of[i], size_of[i], $i
	}
	rounds = FNR - 1
}

# slope LINE ROUND FIRST LOGARITHMIC: by least squares, from the size FIRST on.
function slope(line, round, first, logarithmic, i, n, x, y, sx, sy, sxx, sxy) {
	for (i = first; i <= sizes[line]; i++) {
		x = size[line, i]
		y = ms[line, x, round]
		if (logarithmic) {
			x = log(x)
			y = log(y)
		}
		n++
		sx += x
		sy += y
		sxx += x * x
		sxy += x * y
	}
	return (n * sxy - sx * sy) / (n * sxx - sx * sx)
}

END {
	for (l = 1; l <= line_count; l++)
		for (round = 1; round <= rounds; round++) {
			line = lines[l]
			print line, "growth", slope(line, round, sizes[line] - 2, 1)
			print line, "each", slope(line, round, 1, 0) * 1000
		}
}
