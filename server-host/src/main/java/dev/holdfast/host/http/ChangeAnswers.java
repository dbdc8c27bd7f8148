package dev.holdfast.host.http;

import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.sdk.SnapshotConflictException;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Answers of the management API with what operators must know of the store: a change is answered when it is durable, or
 * the answer says that it is not; and while something is wrong with the store every answer says so.
 */
final class ChangeAnswers {

    static final String NOTICE = "Holdfast-Notice";
    static final String SNAPSHOT = "Holdfast-Snapshot";

    private final Snapshots snapshots;
    private final Duration patience;

    /**
     * @param patience how long a change may take to become durable, before the answer says that it is not known to be
     */
    ChangeAnswers(Snapshots snapshots, Duration patience) {
        this.snapshots = snapshots;
        this.patience = patience;
    }

    /** How long a caller waits for the store. */
    Duration patience() {
        return patience;
    }

    /** Puts the store's notices into the header, where errors and lists carry them too. */
    void announce(Context context) {
        setNotice(context, new LinkedHashSet<>(snapshots.status().notices()));
    }

    /** An object, with the store's notices in it. */
    void object(Context context, int status, Map<String, Object> body) {
        object(context, status, body, List.of());
    }

    private void object(Context context, int status, Map<String, Object> body, List<String> notices) {
        Set<String> all = new LinkedHashSet<>(notices);
        all.addAll(snapshots.status().notices());
        setNotice(context, all);
        if (!all.isEmpty()) {
            body.put("notice", sentences(all));
        }
        Answers.json(context, status, body);
    }

    private static void setNotice(Context context, Set<String> notices) {
        if (notices.isEmpty()) {
            context.res().setHeader(NOTICE, null);
        } else {
            context.header(NOTICE, Answers.headerSafe(sentences(notices)));
        }
    }

    /**
     * Waits until a change is durable, then answers.
     *
     * @param sentence what was done
     * @throws ApiException with 507 if the change is running but a restart would lose it, with 409 if the name that it was
     *     to have is in use, or another host's change took its place
     */
    void changed(Context context, int status, String sentence, CompletableFuture<Durability> durability) {
        Durability durable = await(durability);
        if (durable.kind() == Durability.Kind.LOST_ON_RESTART) {
            throw notSaved("The change is running but it is not durable: a restart may lose it. "
                    + sentences(durable.notice()) + " (" + sentence + ")");
        }
        answered(context, status, sentence, durable);
    }

    /**
     * Waits until a save under a name is durable, then answers.
     *
     * @throws ApiException with 507 if it is not, with 409 if the name is in use
     */
    void saved(Context context, String name, CompletableFuture<Durability> durability) {
        Durability durable = await(durability);
        if (durable.kind() == Durability.Kind.LOST_ON_RESTART) {
            throw notSaved(
                    "Snapshot \"" + name + "\" was not saved, or not for certain. " + sentences(durable.notice()));
        }
        answered(context, 200, "Snapshot \"" + name + "\" saved", durable);
    }

    private void answered(Context context, int status, String sentence, Durability durable) {
        if (durable.kind() == Durability.Kind.UNDONE) {
            // The host stands with its store otherwise than when the call began.
            announce(context);
            throw new ApiException(
                    409,
                    "ConflictStatusException",
                    "The change was not made: another host of the group saved one at the same time. "
                            + sentences(durable.notice()) + " Look at what is served, and try again.");
        }
        durable.snapshot().ifPresent(name -> context.header(SNAPSHOT, Answers.headerSafe(name)));
        object(context, status, Answers.status(sentence), durable.notice());
    }

    private Durability await(CompletableFuture<Durability> durability) {
        try {
            return durability.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return lost("The store has not answered within " + patience.toSeconds() + " s.");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SnapshotConflictException nameInUse) {
                throw new ApiException(409, "ConflictStatusException", String.valueOf(nameInUse.getMessage()));
            }
            return lost("The snapshot failed: " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return lost("The host is stopping.");
        }
    }

    private static Durability lost(String why) {
        return new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of(why));
    }

    private static ApiException notSaved(String message) {
        return new ApiException(507, "SnapshotNotSavedException", message);
    }

    private static String sentences(Collection<String> notices) {
        return notices.stream()
                .map(notice -> notice.endsWith(".") ? notice : notice + ".")
                .collect(Collectors.joining(" "));
    }
}
