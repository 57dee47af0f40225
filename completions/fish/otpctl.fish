# fish completion for otpctl: commands, actions and options, and what the agent knows: recipients, sessions, sources.
# tests/cli/drift_test.cpp holds it to --help, tests/e2e/test_completions.py runs it.

# The words in front of the cursor; the one under it is not there.
function __otpctl_first
    test (count (commandline -opc)) -eq 1
end

# __otpctl_in COMMAND [ACTION]: by its place, because each of our words may be a recipient or a program, too.
function __otpctl_in
    set -l words (commandline -opc)
    test "$words[2]" = "$argv[1]"; and begin
        test (count $argv) -eq 1; or test "$words[3]" = "$argv[2]"
    end
end

function __otpctl_action
    set -l words (commandline -opc)
    set -q words[3]
end

# How many words stand in front of the program of `otpctl run`: its name is what comes behind our options, or behind `--`.
function __otpctl_words_of_run
    set -l words (commandline -opc)
    set -l i 3
    while set -q words[$i]
        switch $words[$i]
            case --
                echo $i
                return
            case --email --phone --from --subject --pattern --length --ttl --country --metadata --queue --env-file --fd --env --timeout --since --config
                set i (math $i + 2)
            case '-*'
                set i (math $i + 1)
            case '*'
                break
        end
    end
    echo (math $i - 1)
end

# True behind the program's name, and behind `--`: options are its own from there on.
function __otpctl_program_named
    set -l words (commandline -opc)
    set -l ours (__otpctl_words_of_run)
    test "$words[$ours]" = --; or test (count $words) -gt $ours
end

# What fish knows of the program: its name, then what completes it.
function __otpctl_program_of_run
    set -l ours (__otpctl_words_of_run)
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    if not __otpctl_program_named
        test (count $words) -eq $ours; and not string match -q -- '-*' $typed; or return # an option of ours, or its value
    end
    if test (count $words) -eq $ours; and not string match -q -- '*/*' $typed
        set -l programs $PATH/$typed* # fish's own list, which asks for descriptions, takes a tenth of a second
        string replace -r -- '.*/' '' $programs
        return
    end
    complete --do-complete="$(string join -- ' ' (string escape -- $words[(math $ours + 1)..-1]) $typed)"
end

# A list: what stands before the last comma stays.
function __otpctl_types
    set -l before (string match -r -- '.*,' (string replace -r -- '^--type=' '' (commandline -ct)))
    test -n "$before"; or set before ''
    printf '%s\n' $before{agent,source,session,wait,message,code,entry}
end

complete -c otpctl -f
complete -c otpctl -n __otpctl_first -s h -l help -d 'print this help'
complete -c otpctl -n __otpctl_first -s V -l version -d 'print the version'
complete -c otpctl -n __otpctl_first -a help -d 'show help on a command'
complete -c otpctl -n '__otpctl_in help' -a 'wait run session manual sms deliver watch log status health agent config extract doctor exit-codes'

