package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.StoreUnavailableException;
import java.io.DataInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.exceptions.GroupMismatchException;
import org.apache.ratis.protocol.exceptions.TimeoutIOException;
import org.apache.ratis.retry.RetryPolicy;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException;
import org.apache.ratis.util.TimeDuration;

/**
 * Changes and questions to whichever peer leads, each with an end.
 *
 * <p>An attempt that failed is sent again, under the same number, until the time is up; so a change whose answer was lost is
 * made once. A question is answered by the leader after a majority has said that it leads still.
 */
final class Calls implements AutoCloseable {

    private static final TimeDuration PAUSE = TimeDuration.valueOf(50, TimeUnit.MILLISECONDS);

    private final Settings settings;
    private final RaftClient client;
    private final Optional<Peer> own;
    /** When the call of a thread must end, by the clock of {@link System#nanoTime}. */
    private final ThreadLocal<Long> deadline = new ThreadLocal<>();

    /** @param own this host's own peer, if it has one */
    Calls(Settings settings, Optional<Peer> own) {
        this.settings = settings;
        this.own = own;
        this.client = RaftClient.newBuilder()
                .setRaftGroup(settings.group())
                .setProperties(RatisSettings.ofClient(settings))
                .setParameters(RatisSettings.parameters(settings))
                .setRetryPolicy(this::again)
                .build();
    }

    private RetryPolicy.Action again(RetryPolicy.Event event) {
        Long end = deadline.get();
        return end == null
                        || Thread.currentThread().isInterrupted()
                        || end - System.nanoTime() < PAUSE.toLong(TimeUnit.NANOSECONDS)
                ? RetryPolicy.NO_RETRY_ACTION
                : () -> PAUSE;
    }

    /**
     * Makes a change.
     *
     * @param failure what could not be done, for the message
     * @throws StoreUnavailableException if it is not known to be made
     */
    DataInputStream change(String failure, long end, byte[] change) {
        return send(failure, end, message -> client.io().send(message), change);
    }

    /** @throws StoreUnavailableException if there is no answer */
    DataInputStream ask(String failure, long end, byte[] question) {
        return send(failure, end, message -> client.io().sendReadOnly(message), question);
    }

    /** When a call that begins now must end. */
    long newDeadline() {
        return System.nanoTime() + settings.timeout().toNanos();
    }

    private interface Attempt {
        RaftClientReply with(Message message) throws IOException;
    }

    private DataInputStream send(String failure, long end, Attempt attempt, byte[] bytes) {
        own.ifPresent(Peer::heal);
        Message message = Message.valueOf(ByteString.copyFrom(bytes));
        deadline.set(end);
        try {
            RaftClientReply reply = attempt.with(message);
            if (!reply.isSuccess()) {
                throw unavailable(failure, reply.getException());
            }
            return Wire.open(reply.getMessage().getContent().toByteArray());
        } catch (GroupMismatchException e) {
            throw new StoreUnavailableException(
                    failure + ": a peer is not of fleet " + settings.fleet()
                            + ", or has not joined it yet; compare snapshot.raft.fleet and snapshot.raft.peers of all hosts",
                    e);
        } catch (IOException | StatusRuntimeException e) {
            throw unavailable(failure, e);
        } finally {
            deadline.remove();
        }
    }

    private StoreUnavailableException unavailable(String failure, Throwable reason) {
        return new StoreUnavailableException(
                failure + ": no peer that leads a majority has answered within " + text(settings.timeout())
                        + own.flatMap(Peer::trouble)
                                .map(trouble -> ", and that of this host has stopped: " + trouble)
                                .orElse("")
                        + " (" + last(reason) + "). Look whether more than half of the peers run and reach one another",
                reason);
    }

    /** Of the last attempt. */
    private static String last(Throwable reason) {
        for (Throwable cause = reason; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutIOException) {
                return "the last attempt had no answer in its time";
            }
        }
        return Text.reason(reason);
    }

    private static String text(Duration time) {
        return time.toMillis() + " ms";
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (IOException e) {
            throw new StoreUnavailableException(
                    "The connections to the peers did not end in order: " + Text.reason(e), e);
        }
    }
}
