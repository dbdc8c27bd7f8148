package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.runtime.Batching;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Going back to a state whose archive came from a URL and was removed with its last version. */
class FetchAgainTest {

    private static final String URL = "https://host/m-1.0.mar";
    private static final Optional<String> DEFAULT = Optional.empty();

    private final Serving host = new Serving();
    private final ModelServing serving = host.serving;
    private ServingState before;

    @BeforeEach
    void registerAndUnregister() {
        serving.register(Registrations.of("https://user:secret@host/m-1.0.mar?sig=secret"));
        before = serving.state();
        serving.unregister("m", DEFAULT);
        assertThat(host.store.forgotten).containsExactly("m-1.0.mar");
        host.store.forgotten.clear();
    }

    @AfterEach
    void end() {
        host.close();
        assertThat(host.store.open()).isZero();
        assertThat(host.store.closedTwice()).isFalse();
    }

    @Test
    void archiveIsFetchedFromWhereItCame() {
        assertThat(serving.reconcile(before, false)).isEmpty();

        assertThat(host.store.fetched).last().isEqualTo(URL);
        assertThat(host.predict("m", DEFAULT, 3)).isEqualTo(3);
    }

    @Test
    void archiveThatADiskDamagedIsFetchedFromWhereItCame() {
        host.store.gone.clear();
        host.store.damaged.add("m-1.0.mar");

        assertThat(serving.reconcile(before, false)).isEmpty();

        assertThat(host.store.fetched).last().isEqualTo(URL);
        assertThat(host.predict("m", DEFAULT, 3)).isEqualTo(3);
    }

    @Test
    void damagedArchiveThatWasNotFetchedStaysWhereItIs() {
        host.store.gone.clear();
        host.store.missing.put("m-1.0.mar", "Archive m-1.0.mar is damaged");

        assertThat(serving.reconcile(before, false)).containsExactly("m 1.0: Archive m-1.0.mar is damaged");

        assertThat(host.store.fetched).as("when it was registered").hasSize(1);
    }

    @Test
    void otherBytesAreNotServedAndNotFetchedOverAndOver() {
        host.store.digests.put("m-1.0.mar", "another");

        assertThat(serving.reconcile(before, false))
                .containsExactly("m 1.0: Model not found at: m-1.0.mar, and it cannot be fetched again from " + URL
                        + ": what is there now has not the SHA-256 sha of m-1.0.mar that was served;"
                        + " register it as another version");

        assertThat(host.store.forgotten).containsExactly("m-1.0.mar");
        serving.retryFailed();
        assertThat(host.store.fetched).as("registered, and fetched again once").hasSize(2);
        assertThat(serving.describe("m", DEFAULT).failure().orElseThrow()).contains("has not the SHA-256");
        assertThat(serving.state()).as("still wanted").isEqualTo(before);
    }

    @Test
    void urlThatIsNotAllowedAnyMoreIsTheReasonAndATryLaterMaySucceed() {
        host.store.fetchFailure =
                new ArchiveException(Reason.NOT_ALLOWED, "Given URL does not match any allowed URL(s)");

        assertThat(serving.reconcile(before, false))
                .singleElement()
                .asString()
                .contains("cannot be fetched again from " + URL + ": Given URL does not match any allowed URL(s)");

        host.store.fetchFailure = null;
        serving.retryFailed();
        assertThat(host.predict("m", DEFAULT, 3)).isEqualTo(3);
    }

    @Test
    void archiveThatNothingCouldBeCheckedAgainstIsNotFetched() {
        ServedVersion known = before.models().get("m").versions().get("1.0");
        ServedVersion unknown = new ServedVersion(
                known.archive(),
                1,
                1,
                1,
                known.maxBatchDelay(),
                known.responseTimeout(),
                known.startupTimeout(),
                known.runtimeType(),
                Optional.empty(),
                known.url(),
                Optional.empty(),
                Optional.empty(),
                Batching.AUTO);

        assertThat(serving.reconcile(ServingState.EMPTY.with("m", ServedModel.of("1.0", unknown)), false))
                .singleElement()
                .asString()
                .contains("its SHA-256 is not known");

        assertThat(host.store.fetched).as("when it was registered").hasSize(1);
    }
}
