# SPDX-License-Identifier: MIT
#
# Completion for fish. What may follow, `bpftoken --complete` says.

function __bpftoken_complete
    set -l last (commandline -ct)
    set -l words (commandline -opc) "$last"
    set -l part (string replace -r -- '^--[^=]*=' '' "$last")
    set -l kept (string match -r -- '^--[^=]*=' "$last")
    for line in ($words[1] --complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':file'
                printf "$kept%s\n" (__fish_complete_path $part)
            case ':dir'
                printf "$kept%s\n" (__fish_complete_directories $part '')
            case ':program *'
                set -l first (math (string split ' ' $line)[2] + 1)
                complete -C (string join ' ' -- (string escape -- $words[$first..-1]))
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c bpftoken -f -a '(__bpftoken_complete)'
