package dev.holdfast.host.cli;

import dev.holdfast.host.Host;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.crash.CallRecord;
import dev.holdfast.host.crash.CrashRecord;
import dev.holdfast.host.logging.HostLogging;
import dev.holdfast.host.logging.LogFormat;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A host inside this very process, from its start to the signal that stops it.
 *
 * <p>SIGTERM and SIGINT stop it in order, once, within a limit of time. A start that fails stops nothing and so keeps no
 * snapshot: the hook is set when the host is ready.
 */
final class ForegroundStart {

    static final String ALREADY_RUNNING = "Holdfast is already running, please use holdfast --stop to stop Holdfast.";

    /** Where TorchServe puts the files of metrics. */
    private static final String METRICS_LOCATION = "METRICS_LOCATION";

    private static final Logger log = LoggerFactory.getLogger(ForegroundStart.class);
    /** Longer than a thread of it that waits for a disk should need; after that the start fails with a message. */
    private static final Duration END_OF_A_KILLED_HOST = Duration.ofSeconds(30);

    private final Surroundings surroundings;
    private final RunFiles runFiles;
    private final Optional<Path> report;
    /** The time for ending the process after its stop, or for noticing that the stop takes too long. */
    private static final Duration BEYOND_STOP = Duration.ofSeconds(2);

    /** Whether standard output is to have JSON alone. */
    private volatile boolean json;

    private final AtomicBoolean stopping = new AtomicBoolean();

    /**
     * @param report the file in which a command waits for this host's report; standard output is not the operator's then
     */
    ForegroundStart(Surroundings surroundings, Optional<Path> report) {
        this.surroundings = surroundings;
        this.runFiles = new RunFiles(surroundings.runDirectory());
        this.report = report;
    }

    /**
     * Starts the host and stays until the process is told to end.
     *
     * @return 1 if the host did not start; a host that did ends with the process
     */
    int run(StartOptions options, Optional<Path> logConfig) throws IOException, InterruptedException {
        try (FileChannel channel = openLock(options.logLocation())) {
            if (LockFile.take(channel, options.logLocation(), END_OF_A_KILLED_HOST)
                    .isEmpty()) {
                return failed(
                        LockFile.isHeldUnseen(options.logLocation())
                                ? LockFile.unseen(options.logLocation())
                                : ALREADY_RUNNING);
            }
            sign(channel);
            return runAlone(options, logConfig);
        }
    }

    private static Optional<Path> metricsLocation(StartOptions options) {
        String named = options.environment().getOrDefault(METRICS_LOCATION, "");
        try {
            return named.isBlank()
                    ? Optional.empty()
                    : Optional.of(Path.of(named).toAbsolutePath());
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(METRICS_LOCATION + " is no path: " + OneLine.name(named), e);
        }
    }

    private int runAlone(StartOptions options, Optional<Path> logConfig) throws IOException, InterruptedException {
        try {
            json = Host.logsJson(options);
            HostLogging.start(
                    options.logLocation(),
                    metricsLocation(options),
                    report.isPresent() ? HostLogging.Console.NO : HostLogging.Console.YES,
                    logConfig,
                    json ? LogFormat.JSON : LogFormat.TEXT);
            List<String> notices = new ArrayList<>(
                    jvmOptions(options).notices(Optional.ofNullable(System.getProperty(JvmOptions.TAKEN))));
            fileThatIsNotRead(options).ifPresent(notices::add);
            if (json && logConfig.isPresent()) {
                notices.add(
                        "log_format=json has no effect beside --log-config, whose file says how lines look; its encoder"
                                + " for JSON is dev.holdfast.host.logging.JsonLineEncoder");
            }
            notices.forEach(log::warn);
            othersWhoMayWrite(options.logLocation());
            Thread endsEarly = new Thread(() -> endsEarly(options.logLocation()), "start given up");
            Runtime.getRuntime().addShutdownHook(endsEarly);
            Host host = Host.start(options);
            notices.add(0, host.summary());
            String told = String.join("\n", notices);
            ready(host, told, options.logLocation(), endsEarly);
        } catch (RuntimeException | LinkageError e) {
            log.error("Holdfast cannot start: {}", OneLine.of(e));
            log.debug("The start failed", e);
            return failed(OneLine.of(e));
        }
        Thread.currentThread().join();
        return 0;
    }

