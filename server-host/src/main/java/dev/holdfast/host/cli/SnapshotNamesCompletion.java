package dev.holdfast.host.cli;

import java.util.List;

/**
 * Completion of the names of snapshots, which are known only when somebody types: the shell asks {@code holdfast snapshots list
 * --names}, with the options of the line that say where the snapshots are.
 */
final class SnapshotNamesCompletion {

    /** The commands of {@code snapshots} that take names. */
    static final List<String> COMMANDS =
            List.of("show", "diff", "plan", "restore", "export", "tag", "delete", "verify");

    /** How a shell asks for them; it hears nothing of a failure, for nobody asked for a command yet. */
    static final String ASK = "snapshots list --names --quiet --limit 200";

    private SnapshotNamesCompletion() {}

    /** For bash, and for zsh with its bashcompinit: put behind picocli's script, whose function it calls for all else. */
    static String bash() {
        return """

                # The names of snapshots, where a command takes one; else what is above.
                function _holdfast_with_names() {
                  local curr_word=${COMP_WORDS[COMP_CWORD]} snapshots=no command="" given=0 value=no word
                  local where=()
                  for word in "${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
                    if [[ ${value} == yes ]]; then
                      where+=("${word}") value=no
                      continue
                    fi
                    case ${word} in
                      --log-location|--store|--group|--ts-config|--config|-D|--set|--plugins-path|--ppath|--plugins-sha256)
                        where+=("${word}") value=yes ;;
                      --at) command="" snapshots=no ;;
                      -*) ;;
                      snapshots) snapshots=yes ;;
                      *)
                        if [[ ${snapshots} == no ]]; then
                          :
                        elif [[ -z ${command} ]]; then
                          command=${word}
                        else
                          given=$((given + 1))
                        fi ;;
                    esac
                  done
                  if [[ ${value} == no && ${curr_word} != -* ]]; then
                    case ${command}/${given} in
                      diff/[01]|delete/*|verify/*|%s)
                        COMPREPLY=( $(compgen -W "latest $("${COMP_WORDS[0]}" %s "${where[@]}" 2>/dev/null </dev/null)" -- "${curr_word}") )
                        return ;;
                    esac
                  fi
                  _complete_holdfast
                }
                complete -F _holdfast_with_names -o default holdfast holdfast.sh holdfast.bash
                """.formatted(
                        String.join(
                                "|",
                                COMMANDS.stream()
                                        .filter(name -> !List.of("diff", "delete", "verify")
                                                .contains(name))
                                        .map(name -> name + "/0")
                                        .toList()),
                        ASK);
    }
}
