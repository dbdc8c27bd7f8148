package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.text.OneLine;
import java.time.Duration;
import java.util.Optional;

/**
 * How one version of a model is served; immutable.
 *
 * @param archive the archive's file name in the model store
 * @param minWorkers how many workers run at least, 0 or more
 * @param maxWorkers how many workers run at the most; not below {@code minWorkers}
 * @param batchSize how many requests a worker takes at once at the most
 * @param maxBatchDelay how long a worker waits for a batch to fill
 * @param responseTimeout how long a request may take from its arrival
 * @param startupTimeout how long loading the model may take
 * @param runtimeType the runtime that the model was registered for, as TorchServe names it ({@code python}); kept, not
 *     interpreted
 * @param handler the handler that the operator chose over the archive's own
 * @param url where the archive was fetched from, if it was; without user-info, query and fragment, where secrets are, for
 *     this value goes into snapshots and answers
 * @param archiveSha256 the archive's SHA-256 when it was registered or, if it was not known then, when it was first loaded;
 *     no later load changes it in the serving state, and a version that runs has that of the bytes that it was loaded
 *     from. Empty if it is not known; an empty text is taken for that
 * @param learned what the model has learned, as it was stored last; empty for a model that has learned nothing
 * @param batching what the operator says of running requests of different callers together
 * @param resting how many workers a version without workers had when it had some, and gets back when it is loaded again; empty
 *     where nobody knows, and for a version that has workers
 * @param shared the archive's files in chunks of the snapshot store, for hosts that lack it; empty where they are not there.
 *     Says nothing of how the version is served
 */