    /** Notes in the record of calls, for the next start, that this start was ended by a signal or by a plugin's code. */
    private static void endsEarly(Path logLocation) {
        CrashRecord.givenUp(logLocation);
        Optional<String> code = endedByCode(logLocation);
        if (code.isPresent()) {
            log.error("The start ends, as {}", code.get());
            HostLogging.stop();
        } else {
            CallRecord.toldToEnd(logLocation);
        }
    }

    private static Optional<String> endedByCode(Path logLocation) {
        return EndedByCode.find()
                .map(who -> who
                        + CallRecord.underWay(
                                        logLocation, ProcessHandle.current().pid())
                                .map(calls -> ", while the host was calling " + calls)
                                .orElse(""));
    }

    private static FileChannel openLock(Path logLocation) {
        LogLocation.make(logLocation);
        try {
            return LockFile.open(logLocation);
        } catch (IOException e) {
            throw new CommandFailure("The log location " + logLocation + " cannot be used: " + e, e);
        }
    }

    /** A full disk is no reason not to serve; without this note the host is only found once it is ready. */
    private static void sign(FileChannel lock) {
        try {
            LockFile.sign(lock, ProcessIdentity.current());
        } catch (IOException e) {
            log.warn("holdfast --stop will not find this host before it is ready: {}", e.toString());
        }
    }

    private int failed(String line) throws IOException {
        surroundings.err().println(line);
        surroundings.err().flush();
        if (report.isPresent()) {
            StartReport.failed(line).write(report.get());
        }
        return 1;
    }

    private static void othersWhoMayWrite(Path logLocation) {
        try {
            OwnFiles.othersWhoMayWrite(logLocation)
                    .ifPresent(others -> log.info(
                            "The log location {} may be written by others too, who can change what this host comes back"
                                    + " to: {}",
                            logLocation,
                            others));
        } catch (IOException e) {
            log.warn("Who else may write in the log location {} cannot be told: {}", logLocation, e.toString());
        }
    }

    private static JvmOptions jvmOptions(StartOptions options) {
        JvmOptions found = JvmOptions.of(options.defaultConfig(), options.tsConfig(), options.environment());
        if (!found.taken().isEmpty()) {
            log.info("JVM options of the {}: {}", found.source(), found.names());
        }
        return found;
    }

    /** TorchServe reads such a file; its users must not believe that it has an effect here. */
    private Optional<String> fileThatIsNotRead(StartOptions options) {
        Path file = surroundings.absolute(Path.of("config.properties"));
        boolean read = options.tsConfig().isPresent()
                || options.defaultConfig().filter(file::equals).isPresent();
        return read || !Files.isRegularFile(file)
                ? Optional.empty()
                : Optional.of(file + " is not read; to use it, start with --ts-config " + file);
    }

