package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The peer that this process is, for as long as some serializer is open: serializers of all groups share it.
 *
 * <p>A peer that had to stop, because its disk took nothing more, is started again by the calls that need it.
 */
final class Peer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Peer.class);

    /** A port and a directory can be used once in a process, however many factories there are. */
    private static final Map<Path, Peer> RUNNING = new HashMap<>();

    private static final Duration BETWEEN_STARTS = Duration.ofSeconds(2);

    private final Settings settings;
    private final PeerAddress self;
    private final DirectoryLock lock;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    /** Told, on the thread that applies, when somebody may have saved a snapshot. */
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    private @Nullable RaftServer server;
    private int users = 1;
    private long startedAt;

    private Peer(Settings settings, PeerAddress self, DirectoryLock lock) {
        this.settings = settings;
        this.self = self;
        this.lock = lock;
    }

    /**
     * The peer of these settings, which {@link #close} lets go of.
     *
     * @return empty if another process, or another class loader of this one, is that peer
     */
    static Optional<Peer> use(Settings settings, PeerAddress self) {
        synchronized (RUNNING) {
            Peer running = RUNNING.get(settings.directory());
            if (running != null) {
                if (!running.self.equals(self) || !running.settings.fleet().equals(settings.fleet())) {
                    throw new ConfigurationException("snapshot.raft.directory '" + settings.directory()
                            + "' is in use by peer " + running.self + " of fleet " + running.settings.fleet()
                            + " in this process; name another directory for peer " + self);
                }
                running.users++;
                return Optional.of(running);
            }
            Optional<Peer> started = started(settings, self);
            started.ifPresent(peer -> RUNNING.put(settings.directory(), peer));
            return started;
        }
    }

    private static Optional<Peer> started(Settings settings, PeerAddress self) {
        PeerDirectory.make(settings.directory());
        Optional<DirectoryLock> lock;
        try {
            lock = DirectoryLock.take(settings.directory());
        } catch (IOException e) {
            throw PeerDirectory.unusable(settings.directory(), e);
        }
        if (lock.isEmpty()) {
            return Optional.empty();
        }
        Peer peer = new Peer(settings, self, lock.get());
        boolean done = false;
        try {
            peer.start();
            done = true;
            return Optional.of(peer);
        } finally {
            if (!done) {
                peer.unlock();
            }
        }
    }

    private void start() {
        PeerDirectory.claim(settings, self.id());
        requireFreeAddress();
        startedAt = System.nanoTime();
        failure.set(null);
        // Ratis would end the process where it cannot listen.
        ExitUtils.disableSystemExit();
        RaftServer starting = null;
        boolean done = false;
        try {
            // One that was stopped before it was a member waits again: it would stand for election, and be told to end.
            RaftGroup group = settings.join() && !PeerDirectory.isMember(settings)
                    ? RaftGroup.valueOf(settings.groupId())
                    : settings.group();
            starting = RaftServer.newBuilder()
                    .setServerId(RaftPeerId.valueOf(self.id()))
                    .setGroup(group)
                    .setOption(StartupOption.RECOVER)
                    .setProperties(RatisSettings.ofPeer(settings, self))
                    .setParameters(RatisSettings.parameters(settings))
                    .setStateMachineRegistry(id -> new StoreStateMachine(
                            (long) settings.snapshotMebibytes() << 20,
                            failure::set,
                            () -> listeners.forEach(Runnable::run)))
                    .build();
            starting.start();
            server = starting;
            done = true;
        } catch (IOException | RuntimeException e) {
            throw notStarted(e);
        } finally {
            if (!done && starting != null) {
                // Else its directory would stay locked.
                close(starting);
            }
        }
    }

    private RuntimeException notStarted(Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof StoreState.TooNewException) {
                return new SnapshotFormatTooNewException(String.valueOf(cause.getMessage()), e);
            }
            if (cause instanceof ContentFiles.DamagedException) {
                return new StoreUnavailableException("Peer " + self + " does not start: " + cause.getMessage(), e);
            }
        }
        return new StoreUnavailableException(
                "Peer " + self + " could not be started in " + settings.directory() + ": " + Text.reason(e), e);
    }

    private void requireFreeAddress() {
        InetSocketAddress address = new InetSocketAddress(self.bareHost(), self.port());
        if (address.isUnresolved()) {
            throw new StoreUnavailableException("The address of peer " + self + " has no such host as '" + self.host()
                    + "'; give an address or a name that this machine knows");
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
        } catch (BindException e) {
            throw new StoreUnavailableException(
                    "Peer " + self + " cannot listen on its address: " + Text.reason(e)
                            + "; it must be one of this machine, and its port must be free",
                    e);
        } catch (IOException e) {
            throw new StoreUnavailableException("Peer " + self + " cannot listen on its address: " + Text.reason(e), e);
        }
    }

    /** Why this peer has stopped; empty if it runs. */
    synchronized Optional<String> trouble() {
        return server != null && isAlive(server) ? Optional.empty() : Optional.of(reason());
    }

    /** Starts this peer again, if it has stopped some time ago. */
    synchronized void heal() {
        RaftServer running = server;
        if ((running != null && isAlive(running)) || System.nanoTime() - startedAt < BETWEEN_STARTS.toNanos()) {
            return;
        }
        log.warn("Peer {} has stopped ({}) and is started again", self, reason());
        if (running != null) {
            close(running);
            server = null;
        }
        try {
            start();
        } catch (StoreUnavailableException | SnapshotFormatTooNewException | ConfigurationException e) {
            failure.set(e);
            startedAt = System.nanoTime();
        }
    }

    /** @return lets go of the listener */
    Runnable onSave(Runnable told) {
        listeners.add(told);
        return () -> listeners.remove(told);
    }

    private String reason() {
        Throwable why = failure.get();
        return why == null ? "peer " + self + " has stopped" : Text.reason(why);
    }

    private boolean isAlive(RaftServer running) {
        try {
            return running.getLifeCycleState() == LifeCycle.State.RUNNING
                    && failure.get() == null
                    && running.getDivision(settings.groupId()).getInfo().isAlive();
        } catch (IOException e) {
            failure.set(e);
            return false;
        }
    }

    @Override
    public void close() {
        synchronized (RUNNING) {
            if (--users > 0) {
                return;
            }
            RUNNING.remove(settings.directory());
            synchronized (this) {
                if (server != null) {
                    close(server);
                    server = null;
                }
            }
            unlock();
        }
    }

    private static void close(RaftServer server) {
        try {
            server.close();
        } catch (IOException e) {
            log.warn("A peer did not end in order: {}", Text.reason(e));
        }
    }

    private void unlock() {
        try {
            lock.close();
        } catch (IOException e) {
            log.warn("The lock of {} could not be let go of: {}", settings.directory(), Text.reason(e));
        }
    }
}
