package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the archives of model versions: for a registration, and again for what was registered before.
 *
 * <p>An archive that came from a URL is removed when the last version that needs it goes. When a version comes back, with
 * a rollback or because the operator took the store's state, it is fetched from there again, under the same rules for URLs;
 * but only what has the SHA-256 that it had is the same model. The same goes for one that is damaged. Where archives are
 * {@linkplain SharedArchives shared}, one that is not here comes from the snapshot store.
 */
final class Archives {

    private static final Logger log = LoggerFactory.getLogger(Archives.class);

    private final ModelStore store;
    private final SharedArchives shared;

    /** URLs that no longer deliver a SHA-256, as {@code sha256 url}: not fetched over and over. */
    private final Set<String> changed = ConcurrentHashMap.newKeySet();

    Archives(ModelStore store, SharedArchives shared) {
        this.store = store;
        this.shared = shared;
    }

    /** @throws ServingException if the store cannot be read */
    List<String> list() {
        try {
            return store.list();
        } catch (ArchiveException e) {
            throw new ServingException(Kind.INTERNAL, OneLine.of(e), e);
        }
    }

    /** @throws ServingException if it cannot be had, or is damaged */
    Archive open(Registration registration) {
        try {
            return withHandler(store.open(registration.location()), registration.handler());
        } catch (ArchiveException e) {
            // Secrets in the location must not reach logs and answers.
            String bare = ServedVersion.withoutSecrets(registration.location());
            throw new ServingException(
                    Kind.BAD_ARCHIVE,
                    OneLine.of(String.valueOf(e.getMessage()).replace(registration.location(), bare)),
                    e);
        }
    }

    /** @throws ArchiveException if it cannot be had, or is damaged */
    Archive openAgain(ServedVersion version) {
        try {
            return withHandler(store.open(version.archive()), version.handler());
        } catch (ArchiveException e) {
            if ((version.url().isEmpty() && version.shared().isEmpty()) || !isGone(version, e)) {
                throw e;
            }
            return withHandler(fetchAgain(version, e), version.handler());
        }
    }

    /** Whether the store has no such archive; a fetched one that is damaged is set aside first. */
    private boolean isGone(ServedVersion version, ArchiveException failure) {
        return switch (failure.reason()) {
            case NOT_FOUND -> true;
            case INVALID ->
                version.archiveSha256().filter(known -> !known.isEmpty()).isPresent()
                        && store.setAside(version.archive());
            default -> false;
        };
    }

    private static Archive withHandler(Archive archive, Optional<String> handler) {
        return handler.map(chosen -> (Archive) new ArchiveWithHandler(archive, chosen))
                .orElse(archive);
    }

    /** From the snapshot store where it is there, else from where it came from. */
    private Archive fetchAgain(ServedVersion version, ArchiveException gone) {
        ArchiveException why = gone;
        try {
            Optional<Archive> fetched = shared.fetched(version, () -> store.open(version.archive()));
            if (fetched.isPresent()) {
                return fetched.get();
            }
        } catch (ArchiveException e) {
            why = e;
        }
        if (version.url().isEmpty()) {
            throw why;
        }
        return fetchAgain(version, version.url().get(), why);
    }

    private Archive fetchAgain(ServedVersion version, String url, ArchiveException gone) {
        String sha256 = version.archiveSha256()
                .filter(known -> !known.isEmpty())
                .orElseThrow(() -> cannot(
                        gone, url, Reason.NOT_FOUND, "its SHA-256 is not known, so nothing could be checked", gone));
        String tried = sha256 + " " + url;
        if (changed.contains(tried)) {
            throw differs(gone, url, sha256);
        }
        log.info("Archive {} is not in the model store any more; fetching it again from {}", version.archive(), url);
        Archive archive;
        try {
            archive = store.open(url);
        } catch (ArchiveException e) {
            if (e.reason() == Reason.ALREADY_EXISTS) {
                // Fetched for another version meanwhile.
                return store.open(version.archive());
            }
            throw cannot(gone, url, e.reason(), String.valueOf(e.getMessage()), e);
        }
        if (archive.fileName().equals(version.archive()) && archive.sha256().equals(sha256)) {
            return archive;
        }
        changed.add(tried);
        archive.close();
        Closing.quietly("archive " + archive.fileName(), () -> store.forget(archive.fileName()));
        throw differs(gone, url, sha256);
    }

    private static ArchiveException differs(ArchiveException gone, String url, String sha256) {
        return cannot(
                gone,
                url,
                Reason.INVALID,
                "what is there now has not the SHA-256 " + sha256 + " that was served; register it as another version",
                gone);
    }

    private static ArchiveException cannot(
            ArchiveException gone, String url, Reason reason, String why, ArchiveException cause) {
        return new ArchiveException(
                reason,
                OneLine.of(gone.getMessage() + ", and it cannot be fetched again from " + url + ": " + why),
                cause);
    }
}
