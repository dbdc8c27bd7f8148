package dev.holdfast.host.runtime.process;

import dev.holdfast.host.common.ControlGroup;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.Predictor.Pieces;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.process.WireReader.MalformedException;
import dev.holdfast.host.runtime.process.WireReader.Reply;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one process of a worker.
 *
 * <pre>
 *   begun ─▶ says that it listens ─▶ connected ─▶ loads ─▶ up ─▶ ended
 *     └──────────────┴───────────────────┴──────────┴──▶ ended: the start fails
 * </pre>
 *
 * <p>Whatever the process does, a thread that waits for it comes back: its end, or {@link #kill}, closes the connection. A
 * child that the handler forked may hold the other side of it open, so the host's side is closed too.
 */
final class WorkerRun {

    private static final Logger log = LoggerFactory.getLogger(WorkerRun.class);

    private static final int LINES_OF_REASON = 8;
    private static final int SIGKILL = 128 + 9;

    /** For what a process that has ended left in pipes and sockets. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    /** For an orderly end, which takes TorchServe's worker a third of a second. */
    private static final Duration ORDERLY_END = Duration.ofSeconds(2);

    private final WorkerLaunch launch;
    private final ProcessTerms terms;
    private final WorkerDirectory directory;
    private final Path socket;
    private final Process process;
    private final ControlGroup group;
    private final long oomKillsBefore;
    private final OutputTail tail = new OutputTail();
    private final CompletableFuture<Void> listens = new CompletableFuture<>();
    private final CompletableFuture<Void> errorsRead = new CompletableFuture<>();
    private final CompletableFuture<Void> outputRead = new CompletableFuture<>();

    private volatile boolean up;
    private volatile boolean closing;
    private volatile @Nullable String killedBecause;
    private volatile @Nullable SocketChannel channel;
    private volatile @Nullable WireReader reader;

    private WorkerRun(
            WorkerLaunch launch,
            ProcessTerms terms,
            WorkerDirectory directory,
            Path socket,
            Process process,
            ControlGroup group,
            long oomKillsBefore) {
        this.launch = launch;
        this.directory = directory;
        this.terms = terms;
        this.socket = socket;
        this.process = process;
        this.group = group;
        this.oomKillsBefore = oomKillsBefore;
    }

    /** Starts the process, and listens to what it prints. */
    static WorkerRun begin(WorkerLaunch launch, ProcessTerms terms, WorkerDirectory directory, ControlGroup group)
            throws IOException {
        Path home = directory.get();
        Path socket = home.resolve("w." + terms.worker());
        Files.deleteIfExists(socket);
        long before = group.oomKills();
        Process process = launch.command(home, socket).start();
        WorkerRun run = new WorkerRun(launch, terms, directory, socket, process, group, before);
        run.listen();
        return run;
    }

    private void listen() {
        String name = terms.model() + "-" + terms.worker();
        Logger model = LoggerFactory.getLogger("model." + terms.model());
        OutputLines.drain(process.getInputStream(), "out-" + name, outputRead, line -> {
            if (!listens.isDone() && line.equals(WorkerLaunch.STARTED)) {
                listens.complete(null);
            }
            if (launch.takes(terms.model(), line)) {
                return;
            }
            tail.add(line);
            model.info("worker {}: {}", terms.worker(), line);
        });
        OutputLines.drain(process.getErrorStream(), "err-" + name, errorsRead, line -> {
            tail.add(line);
            model.warn("worker {}: {}", terms.worker(), line);
        });
        process.onExit().thenRun(this::ended);
    }

    /** @throws ProcessStartException if it does not come so far; the process is gone then */
    void awaitLoaded() {
        CompletableFuture<Void> inTime = new CompletableFuture<Void>()
                .completeOnTimeout(null, terms.startupTimeout().toNanos(), TimeUnit.NANOSECONDS);
        inTime.thenRun(() -> kill("it did not load its model within the startup_timeout of "
                + terms.startupTimeout().toSeconds() + " s"));
        try {
            listens.get();
            connect();
            loadModel();
            up = true;
            if (!process.isAlive()) {
                throw new EOFException();
            }
        } catch (ProcessStartException e) {
            discard();
            throw e;
        } catch (IOException | ExecutionException e) {
            ProcessStartException failure = startFailed(e);
            discard();
            throw failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            discard();
            throw new ProcessStartException("The start was interrupted", e);
        } finally {
            inTime.cancel(false);
        }
    }

    private void connect() throws IOException {
        SocketChannel opened = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel = opened;
        reader = new WireReader(opened, launch.maxResponseSize());
        if (killedBecause != null) {
            opened.close();
        }
        opened.connect(UnixDomainSocketAddress.of(socket));
        // Nobody else is to connect, and a worker that is killed leaves the file behind.
        Files.deleteIfExists(socket);
    }

    private void loadModel() throws IOException {
        WireWriter.load(terms.model(), terms.batchSize(), launch.order()).to(channel());
        Reply reply = reader().read(1);
        if (reply.code() != 200) {
            throw new ProcessStartException(launch.cannotLoad() + reply.message(), reply.code() == 507);
        }
    }

    private ProcessStartException startFailed(Exception failure) {
        await(process.onExit());
        if (killedBecause != null) {
            return new ProcessStartException(killedBecause, false);
        }
        await(CompletableFuture.allOf(outputRead, errorsRead));
        String how = failure instanceof MalformedException ? malformed(failure) : ending();
        String printed = tail.crash().isPresent() ? "" : String.join("\n", tail.reason(LINES_OF_REASON));
        return new ProcessStartException(
                printed.isBlank() ? how : how + ", having printed: " + printed, isKilledForMemory());
    }

    private static String malformed(Exception failure) {
        return "it sent what is no answer (" + failure.getMessage() + ")";
    }

    private SocketChannel channel() throws IOException {
        SocketChannel open = channel;
        if (open == null) {
            throw new EOFException();
        }
        return open;
    }

    private WireReader reader() throws IOException {
        WireReader open = reader;
        if (open == null) {
            throw new EOFException();
        }
        return open;
    }

    /** The process is no more; called once, on a thread of the JDK's. */
    private void ended() {
        boolean was = up;
        up = false;
        listens.completeExceptionally(new EOFException());
        CompletableFuture.delayedExecutor(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)
                .execute(this::closeChannel);
        if (was && !closing) {
            terms.ended().run();
        }
    }

    boolean isUp() {
        return up;
    }

    long pid() {
        return process.pid();
    }

    /** What it holds in memory, as the kernel counts it; 0 where nobody tells. */
    long memoryBytes() {
        try {
            String[] pages = Files.readString(Path.of("/proc/" + process.pid() + "/statm"))
                    .split(" ");
            return Long.parseLong(pages[1]) * 4096;
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }

    /** What it holds in memory by itself, without files that it shares with others; 0 where nobody tells. */
    long ownBytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
            return lines.filter(line -> line.startsWith("RssAnon:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .mapToLong(kib -> Long.parseLong(kib) * 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }

    /** How the process came to its end. */
    String ending() {
        String because = killedBecause;
        if (because != null) {
            return because;
        }
        if (process.isAlive()) {
            return "it closed its connection";
        }
        if (isKilledForMemory()) {
            return "the kernel killed it, because there was no memory left";
        }
        Optional<String> crash = tail.crash();
        if (crash.isPresent()) {
            return "native code ended its process by " + crash.get();
        }
        int code = process.exitValue();
        return code > 128 ? "its process ended by signal " + (code - 128) : "its process ended with exit code " + code;
    }

    private boolean isKilledForMemory() {
        return killedBecause == null
                && !process.isAlive()
                && process.exitValue() == SIGKILL
                && group.oomKills() > oomKillsBefore;
    }

    /** The answers of the batch, each of them, whatever becomes of the process. */
    List<HandlerAnswer> predict(List<HandlerRequest> requests, Pieces pieces) {
        Map<String, GatheredAnswer> gathered = new LinkedHashMap<>();
        int most = launch.maxResponseSize();
        for (int i = 0; i < requests.size(); i++) {
            int request = i;
            gathered.put(
                    requests.get(i).id(),
                    pieces.areTaken(i)
                            ? GatheredAnswer.inPieces(piece -> pieces.add(request, piece.toTensors()))
                            : GatheredAnswer.whole(most));
        }
        try {
            if (!up) {
                throw new EOFException();
            }
            WireWriter.predict(requests).to(channel());
            while (gathered.values().stream().anyMatch(some -> !some.isEnded())) {
                take(reader().read(requests.size()), gathered);
            }
        } catch (RuntimeException | Error e) {
            // Nobody knows what of the answer was read.
            kill("its answer could not be taken: " + e);
            throw e;
        } catch (IOException e) {
            HandlerAnswer died = died(e);
            gathered.values().forEach(some -> some.end(died));
        }
        return gathered.values().stream().map(GatheredAnswer::answer).toList();
    }

    private static void take(Reply reply, Map<String, GatheredAnswer> gathered) throws MalformedException {
        if (reply.code() != 200) {
            HandlerAnswer failure = HandlerAnswer.failure(reply.code() == 413 ? 507 : reply.code(), reply.message());
            gathered.values().forEach(some -> some.end(failure));
            return;
        }
        if (reply.answers().isEmpty()) {
            throw new MalformedException("no answer at all");
        }
        for (Map.Entry<String, HandlerAnswer> answer : reply.answers().entrySet()) {
            GatheredAnswer known = gathered.get(answer.getKey());
            if (known == null || known.isEnded()) {
                throw new MalformedException("an answer to a request that it was not asked");
            }
            known.add(answer.getValue());
        }
    }

    private HandlerAnswer died(IOException failure) {
        if (failure instanceof MalformedException) {
            kill(malformed(failure));
        }
        await(process.onExit());
        if (!process.isAlive()) {
            await(outputRead);
        }
        kill("it closed its connection");
        return HandlerAnswer.failure(isKilledForMemory() ? 507 : 500, "Worker died. The reason: " + ending() + ".");
    }

    /** Ends it at once; the first reason is the one that counts. */
    void kill(String because) {
        synchronized (this) {
            if (killedBecause == null && process.isAlive()) {
                killedBecause = because;
            }
        }
        up = false;
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        closeChannel();
    }

    private void closeChannel() {
        SocketChannel open = channel;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                log.debug("The connection to worker {} cannot be closed", terms.worker(), e);
            }
        }
    }

    /** Lets it end in order, or after a moment by force. */
    void close() {
        closing = true;
        up = false;
        closeChannel();
        try {
            process.onExit().get(ORDERLY_END.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.debug("Worker {} does not end by itself", terms.worker());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        discard();
    }

    /** Nothing of it is left, nor of what it forked. */
    void discard() {
        closing = true;
        kill("it was not needed any more");
        directory.endOf(socket);
        try {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(WorkerDirectory.besides(socket));
        } catch (IOException e) {
            log.debug("The socket {} cannot be removed", socket, e);
        }
    }

    private static void await(CompletableFuture<?> end) {
        try {
            end.get(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.debug("Something of a worker goes on after it", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
