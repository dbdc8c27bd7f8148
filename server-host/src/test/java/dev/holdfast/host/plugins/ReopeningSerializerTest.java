package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.holdfast.host.keeper.FakeStore;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReopeningSerializerTest {

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final List<FakeStore> lives = new ArrayList<>();
    private int failures;
    private final ReopeningSerializer serializer = new ReopeningSerializer(this::open);

    private FakeStore open() {
        if (failures > 0) {
            failures--;
            throw new StoreUnavailableException("not yet");
        }
        FakeStore life = new FakeStore(disk);
        lives.add(life);
        return life;
    }

    @Test
    void isOpenedWhenItIsFirstNeededAndThenStaysOpen() {
        assertThat(lives).isEmpty();

        Snapshot snapshot = States.snapshot(1, "a");
        serializer.save(snapshot);

        assertThat(serializer.getLast()).contains(snapshot);
        assertThat(serializer.list(ListRequest.firstPage(1)).headers()).containsExactly(snapshot.header());
        assertThat(serializer.get(snapshot.header().name())).isEqualTo(snapshot);
        assertThat(serializer.count()).hasValue(1);
        assertThat(serializer.delete(snapshot.header().name())).isTrue();
        assertThat(lives).hasSize(1);
    }

    @Test
    void openingIsTriedAgainAsOftenAsItHasFailed() {
        failures = 2;

        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(serializer::getLast);
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(serializer::open);
        assertThat(serializer.getLast()).isEmpty();
        assertThat(lives).hasSize(1);
    }

    @Test
    void aFailureOfWhatIsOpenIsToldAsItIs() {
        assertThatExceptionOfType(SnapshotNotFoundException.class).isThrownBy(() -> serializer.get("absent"));

        assertThat(lives).hasSize(1);
    }

    @Test
    void isNotOpenedAgainAfterItWasClosed() {
        serializer.close();

        assertThatIllegalStateException().isThrownBy(serializer::getLast).withMessage("The snapshot store is closed");
        assertThat(lives).isEmpty();
    }
}
