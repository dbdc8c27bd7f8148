package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.OperatorStores;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.logging.HostLogging;
import dev.holdfast.host.operate.RefusedException;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.SnapshotSource;
import dev.holdfast.host.operate.StoreGroup;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * How a command about snapshots reaches them: through the host that runs here, or in the store itself. Each use says on
 * standard error which way was taken.
 */
final class SnapshotWay {

    private final Surroundings surroundings;
    private final Supplier<LogLocation> logLocation;
    private final StoreArguments arguments;
    /** Looked for once a command, for that reads files and asks processes. */
    private Optional<RunningHost> found = Optional.empty();

    private boolean lookedFor;

    /** @param logLocation that of the command line, which is parsed later */
    SnapshotWay(Surroundings surroundings, Supplier<LogLocation> logLocation, StoreArguments arguments) {
        this.surroundings = surroundings;
        this.logLocation = logLocation;
        this.arguments = arguments;
    }

    StoreArguments arguments() {
        return arguments;
    }

    Surroundings surroundings() {
        return surroundings;
    }

    /** A line of the answer for a person; nothing with {@code --json} or {@code --quiet}. */
    void answer(String line) {
        if (!arguments.json() && !arguments.quiet()) {
            surroundings.out().println(line);
        }
    }

    /** The answer for a program; nothing without {@code --json}. */
    void answer(ObjectNode json) {
        if (arguments.json()) {
            surroundings.out().print(CommandJson.pretty(json));
        }
    }

    /** Where the answer comes from, as a part of answers in JSON. */
    record From(String store, String group, Optional<RunningHost> host) {

        ObjectNode toJson() {
            ObjectNode json = CommandJson.object();
            json.put("store", store);
            json.put("group", group);
            host.ifPresent(running -> json.put("host", running.management()));
            return json;
        }
    }

    /** What a command does with snapshots, wherever they are. */
    interface Work {
        int with(SnapshotSource source, From from);
    }

    /** Goes through the host, if one runs here and no store was named; else to the store. */
    int toEither(String command, boolean writes, Work work) {
        Optional<RunningHost> host = arguments.namesStore() ? Optional.empty() : host(command);
        if (host.isEmpty()) {
            return toStore(command, writes, (store, stores) -> work.with(store, from(store)));
        }
        return through(host.get(), (api, from) -> {
            HostSource source = new HostSource(api);
            if (!writes) {
                source.partial().ifPresent(this::say);
            }
            return work.with(source, from);
        });
    }

    private int through(RunningHost host, HostWork work) {
        HostApi api = new HostApi(host);
        From from = from(api, host);
        say("From the host at " + host.management() + " (pid " + host.process().pid() + "): store " + from.store()
                + ", group " + from.group());
        return work.with(api, from);
    }

    /** Where a host keeps its snapshots, by its own word. */
    private static From from(HostApi api, RunningHost host) {
        JsonNode status = api.manage("GET", "/snapshots/status");
        return new From(status.path("store").asText(), status.path("group").asText(), Optional.of(host));
    }

    private Optional<RunningHost> host(String command) {
        if (!lookedFor) {
            found = finder().find(logLocation.get(), "snapshots " + command);
            lookedFor = true;
        }
        return found;
    }

    /** What a command does with a host that runs. */
    interface HostWork {
        int with(HostApi api, From from);
    }

    /** Goes through the host, which has to run here. */
    int toHost(String command, HostWork work) {
        if (arguments.namesStore()) {
            throw new WrongLine(
                    "snapshots " + command + " goes through the host that runs here, and takes no options of a"
                            + " store or of a configuration");
        }
        RunningHost host = host(command)
                .orElseThrow(() -> new CommandFailure("Holdfast is not currently running. To start it with a snapshot:"
                        + " holdfast --start --snapshot NAME"));
        return through(host, work);
    }

    private HostFinder finder() {
        return new HostFinder(new RunFiles(surroundings.runDirectory()));
    }

    static From from(StoreGroup store) {
        return new From(store.store(), store.group(), Optional.empty());
    }

    /** What a command does in a store itself. */
    interface StoreWork {
        int in(StoreGroup store, OperatorStores stores);
    }

    /**
     * Goes to the store that was named, or that a start with the same options would use.
     *
     * @param writes whether it is refused while a host has this log location
     */
    int toStore(String command, boolean writes, StoreWork work) {
        return toStores(command, stores -> {
            try (StoreGroup store = stores.open(arguments.store(), arguments.group())) {
                if (writes) {
                    requireNoHostIn(store);
                }
                say("From store " + store.store() + ", group " + store.group() + ", " + seen());
                sayWhatWaits(store);
                requireTheHosts(command, store);
                return work.in(store, stores);
            }
        });
    }

    /** Loads the plugins and leaves it to the command which stores it opens. */
    int toStores(String command, ToIntFunction<OperatorStores> work) {
        ConfigArguments config = arguments.config();
        if (config.hasEmptyKey()) {
            throw new WrongLine("--set needs a key before the '=', as in KEY=VALUE");
        }
        StartOptions options = config.toStartOptions(place(command), surroundings);
        return EndedByCode.telling(
                surroundings.err(),
                () -> HostLogging.silently(() -> {
                    try (OperatorStores stores = OperatorStores.of(options)) {
                        return work.applyAsInt(stores);
                    }
                }));
    }

