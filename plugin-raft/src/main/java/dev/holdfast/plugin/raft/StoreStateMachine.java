package dev.holdfast.plugin.raft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where Ratis and the {@link StoreState} meet: entries, questions, and the snapshot process.
 *
 * <pre>
 *   takeSnapshot   contents durable ─▶ state file durable ─▶ contents that nothing refers to are removed
 *   getLatestSnapshot   the state file and the contents it refers to, with their MD5: what a leader sends
 *   pause, reinitialize   around a received snapshot, whose directory takes the place of this one
 * </pre>
 */
final class StoreStateMachine extends BaseStateMachine {

    private static final Logger log = LoggerFactory.getLogger(StoreStateMachine.class);

    private static final long SNAPSHOT_MILLIS = 60_000;

    /** A snapshot of this peer: its files are those of the state when it was taken. */
    private record Taken(TermIndex upTo, Path file, List<ContentFile> contents) {}

    private final Storage storage = new Storage();
    private final Consumer<Throwable> failed;
    private final Runnable saved;
    private final long mostBytes;
    private @Nullable Path directory;
    private @Nullable ContentFiles files;
    private @Nullable StoreState state;
    private volatile @Nullable Taken latest;
    private long bytesSinceSnapshot;
    /** Whether it was said that the state could not be written; Ratis tries again after each entry. */
    private boolean unwritten;

    /**
     * @param mostBytes of entries after which a snapshot is wished for
     * @param failed told where this peer cannot go on
     * @param saved told when somebody may have saved a snapshot
     */
    StoreStateMachine(long mostBytes, Consumer<Throwable> failed, Runnable saved) {
        this.mostBytes = mostBytes;
        this.failed = failed;
        this.saved = saved;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        getLifeCycle().startAndTransition(() -> {
            super.initialize(server, groupId, raftStorage);
            Path of = raftStorage.getStorageDir().getStateMachineDir().toPath();
            TornTransfers.clean(of, raftStorage.getStorageDir().getTmpDir().toPath());
            ContentFiles contents = new ContentFiles(of.resolve("contents"));
            directory = of;
            files = contents;
            state = new StoreState(contents);
            load(false);
        });
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** After a received snapshot has been put in this one's place; from the disk, for what is in memory is the old one. */
    @Override
    public void reinitialize() throws IOException {
        getLifeCycle().startAndTransition(() -> load(true));
        saved.run();
    }

    /** @param received whether another peer sent the files, which then may not be on the disk yet */
    private void load(boolean received) throws IOException {
        Path of = required(directory);
        Map.Entry<Long, Path> newest = StateFile.all(of).lastEntry();
        if (newest == null) {
            required(state).clear();
            setLastAppliedTermIndex(TermIndex.INITIAL_VALUE);
            latest = null;
            return;
        }
        TermIndex upTo = StateFile.read(newest.getValue(), required(state));
        List<ContentFile> contents = required(state).allFiles();
        for (ContentFile content : contents) {
            required(files).require(content);
            if (received) {
                ContentFiles.Durable.force(required(files).path(content));
            }
        }
        if (received) {
            ContentFiles.Durable.force(newest.getValue());
            ContentFiles.Durable.forceDirectory(of);
        }
        setLastAppliedTermIndex(upTo);
        latest = new Taken(upTo, newest.getValue(), contents);
        bytesSinceSnapshot = 0;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = required(transaction.getLogEntry());
        ByteString data = entry.getStateMachineLogEntry().getLogData();
        byte[] answer;
        try {
            answer = required(state).apply(entry.getIndex(), data.toByteArray());
        } catch (IOException | RuntimeException e) {
            failed.accept(e);
            // Ratis closes this peer; to go on without the entry would make its copy another one.
            throw new IllegalStateException("Entry " + entry.getIndex() + " cannot be applied: " + Text.reason(e), e);
        }
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        if (StoreState.isSave(data)) {
            saved.run();
        }
        bytesSinceSnapshot += data.size();
        if (bytesSinceSnapshot >= mostBytes) {
            bytesSinceSnapshot = 0;
            wishForSnapshot();
        }
        return CompletableFuture.completedFuture(Message.valueOf(ByteString.copyFrom(answer)));
    }

    /** Ratis counts entries alone; this peer counts their bytes too. The updater takes the snapshot between two entries. */
    private void wishForSnapshot() {
        RaftServer server = getServer().join();
        server.snapshotManagementAsync(SnapshotManagementRequest.newCreate(
                        ClientId.randomId(), server.getId(), getGroupId(), 0, SNAPSHOT_MILLIS, 1))
                .whenComplete((reply, failure) -> {
                    if (failure != null) {
                        log.warn("A snapshot of the state was not taken: {}", Text.reason(failure));
                    }
                });
    }

    /** The disk did not take an entry: Ratis takes none after that, so the peer has to be started again. */
    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
        failed.accept(cause);
    }