complete -c otpctl -n __otpctl_first -a wait -d 'block until the code comes; print only the code'
complete -c otpctl -n '__otpctl_in wait' -a '(command otpctl complete recipients 2>/dev/null)'
complete -c otpctl -n '__otpctl_in wait' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in wait' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in wait' -l email -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'an address that the code is sent to'
complete -c otpctl -n '__otpctl_in wait' -l phone -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'a number that the code is sent to'
complete -c otpctl -n '__otpctl_in wait' -l session -x -a '(command otpctl complete sessions 2>/dev/null)' -d 'wait on this session (id or unique prefix)'
complete -c otpctl -n '__otpctl_in wait' -l timeout -x -d 'give up after this time [120s]; 0: only what is there'
complete -c otpctl -n '__otpctl_in wait' -l since -x -d 'codes that came so long before count too [30s]'
complete -c otpctl -n '__otpctl_in wait' -l from -x -d 'only codes of this sender (* and ?)'
complete -c otpctl -n '__otpctl_in wait' -l subject -x -d 'only mails with this subject (* and ?)'
complete -c otpctl -n '__otpctl_in wait' -l pattern -x -d 'the code is what the one group matches'
complete -c otpctl -n '__otpctl_in wait' -l length -x -d 'only codes of this many characters'
complete -c otpctl -n '__otpctl_in wait' -l exclusive -d 'nobody else may wait for this recipient meanwhile'
complete -c otpctl -n '__otpctl_in wait' -l queue -x -d 'stand in line that long behind another --exclusive'
complete -c otpctl -n '__otpctl_in wait' -l fail-fast -d 'end at the first cause, not at the deadline'
complete -c otpctl -n '__otpctl_in wait' -l timeout-exit-code -x -d 'exit code of a timeout [124]'
complete -c otpctl -n '__otpctl_in wait' -l progress -x -a 'auto plain none' -d 'auto: one line on a terminal; plain: a line each 10s'
complete -c otpctl -n '__otpctl_in wait' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in wait' -s q -l quiet -d 'no progress, no warnings'
complete -c otpctl -n '__otpctl_in wait' -l json -d 'answer and errors as JSON'

complete -c otpctl -n __otpctl_first -a run -d 'run a program with a session of its own; its exit code'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l email -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'an address that the code is sent to'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l phone -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'a number that the code is sent to'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l from -x -d 'only codes of this sender (* and ?)'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l subject -x -d 'only mails with this subject (* and ?)'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l pattern -x -d 'the code is what the one group matches'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l length -x -d 'only codes of this many characters'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l ttl -x -d 'how long it lives when nobody waits on it [600s]'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l country -x -d 'region of numbers without country code (TR, DE)'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l metadata -x -d 'an object that is kept with the session'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l exclusive -d 'nobody else may wait for this recipient meanwhile'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l queue -x -d 'stand in line that long behind another --exclusive'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -s q -l quiet -d 'no progress, no warnings'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l fd -x -d 'the program reads each code from this descriptor, while it runs'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l env -x -d 'wait for a code first, then start the program with it in NAME'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l timeout -x -d 'of --fd and --env: give up after this time [120s]'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l since -x -d 'of --env: codes that came so long before count too [30s]'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l private -d 'an agent and a store of its own, gone with the run'
complete -c otpctl -n '__otpctl_in run; and not __otpctl_program_named' -l config -r -F -d 'of --private: this configuration instead of the usual one'
complete -c otpctl -n '__otpctl_in run' -x -a '(__otpctl_program_of_run)'