    /** The log location of the store: that of the host that was found, where nothing was said of one. */
    private LogLocation place(String command) {
        LogLocation said = logLocation.get();
        if (arguments.namesStore() || said.named()) {
            return said;
        }
        Optional<RunningHost> host = host(command);
        if (host.isPresent()) {
            return new LogLocation(host.get().logLocation(), true);
        }
        if (!Files.isDirectory(said.directory())) {
            throw new CommandFailure("Holdfast is not currently running.");
        }
        return said;
    }

    /** What waits may be newer than all that the store has. */
    void sayWhatWaits(StoreGroup store) {
        if (store.disk().waiting() > 0) {
            say("In the journal of this log location's host, and not in the store yet: "
                    + Sizes.count(store.disk().waiting(), "snapshot") + "; the host sends them when it runs");
        }
    }

    private String seen() {
        Path directory = logLocation.get().directory();
        return "log location " + directory
                + holder(directory).map(host -> "; a host runs there, " + host).orElse("; no host runs there");
    }

    private Optional<String> holder(Path directory) {
        Optional<ProcessIdentity> process = LockFile.holder(directory);
        if (process.isPresent()) {
            return Optional.of("pid " + process.get().pid());
        }
        return LockFile.isHeldUnseen(directory)
                ? Optional.of("in a process that cannot be seen from here")
                : Optional.empty();
    }

    /**
     * Before something is written past a host.
     *
     * @throws RefusedException if a host with this log location has a store of that kind open, or may have
     */
    void requireNoHostIn(StoreGroup store) {
        Path directory = logLocation.get().directory();
        Optional<String> holder = holder(directory);
        if (holder.isPresent() && !keepsElsewhere(directory, store)) {
            throw new RefusedException("Not done, and nothing changed: a host with the log location " + directory
                    + " runs, " + holder.get() + ", and has store " + store.store()
                    + " open, or may have. Stop it with holdfast --stop, or, where the command can go through the host,"
                    + " leave out the options of a store");
        }
    }

    private boolean keepsElsewhere(Path directory, StoreGroup store) {
        Optional<RunningHost> host = finder().runFiles().of(directory);
        return host.isPresent()
                && !new HostApi(host.get())
                        .manage("GET", "/snapshots/status")
                        .path("store")
                        .asText(store.store())
                        .equals(store.store());
    }

    /**
     * Before something is added past a host: the same, but a store of that kind elsewhere, as another directory, is none of the
     * host's. It lacks the last snapshot of a host that is attached to its own.
     */
    void requireNoHostBefore(StoreGroup store) {
        Optional<RunningHost> host = finder().runFiles().of(logLocation.get().directory());
        if (host.isEmpty() || !lacksTheLastOf(host.get(), store)) {
            requireNoHostIn(store);
        }
    }

    private static boolean lacksTheLastOf(RunningHost host, StoreGroup store) {
        return lastOf(host).filter(last -> isAbsent(last, store)).isPresent();
    }

    /** What a host has in its store for certain. */
    private static Optional<String> lastOf(RunningHost host) {
        JsonNode status = new HostApi(host).manage("GET", "/snapshots/status");
        return status.path("mode").asText().equals("ATTACHED")
                ? Optional.of(status.path("lastSnapshot").asText("")).filter(name -> !name.isEmpty())
                : Optional.empty();
    }

    private static boolean isAbsent(String name, StoreGroup store) {
        try {
            store.get(name);
            return false;
        } catch (SnapshotNotFoundException e) {
            return true;
        } catch (SnapshotUnreadableException e) {
            return false;
        }
    }

    /** Where no store was named and a host runs, the configuration at hand may be another than the host's. */
    private void requireTheHosts(String command, StoreGroup store) {
        if (arguments.namesStore()) {
            return;
        }
        host(command).ifPresent(running -> {
            From theirs = from(new HostApi(running), running);
            if (!theirs.store().equals(store.store()) || !theirs.group().equals(store.group())) {
                throw new CommandFailure("The host that runs here (pid "
                        + running.process().pid()
                        + ") keeps its snapshots in store " + theirs.store() + ", group " + theirs.group()
                        + ", and by the configuration at hand it would be store " + store.store() + ", group "
                        + store.group() + ". Say --store " + theirs.store()
                        + " and --config FILE, or whatever the host was"
                        + " started with");
            }
            requireItsLast(running, store);
        });
    }

    /** A store of the same name with other keys is another database, or another directory: it lacks the host's last snapshot. */
    private static void requireItsLast(RunningHost running, StoreGroup store) {
        lastOf(running).filter(last -> isAbsent(last, store)).ifPresent(last -> {
            throw new CommandFailure(
                    "The host that runs here (pid " + running.process().pid() + ") has snapshot " + last
                            + " in its store " + store.store() + ", group " + store.group()
                            + ", and the store that the configuration at hand names does not have it, so it is another one. Say"
                            + " --config FILE, or whatever the host was started with");
        });
    }

    /** The log location that was said, or is taken where none was. */
    Path logLocation() {
        return logLocation.get().directory();
    }

    /** How far something is that takes long; on a terminal alone. */
    void progress(String what) {
        if (surroundings.terminal() && !arguments.quiet() && !arguments.json()) {
            surroundings.err().print("\r" + what);
            surroundings.err().flush();
        }
    }

    /** Goes on below the line of {@link #progress}. */
    void progressDone() {
        if (surroundings.terminal() && !arguments.quiet() && !arguments.json()) {
            surroundings.err().print("\r\u001b[K");
            surroundings.err().flush();
        }
    }

    /** A line about the command itself, on standard error; nothing with {@code --json} or {@code --quiet}. */
    void say(String what) {
        if (!arguments.quiet() && !arguments.json()) {
            surroundings.err().println(what);
        }
    }
}