public record ServedVersion(
        String archive,
        int minWorkers,
        int maxWorkers,
        int batchSize,
        Duration maxBatchDelay,
        Duration responseTimeout,
        Duration startupTimeout,
        String runtimeType,
        Optional<String> handler,
        Optional<String> url,
        Optional<String> archiveSha256,
        Optional<StateReference> learned,
        Batching batching,
        Optional<Workers> resting,
        Optional<StateReference> shared) {

    /** More workers than this are a mistake, not a wish. */
    public static final int MOST_WORKERS = 1024;

    /** Larger batches are a mistake too. */
    public static final int MOST_BATCH = 65_536;

    public ServedVersion {
        between("min_worker", minWorkers, 0, MOST_WORKERS);
        between("max_worker", maxWorkers, 0, MOST_WORKERS);
        if (maxWorkers < minWorkers) {
            throw new ServingException(ServingException.Kind.BAD_REQUEST, "max_worker cannot be less than min_worker.");
        }
        between("batch_size", batchSize, 1, MOST_BATCH);
        between("max_batch_delay", maxBatchDelay.toMillis(), 0, 3_600_000);
        between("response_timeout", responseTimeout.toSeconds(), 1, 86_400 * 7);
        between("startup_timeout", startupTimeout.toSeconds(), 1, 86_400 * 7);
        url = url.map(ServedVersion::withoutSecrets);
        archiveSha256 = archiveSha256.filter(known -> !known.isEmpty());
        resting = maxWorkers > 0 ? Optional.empty() : resting;
    }

    /** A version of which no earlier number of workers is known, and whose archive is not shared. */
    public ServedVersion(
            String archive,
            int minWorkers,
            int maxWorkers,
            int batchSize,
            Duration maxBatchDelay,
            Duration responseTimeout,
            Duration startupTimeout,
            String runtimeType,
            Optional<String> handler,
            Optional<String> url,
            Optional<String> archiveSha256,
            Optional<StateReference> learned,
            Batching batching) {
        this(
                archive,
                minWorkers,
                maxWorkers,
                batchSize,
                maxBatchDelay,
                responseTimeout,
                startupTimeout,
                runtimeType,
                handler,
                url,
                archiveSha256,
                learned,
                batching,
                Optional.empty(),
                Optional.empty());
    }

    /**
     * Numbers of workers, of a version that had some.
     *
     * @param min how many ran at least, 0 or more
     * @param max how many ran at the most, 1 or more; not below {@code min}
     */
    public record Workers(int min, int max) {
        public Workers {
            between("min_worker", min, 0, MOST_WORKERS);
            between("max_worker", max, Math.max(1, min), MOST_WORKERS);
        }
    }

    /** Not by {@code URI}, because a location that is none has secrets too. */
    public static String withoutSecrets(String url) {
        String bare = url.split("[?#]", 2)[0];
        int scheme = bare.indexOf("://");
        int authority = scheme < 0 ? 0 : scheme + 3;
        int path = bare.indexOf('/', authority);
        int at = bare.lastIndexOf('@', path < 0 ? bare.length() : path);
        return at < authority ? bare : bare.substring(0, authority) + bare.substring(at + 1);
    }

    private static void between(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw new ServingException(
                    ServingException.Kind.BAD_REQUEST,
                    what + " " + value + " must be from " + least + " to " + most + ".");
        }
    }

    /** Scaled; without workers it keeps in mind how many it had. */
    public ServedVersion withWorkers(int min, int max) {
        return with(
                min,
                max,
                archiveSha256,
                learned,
                batching,
                maxWorkers > 0 ? Optional.of(new Workers(minWorkers, maxWorkers)) : resting,
                shared);
    }

    /** With the numbers of another one, also with those that are kept in mind. */
    ServedVersion withWorkersOf(ServedVersion other) {
        return with(other.minWorkers, other.maxWorkers, archiveSha256, learned, batching, other.resting, shared);
    }

    ServedVersion withResting(Optional<Workers> had) {
        return with(minWorkers, maxWorkers, archiveSha256, learned, batching, had, shared);
    }

    /** How many workers it gets when it is loaded again: those that it has or had, and one where that is not known. */
    public Workers workersWhenLoaded() {
        return maxWorkers > 0
                ? new Workers(Math.max(1, minWorkers), maxWorkers)
                : resting.map(had -> new Workers(Math.max(1, had.min()), had.max()))
                        .orElse(new Workers(1, 1));
    }

    public ServedVersion withArchiveSha256(String sha256) {
        return with(minWorkers, maxWorkers, Optional.of(sha256), learned, batching, resting, shared);
    }

    public ServedVersion withLearned(StateReference state) {
        return withLearned(Optional.of(state));
    }

    public ServedVersion withLearned(Optional<StateReference> state) {
        return with(minWorkers, maxWorkers, archiveSha256, state, batching, resting, shared);
    }

    /** What the operator says of running requests together, in one word; empty where nothing is said. */
    public Optional<String> batchingWord() {
        return batching == Batching.AUTO ? Optional.empty() : Optional.of(batching.text());
    }

    /**
     * What a word says of running requests together; nothing, if it is absent.
     *
     * @throws ServingException if there is no such word
     */
    public static Batching batchingOf(Optional<String> word) {
        return word.map(text -> Batching.of(text)
                        .orElseThrow(() -> new ServingException(
                                ServingException.Kind.BAD_REQUEST,
                                "batching '" + OneLine.name(text) + "' must be " + Batching.NAMES)))
                .orElse(Batching.AUTO);
    }

    public ServedVersion withBatching(Batching wish) {
        return with(minWorkers, maxWorkers, archiveSha256, learned, wish, resting, shared);
    }

    /** The same, with its archive in chunks of the snapshot store. */
    public ServedVersion withShared(Optional<StateReference> chunks) {
        return with(minWorkers, maxWorkers, archiveSha256, learned, batching, resting, chunks);
    }

    private ServedVersion with(
            int min,
            int max,
            Optional<String> sha256,
            Optional<StateReference> state,
            Batching wish,
            Optional<Workers> had,
            Optional<StateReference> chunks) {
        return new ServedVersion(
                archive,
                min,
                max,
                batchSize,
                maxBatchDelay,
                responseTimeout,
                startupTimeout,
                runtimeType,
                handler,
                url,
                sha256,
                state,
                wish,
                had,
                chunks);
    }

    /** Whether nothing is known that tells the bytes of the two archives apart. */
    boolean mayBeSameArchive(ServedVersion other) {
        return archiveSha256.isEmpty() || other.archiveSha256.isEmpty() || archiveSha256.equals(other.archiveSha256);
    }

    /**
     * Whether the same model is loaded in the same way and with the same state, so that going to {@code other} needs no new
     * load. An archive whose SHA-256 is not known, as in TorchServe's snapshots, is taken to be the one of that name.
     */
    boolean sameLoad(ServedVersion other) {
        return mayBeSameArchive(other)
                && withWorkersOf(other).withoutWhatAllLoadsShare().equals(other.withoutWhatAllLoadsShare());
    }

    private ServedVersion withoutWhatAllLoadsShare() {
        return with(minWorkers, maxWorkers, Optional.empty(), learned, batching, resting, Optional.empty());
    }
}