complete -c otpctl -n __otpctl_first -a session -d 'register interest before the code is triggered; list, mark, close'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -a register -d 'begin a session and print its id'
complete -c otpctl -n '__otpctl_in session register' -a '(command otpctl complete recipients 2>/dev/null)'
complete -c otpctl -n '__otpctl_in session register' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in session register' -l email -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'an address that the code is sent to'
complete -c otpctl -n '__otpctl_in session register' -l phone -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'a number that the code is sent to'
complete -c otpctl -n '__otpctl_in session register' -l from -x -d 'only codes of this sender (* and ?)'
complete -c otpctl -n '__otpctl_in session register' -l subject -x -d 'only mails with this subject (* and ?)'
complete -c otpctl -n '__otpctl_in session register' -l pattern -x -d 'the code is what the one group matches'
complete -c otpctl -n '__otpctl_in session register' -l length -x -d 'only codes of this many characters'
complete -c otpctl -n '__otpctl_in session register' -l ttl -x -d 'how long it lives when nobody waits on it [600s]'
complete -c otpctl -n '__otpctl_in session register' -l country -x -d 'region of numbers without country code (TR, DE)'
complete -c otpctl -n '__otpctl_in session register' -l metadata -x -d 'an object that is kept with the session'
complete -c otpctl -n '__otpctl_in session register' -l exclusive -d 'nobody else may wait for this recipient meanwhile'
complete -c otpctl -n '__otpctl_in session register' -l queue -x -d 'stand in line that long behind another --exclusive'
complete -c otpctl -n '__otpctl_in session register' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in session register' -s q -l quiet -d 'no progress, no warnings'
complete -c otpctl -n '__otpctl_in session register' -l unique -d 'for a plus-address that nobody has used; print that address'
complete -c otpctl -n '__otpctl_in session register' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -a list -d 'list the living sessions'
complete -c otpctl -n '__otpctl_in session list' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in session list' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -a show -d 'show one session'
complete -c otpctl -n '__otpctl_in session show' -a '(command otpctl complete sessions 2>/dev/null)'
complete -c otpctl -n '__otpctl_in session show' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in session show' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -a mark -d 'only codes that come from now on count'
complete -c otpctl -n '__otpctl_in session mark' -a '(command otpctl complete sessions 2>/dev/null)'
complete -c otpctl -n '__otpctl_in session mark' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in session mark' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -a refresh -d 'let it live for another --ttl'
complete -c otpctl -n '__otpctl_in session refresh' -a '(command otpctl complete sessions 2>/dev/null)'
complete -c otpctl -n '__otpctl_in session refresh' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in session refresh' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in session refresh' -l ttl -x -d 'from now on, when nobody waits on it [as registered]'
complete -c otpctl -n '__otpctl_in session; and not __otpctl_action' -a close -d 'end it; a wait on it ends too'
complete -c otpctl -n '__otpctl_in session close' -a '(command otpctl complete sessions 2>/dev/null)'
complete -c otpctl -n '__otpctl_in session close' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in session close' -l json -d 'answer and errors as JSON'

complete -c otpctl -n __otpctl_first -a manual -d 'enter a code by hand for whoever waits'
complete -c otpctl -n '__otpctl_in manual' -a '(command otpctl complete waiters 2>/dev/null)'
complete -c otpctl -n '__otpctl_in manual' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in manual' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in manual' -l follow -d 'go on: to the next who waits, or until somebody does'
complete -c otpctl -n '__otpctl_in manual' -l plain -d 'no colors'
complete -c otpctl -n '__otpctl_in manual' -l json -d 'answer and errors as JSON'

complete -c otpctl -n __otpctl_first -a sms -d 'hand one SMS to the agent'
complete -c otpctl -n '__otpctl_in sms' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in sms' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in sms' -l from -x -d 'number or name of the sender'
complete -c otpctl -n '__otpctl_in sms' -l to -x -d 'the number that received it'
complete -c otpctl -n '__otpctl_in sms' -l sent -x -d 'when it was sent: 2026-11-20T09:33:58Z'
complete -c otpctl -n '__otpctl_in sms' -l id -x -d 'the provider\'s id: the same SMS again is no second one'
complete -c otpctl -n '__otpctl_in sms' -l json -d 'answer and errors as JSON'

complete -c otpctl -n __otpctl_first -a deliver -d 'hand one e-mail from standard input to the agent'
complete -c otpctl -n '__otpctl_in deliver' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in deliver' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in deliver' -s f -l sender -x -d 'envelope sender, as sendmail takes it'
complete -c otpctl -n '__otpctl_in deliver' -l json -d 'answer and errors as JSON'

complete -c otpctl -n __otpctl_first -a watch -d 'show what happens: a live table, or JSON in a pipe'
complete -c otpctl -n '__otpctl_in watch' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in watch' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in watch' -l email -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'only of this address or number (* and ?)'
complete -c otpctl -n '__otpctl_in watch' -l type -x -a '(__otpctl_types)' -d 'only these types: message,wait …'
complete -c otpctl -n '__otpctl_in watch' -l since -x -d 'begin so long ago (10m) or then [now]'
complete -c otpctl -n '__otpctl_in watch' -l after -x -d 'begin behind the event with this id'
complete -c otpctl -n '__otpctl_in watch' -l plain -d 'one line of words an event, no escapes'
complete -c otpctl -n '__otpctl_in watch' -l exit-with-agent -d 'end with 69 when the agent ends, do not look for it'
complete -c otpctl -n '__otpctl_in watch' -l json -d 'one JSON object an event, also on a terminal'