    /** @param endsEarly the hook for a process that is told to end before it is ready; no longer needed now */
    private void ready(Host host, String summary, Path logLocation, Thread endsEarly) throws IOException {
        RunningHost note = RunningHost.of(host, logLocation, Clock.systemUTC());
        // In this order, because whoever finds the host by its note may stop it at once.
        StopSignals.handle(exitCode -> told(host, note, exitCode));
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> endedByItself(host, note), "stop"));
            Runtime.getRuntime().removeShutdownHook(endsEarly);
        } catch (IllegalStateException e) {
            log.debug("The process is ending already", e);
        }
        runFiles.write(note);
        String text = readyText(note, host.hasTokens(), host.rpcAddress(), summary);
        if (json) {
            log.atInfo()
                    .addKeyValue("inference", note.inference())
                    .addKeyValue("management", note.management())
                    .addKeyValue("metrics", note.metrics())
                    .log("Holdfast is ready.");
        } else {
            surroundings.out().print(text);
            surroundings.out().flush();
        }
        if (report.isPresent()) {
            StartReport.ready(text).write(report.get());
        }
        new ServiceManager(surroundings).ready();
    }

    private static String readyText(RunningHost host, boolean tokens, Optional<ListenAddress> rpc, String summary) {
        StringBuilder text = new StringBuilder("Holdfast is ready.\n");
        line(text, "inference", host.inference());
        line(text, "management", host.management());
        line(text, "metrics", host.metrics());
        String grpc = Stream.concat(
                        host.grpcInference().map(address -> address + " inference").stream(),
                        host.grpcManagement().map(address -> address + " management").stream())
                .collect(Collectors.joining(", "));
        line(text, "gRPC", grpc.isEmpty() ? "not answered" : grpc);
        // Suites of clients of Jubatus wait for these words.
        rpc.ifPresent(address -> line(text, "rpc", "RPC server startup on " + address.host() + ":" + address.port()));
        if (tokens) {
            line(text, "tokens", host.keyFile().toString());
        }
        line(text, "log", host.logLocation().resolve("holdfast.log").toString());
        String label = "state";
        for (String sentence : summary.strip().split("\\R")) {
            line(text, label, OneLine.of(sentence));
            label = "";
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String label, String value) {
        text.append(String.format(Locale.ROOT, "  %-10s  %s%n", label, value));
    }

    private static Optional<StopRequest> whoAsked(Path logLocation) {
        try {
            return StopRequest.take(logLocation);
        } catch (IOException e) {
            log.warn("Who asked this host to stop cannot be read: {}", e.toString());
            return Optional.empty();
        }
    }

    /** Code inside the process ends it, or the JVM keeps the signals for itself. */
    private void endedByItself(Host host, RunningHost note) {
        if (stopping.compareAndSet(false, true)) {
            stop(host, note);
        }
    }

    /**
     * Handles a signal. The first one stops the host; each further one makes it stop waiting for running requests. The process
     * then ends without the JVM's own hooks, which a native call that does not return would hold up or crash.
     */
    private void told(Host host, RunningHost note, int exitCode) {
        if (stopping.compareAndSet(false, true)) {
            stop(host, note);
            Runtime.getRuntime().halt(exitCode);
        }
        whoAsked(note.logLocation());
        log.info("Told to stop once more: running requests are waited for no longer");
        host.hurry();
    }

    /** Stops the host within a time limit, so that nothing that hangs keeps the process alive. */
    private void stop(Host host, RunningHost note) {
        Optional<StopRequest> request = whoAsked(note.logLocation());
        Duration limit = request.flatMap(StopRequest::limit).orElseGet(host::stopTimeout);
        Optional<String> code = request.isPresent() ? Optional.empty() : endedByCode(note.logLocation());
        code.ifPresent(who -> log.error("Code inside this process ends it: {}", who));
        String asked = request.map(word -> word.who() + " asked")
                .or(() -> code)
                .orElse("the process was told to end (by SIGTERM, SIGINT or SIGHUP)");
        log.info("Stopping, as {}; that may take {} s", asked, limit.toSeconds());
        new ServiceManager(surroundings).stopping();
        Thread stop = DaemonThreads.create("stopping", () -> host.stop(limit));
        stop.setUncaughtExceptionHandler((thread, e) -> {
            log.error("The stop was not orderly: {}", OneLine.of(e));
            log.debug("The stop was not orderly", e);
        });
        stop.start();
        try {
            stop.join(limit.plus(BEYOND_STOP).toMillis());
            if (stop.isAlive()) {
                log.error(
                        "The orderly stop has not come to its end within {} s; the process ends without it",
                        limit.toSeconds());
            }
            runFiles.remove(note);
        } catch (IOException e) {
            log.warn("The run file stays; it does no harm: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (json) {
            log.info("Holdfast has stopped.");
        } else {
            surroundings.out().println("Holdfast has stopped.");
            surroundings.out().flush();
        }
        HostLogging.stop();
    }
}
