package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.util.Optional;

/** Opens the archives of model versions: for a registration, and again for what was registered before. */
final class Archives {

    private final ModelStore store;

    Archives(ModelStore store) {
        this.store = store;
    }

    /** @throws ServingException if it cannot be had, or is damaged */
    Archive open(Registration registration) {
        try {
            return withHandler(store.open(registration.location()), registration.handler());
        } catch (ArchiveException e) {
            // The caller knows the location that it gave; its secrets are not for logs and answers.
            String bare = VersionState.withoutSecrets(registration.location());
            throw new ServingException(
                    Kind.BAD_ARCHIVE,
                    OneLine.of(String.valueOf(e.getMessage()).replace(registration.location(), bare)),
                    e);
        }
    }

    /** @throws ArchiveException if it cannot be had, or is damaged */
    Archive openAgain(VersionState version) {
        return withHandler(store.open(version.archive()), version.handler());
    }

    private static Archive withHandler(Archive archive, Optional<String> handler) {
        return handler.map(chosen -> (Archive) new ArchiveWithHandler(archive, chosen))
                .orElse(archive);
    }
}
