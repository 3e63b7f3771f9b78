# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion for bash. What may follow, `bpftoken --complete` says.

_bpftoken() {
	local line=${COMP_LINE:0:COMP_POINT} words=() starts=() i

	# bash breaks words at '=', ':' and '@', too: put them together again.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		if [[ $i -eq 0 || $line == [[:space:]]* ]]; then
			line=${line#"${line%%[![:space:]]*}"}
			words+=('')
			starts+=("$i")
		fi
		if ((i == COMP_CWORD)); then
			words[-1]+=$line
		else
			words[-1]+=${COMP_WORDS[i]}
			line=${line#"${COMP_WORDS[i]}"}
		fi
	done

	# Of the last word, bash replaces what follows the last break only; '@' is a
	# break, and yet is replaced.
	local part=${words[-1]##*["$COMP_WORDBREAKS"]}
	local kept=${words[-1]%"$part"} candidate
	if [[ $kept == *@ ]]; then
		kept=${kept%@}
		part=@$part
	fi
	while IFS= read -r candidate; do
		case $candidate in
		:file) _bpftoken_names -f "$part" ;;
		:dir) _bpftoken_names -d "$part" ;;
		:program\ *) _bpftoken_program "${starts[${candidate#* }]}" "$part" ;;
		*)
			candidate=${candidate%%$'\t'*}
			COMPREPLY+=("${candidate#"$kept"}")
			;;
		esac
	done < <("${words[0]/#\~\//$HOME/}" --complete "${words[@]:1}" 2>/dev/null)
}

_bpftoken_names() {
	compopt -o filenames
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$1" -- "$2")
}

# The command line of another program begins at a word of COMP_WORDS.
_bpftoken_program() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif (($1 == COMP_CWORD)); then
		mapfile -t COMPREPLY < <(compgen -c -- "$2")
	else
		_bpftoken_names -f "$2"
	fi
}

complete -F _bpftoken bpftoken