    @Override
    public CompletableFuture<Message> query(Message question) {
        try {
            return CompletableFuture.completedFuture(Message.valueOf(ByteString.copyFrom(
                    required(state).query(question.getContent().toByteArray()))));
        } catch (IOException | RuntimeException e) {
            return CompletableFuture.failedFuture(new CompletionException(Text.reason(e), e));
        }
    }

    /** On the thread that applies, so between two entries. A failure leaves the peer in service, with the snapshot before. */
    @Override
    public long takeSnapshot() throws IOException {
        TermIndex upTo = getLastAppliedTermIndex();
        Taken before = latest;
        if (upTo.getIndex() < 0 || (before != null && before.upTo().getIndex() >= upTo.getIndex())) {
            return before == null ? -1 : before.upTo().getIndex();
        }
        try {
            required(files).force();
            Path file = StateFile.write(required(directory), upTo, required(state));
            latest = new Taken(upTo, file, required(state).allFiles());
            bytesSinceSnapshot = 0;
            unwritten = false;
        } catch (IOException | RuntimeException e) {
            if (!unwritten) {
                log.warn(
                        "This peer could not write its state ({}), and goes on with the state that it wrote before; its log"
                                + " grows until it can: look at the disk of {}",
                        Text.reason(e),
                        directory);
                unwritten = true;
            }
            throw new IOException(e);
        }
        removeOld();
        return upTo.getIndex();
    }

    /** Of the state files all but the newest, and the contents that nothing refers to any more. */
    private void removeOld() {
        Taken newest = required(latest);
        try {
            for (Map.Entry<Long, Path> file : StateFile.all(required(directory)).entrySet()) {
                if (file.getKey() < newest.upTo().getIndex()) {
                    Files.deleteIfExists(file.getValue());
                    // Ratis writes it beside a file that it has received, and compares it with nothing.
                    Files.deleteIfExists(
                            file.getValue().resolveSibling(file.getValue().getFileName() + ".md5"));
                }
            }
            required(files).keepOnly(StoreState.names(newest.contents()));
        } catch (IOException e) {
            log.warn("What is old in {} could not be removed: {}", directory, Text.reason(e));
        }
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    private static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("Ratis has not initialized the state machine");
        }
        return value;
    }

    private final class Storage implements StateMachineStorage {

        @Override
        public void init(RaftStorage raftStorage) {}

        @Override
        public @Nullable SnapshotInfo getLatestSnapshot() {
            Taken taken = latest;
            if (taken == null) {
                return null;
            }
            List<FileInfo> all = new ArrayList<>();
            all.add(new FileInfo(taken.file(), null));
            for (ContentFile content : taken.contents()) {
                all.add(new FileInfo(required(files).path(content), MD5Hash.newInstance(content.md5())));
            }
            return new Info(taken.upTo(), List.copyOf(all));
        }

        @Override
        public void format() {}

        @Override
        public void cleanupOldSnapshots(SnapshotRetentionPolicy policy) {
            // Done where a snapshot is taken.
        }
    }

    private record Info(TermIndex getTermIndex, List<FileInfo> getFiles) implements SnapshotInfo {}
}
