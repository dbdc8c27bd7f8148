package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.NoSessionException;
import dev.holdfast.host.runtime.TooManySessionsException;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The sessions of a model by their ids, each with what it carries from call to call.
 *
 * <pre>
 *   enter(id) ── waits for its turn ──▶ call ──▶ commit ──▶ leave
 * </pre>
 *
 * <p>A session is there from its first commit until it is ended, or until nobody has called it for the idle time. When
 * there are as many as there may be, a new one is refused: dropping the longest idle one would silently make a caller's
 * answers wrong.
 *
 * <p>Safe for use by several threads.
 */
final class Sessions {

    private final String model;
    private final SessionSettings settings;
    private final LongSupplier nanos;
    /** By last use; the one that has been idle longest is first. Guarded by this. */
    private final LinkedHashMap<String, Session> byId = new LinkedHashMap<>(16, 0.75f, true);

    private long updates;

    /** @param nanos tells how much time passes, as {@link System#nanoTime} does: the time of day may step */
    Sessions(String model, SessionSettings settings, LongSupplier nanos) {
        this.model = model;
        this.settings = settings;
        this.nanos = nanos;
    }

    /** One session; its fields are guarded by the sessions it is one of, but for the turn. */
    static final class Session {

        private final String id;
        /** Fair: calls come in their order. */
        private final ReentrantLock turn = new ReentrantLock(true);

        private Optional<SessionPoint> state;
        private int users;
        private long lastUsed;

        private Session(String id, Optional<SessionPoint> state, long now) {
            this.id = id;
            this.state = state;
            this.lastUsed = now;
        }
    }

    /**
     * Waits until nobody else is in the session. Whoever enters leaves.
     *
     * @param mayBegin whether it is made if there is none of that id
     * @throws NoSessionException if there is none, and it may not begin
     * @throws TooManySessionsException if there are as many sessions as there may be
     * @throws InferenceException if the thread is interrupted while it waits
     */
    Session enter(String id, boolean mayBegin) {
        while (true) {
            Session session = join(id, mayBegin);
            try {
                session.turn.lockInterruptibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                forget(session);
                throw new InferenceException("A request for the session '" + OneLine.name(id) + "' of model " + model
                        + " was told to end before its turn came");
            }
            if (isCurrent(session)) {
                return session;
            }
            // Ended or restored while we waited: the one to enter is another.
            leave(session);
        }
    }

    /** What to throw where a session is not there to go on with. */
    NoSessionException absent(String id) {
        return new NoSessionException("Model " + model + " has no session '" + OneLine.name(id)
                + "' to go on with (session_start=false): it never began, has ended, was idle for "
                + settings.idle().toSeconds()
                + " s, or was lost when the host ended before it was stored; begin it anew with session_start=true");
    }

    private synchronized Session join(String id, boolean mayBegin) {
        dropIdle();
        Session session = byId.get(id);
        if (session == null) {
            if (!mayBegin) {
                throw absent(id);
            }
            if (byId.size() >= settings.maxSessions()) {
                throw new TooManySessionsException("Model " + model + " has " + byId.size()
                        + " sessions, as many as it may; the session '" + OneLine.name(id)
                        + "' can begin when one of them ends (session_end), or has been idle for "
                        + settings.idle().toSeconds() + " s");
            }
            session = new Session(id, Optional.empty(), nanos.getAsLong());
            byId.put(id, session);
        }
        session.users++;
        session.lastUsed = nanos.getAsLong();
        return session;
    }

    private synchronized boolean isCurrent(Session session) {
        return byId.get(session.id) == session;
    }

    private void dropIdle() {
        long now = nanos.getAsLong();
        long limit = settings.idle().toNanos();
        for (Iterator<Session> sessions = byId.values().iterator(); sessions.hasNext(); ) {
            Session session = sessions.next();
            boolean isIdle = now - session.lastUsed >= limit;
            if (session.users == 0 && isIdle) {
                sessions.remove();
            } else if (!isIdle) {
                return;
            }
        }
    }

    /** What a session carries; empty if it is at its beginning. */
    synchronized Optional<SessionPoint> state(Session session) {
        return session.state;
    }

    /**
     * Changes several sessions at one moment.
     *
     * @param states what each carries from now on; empty for one that ends
     * @param requests how many requests have made the change
     */
    synchronized void commit(Map<Session, Optional<SessionPoint>> states, int requests) {
        states.forEach((session, state) -> {
            session.state = state;
            if (state.isEmpty()) {
                byId.remove(session.id, session);
            }
        });
        updates += requests;
    }

    void leave(Session session) {
        forget(session);
        session.turn.unlock();
    }

    private synchronized void forget(Session session) {
        session.users--;
        session.lastUsed = nanos.getAsLong();
        // The map keeps the order of its gets.
        byId.get(session.id);
        // Nothing came of it, and nobody waits.
        if (session.users == 0 && session.state.isEmpty()) {
            byId.remove(session.id, session);
        }
    }

    /** What all sessions carry at this moment, by their ids; calls under way have not happened yet. */
    SortedMap<String, SessionPoint> states() {
        List<Map.Entry<String, SessionPoint>> copy = new ArrayList<>();
        synchronized (this) {
            dropIdle();
            for (Session session : byId.values()) {
                session.state.ifPresent(state -> copy.add(Map.entry(session.id, state)));
            }
        }
        // Calls need not wait while they are sorted.
        SortedMap<String, SessionPoint> states = new TreeMap<>();
        copy.forEach(session -> states.put(session.getKey(), session.getValue()));
        return states;
    }

    /** Puts other sessions in the place of all that there are; what comes of calls under way is dropped. */
    synchronized void replace(Map<String, SessionPoint> states) {
        byId.clear();
        long now = nanos.getAsLong();
        states.forEach((id, state) -> byId.put(id, new Session(id, Optional.of(state), now)));
    }

    synchronized long updates() {
        return updates;
    }
}