complete -c otpctl -n __otpctl_first -a log -d 'show what happened: messages, waits, sources and why'
complete -c otpctl -n '__otpctl_in log' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in log' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in log' -l email -x -a '(command otpctl complete recipients 2>/dev/null)' -d 'only of this address or number (* and ?)'
complete -c otpctl -n '__otpctl_in log' -l type -x -a '(__otpctl_types)' -d 'only these types: message,wait …'
complete -c otpctl -n '__otpctl_in log' -l since -x -d 'from so long ago (2h) or then (RFC 3339) on [24h]'
complete -c otpctl -n '__otpctl_in log' -l until -x -d 'up to so long ago or then [now]'
complete -c otpctl -n '__otpctl_in log' -l session -x -a '(command otpctl complete sessions 2>/dev/null)' -d 'only of this session (id or its beginning)'
complete -c otpctl -n '__otpctl_in log' -s n -l last -x -d 'only the last N of them'
complete -c otpctl -n '__otpctl_in log' -l json -d 'one JSON object an event; errors as JSON'

complete -c otpctl -n __otpctl_first -a status -d 'show sources, waiters and sessions'
complete -c otpctl -n '__otpctl_in status' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in status' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in status' -l json -d 'answer and errors as JSON'

complete -c otpctl -n __otpctl_first -a health -d 'say whether all is well, for cron and monitoring'
complete -c otpctl -n '__otpctl_in health' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in health' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in health' -s w -l warning -x -d 'WARNING when a source is down that long [60s]'
complete -c otpctl -n '__otpctl_in health' -s c -l critical -x -d 'CRITICAL when it is down that long [5m]'
complete -c otpctl -n '__otpctl_in health' -l source -x -a '(command otpctl complete sources 2>/dev/null)' -d 'look only at these sources (* and ?)'
complete -c otpctl -n '__otpctl_in health' -l prometheus -d 'metrics in the text format of Prometheus'
complete -c otpctl -n '__otpctl_in health' -l textfile -r -F -d 'write the metrics to PATH as well, for node_exporter'
complete -c otpctl -n '__otpctl_in health' -s q -l quiet -d 'print nothing when all is well'
complete -c otpctl -n '__otpctl_in health' -l json -d 'answer as JSON'

complete -c otpctl -n __otpctl_first -a agent -d 'start, stop, restart the agent, or run it in the foreground'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -a run -d 'run it in the foreground'
complete -c otpctl -n '__otpctl_in agent run' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in agent run' -l config -r -F -d 'this configuration instead of the usual one'
complete -c otpctl -n '__otpctl_in agent run' -s v -l verbose -d 'log more; -vv logs the most'
complete -c otpctl -n '__otpctl_in agent run' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -a start -d 'start it in the background'
complete -c otpctl -n '__otpctl_in agent start' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in agent start' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in agent start' -l config -r -F -d 'this configuration instead of the usual one'
complete -c otpctl -n '__otpctl_in agent start' -s v -l verbose -d 'log more; -vv logs the most'
complete -c otpctl -n '__otpctl_in agent start' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -a stop -d 'end it; every wait ends with 69'
complete -c otpctl -n '__otpctl_in agent stop' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in agent stop' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -a restart -d 'end it and start the next; waits go on'
complete -c otpctl -n '__otpctl_in agent restart' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in agent restart' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in agent restart' -l config -r -F -d 'this configuration instead of the usual one'
complete -c otpctl -n '__otpctl_in agent restart' -s v -l verbose -d 'log more; -vv logs the most'
complete -c otpctl -n '__otpctl_in agent restart' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -a reload -d 'read the configuration and the secrets again; waits go on'
complete -c otpctl -n '__otpctl_in agent reload' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in agent reload' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in agent reload' -s v -l verbose -d 'say what has changed'
complete -c otpctl -n '__otpctl_in agent; and not __otpctl_action' -a status -d 'the same as otpctl status'
complete -c otpctl -n '__otpctl_in agent status' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in agent status' -l json -d 'answer and errors as JSON'

