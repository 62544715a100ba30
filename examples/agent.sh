#!/bin/sh
# An agent in small: what every agent of a fleet does, with a fixed rule in the place of a model.
#
# The prompt comes on standard input, the working folder is a fresh clone of the repository, and
# SUPERCARGO_ROLE says which role the session has. Only what is handed in with `supercargo agent`
# counts: a process that merely ends has done nothing.
set -eu
prompt=$(cat)

quoted() {
    printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}

case $SUPERCARGO_ROLE in
initializer)
    # Each list item of the specification becomes a feature.
    items=
    n=0
    while IFS= read -r line; do
        case $line in "- "*) ;; *) continue ;; esac
        title=$(quoted "${line#- }")
        n=$((n + 1))
        items="$items${items:+,}{\"key\":\"f$n\",\"content\":{\"title\":\"$title\"},\"depends_on\":[]}"
    done <<SPEC
$(printf '%s\n' "$prompt" | sed '1,/^# Specification$/d')
SPEC
    printf '{"items":[%s]}' "$items" | supercargo agent backlog -
    ;;

coder)
    # The work: an agent with a model would ask it here, and run what it says.
    mkdir -p features
    printf '%s\n' "$prompt" > "features/$SUPERCARGO_FEATURE.md"
    git add features
    git commit --quiet -m "Write down $SUPERCARGO_FEATURE"
    supercargo agent submit
    ;;

reviewer)
    # The commit to judge is checked out.
    file="features/$SUPERCARGO_FEATURE.md"
    if test -s "$file"; then
        printf '{"judgement":"pass","findings":[],"ran":[{"command":"test -s %s","exit":0}]}' "$file"
    else
        printf '{"judgement":"reject","findings":[{"path":"%s","why":"is missing or empty"}]}' "$file"
    fi | supercargo agent verdict -
    ;;

overseer)
    # What is on main is compared with what was asked for.
    written=$(ls features | wc -l)
    printf '{"checked":[{"requirement":"each feature is written down","evidence":"features/ has %d files"}],"findings":[]}' "$written" |
        supercargo agent report -
    ;;
esac
