# SPDX-License-Identifier: MIT
#
# Takes a transcript apart: command N goes to the file run.N, and what it printed to
# said.N, in the directory `work`. A command begins with a prompt, and goes on while a
# quote is open or the line ends in \ or |.
!more && /^[#$] / {
	file = work "/run." ++n
	sub(/^[#$] /, "")
	more = 1
	quotes = 0
}
!n { next }
more {
	print >file
	quotes += gsub(/\047/, "&")
	more = quotes % 2 || /[\\|]$/
	next
}
{ print >(work "/said." n) }
