package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The newest snapshot is damaged in the store while its state is in the memory of a host: the host writes it again. */
class MendingIT {

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    @ParameterizedTest
    @EnumSource
    void aDamagedNewestSnapshotIsWrittenAgainByTheHostThatServesIt(Store store) throws Exception {
        Fleet fleet = FLEETS.over(store);
        Member a = fleet.member("A");
        a.start();
        a.register("first");
        a.register("second");
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "second"));
        fleet.group().damageNewest();
        assertThat(fleet.group().newestModels()).isEmpty();

        await().untilAsserted(() -> assertThat(fleet.group().newestModels()).contains(Set.of("first", "second")));
        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(a.host().log().lines().filter(line -> line.contains("[WARN") || line.contains("[ERROR")))
                .anyMatch(line -> line.contains("damaged"));
        a.kill();
        Member next = store == Store.FS ? a : fleet.member("with-an-empty-disk");
        next.start();
        assertThat(next.models()).containsExactly("first", "second");
        assertThat(next.mode()).isEqualTo("ATTACHED");
        assertThat(next.register("third").headers().firstValue("Holdfast-Notice"))
                .isEmpty();
    }
}