complete -c otpctl -n __otpctl_first -a config -d 'show where everything is, what is in force, whether it is right'
complete -c otpctl -n '__otpctl_in config; and not __otpctl_action' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in config; and not __otpctl_action' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in config; and not __otpctl_action' -a path -d 'list every file and folder of ours, or print one'
complete -c otpctl -n '__otpctl_in config path' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in config path' -a 'config state store store-wal store-shm key agent-file agent-lock start-lock log runtime socket lmtp-socket'
complete -c otpctl -n '__otpctl_in config path' -l config -r -F -d 'as an agent with this configuration has them'
complete -c otpctl -n '__otpctl_in config path' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in config; and not __otpctl_action' -a show -d 'print what is in force, with defaults and without secrets'
complete -c otpctl -n '__otpctl_in config show' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in config show' -l config -r -F -d 'this configuration instead of the usual one'
complete -c otpctl -n '__otpctl_in config show' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in config show' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in config; and not __otpctl_action' -a check -d 'say whether an agent would take it'
complete -c otpctl -n '__otpctl_in config check' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in config check' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in config check' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in config check' -F

complete -c otpctl -n __otpctl_first -a extract -d 'print the code of one message, or explain why there is none'
complete -c otpctl -n '__otpctl_in extract' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in extract' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in extract' -l sms -d 'it is the text of an SMS, whatever it looks like'
complete -c otpctl -n '__otpctl_in extract' -l message -x -d 'fetch the mail of this event of otpctl log from its mailbox'
complete -c otpctl -n '__otpctl_in extract' -l pattern -x -d 'the code is what the one group matches'
complete -c otpctl -n '__otpctl_in extract' -l length -x -d 'only codes of this many characters'
complete -c otpctl -n '__otpctl_in extract' -l rule-test -d 'which rule decides, and what each of them finds'
complete -c otpctl -n '__otpctl_in extract' -l ndjson -d 'many messages: one JSON object a line in, one out'
complete -c otpctl -n '__otpctl_in extract' -l catch-all -x -d 'address of the mailbox itself: recipient of a mail that names no other'
complete -c otpctl -n '__otpctl_in extract' -l config -r -F -d 'rules, patterns and mailboxes of this configuration'
complete -c otpctl -n '__otpctl_in extract' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in extract' -l explain -d 'show what was seen and why it was decided so'
complete -c otpctl -n '__otpctl_in extract' -l json -d 'answer and errors as JSON'
complete -c otpctl -n '__otpctl_in extract' -F

complete -c otpctl -n __otpctl_first -a doctor -d 'look at everything that must be right; what to fix'
complete -c otpctl -n '__otpctl_in doctor' -s h -l help -d 'print this help and exit'
complete -c otpctl -n '__otpctl_in doctor' -s V -l version -d 'print the version and exit'
complete -c otpctl -n '__otpctl_in doctor' -l secrets -d 'run password-command and token-command to see whether they work'
complete -c otpctl -n '__otpctl_in doctor' -l config -r -F -d 'this configuration instead of the usual one'
complete -c otpctl -n '__otpctl_in doctor' -l env-file -r -F -d 'read OTPCTL_* and related variables from FILE'
complete -c otpctl -n '__otpctl_in doctor' -l json -d 'answer and errors as JSON'
