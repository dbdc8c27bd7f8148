package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ReopeningSerializerTest {

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final List<FakeStore> lives = new ArrayList<>();
    private final ReopeningSerializer serializer = new ReopeningSerializer(this::open);
    /** Runs once, in the middle of the next call that reads. */
    private Runnable meanwhile = () -> {};

    private FakeStore open() {
        FakeStore life = new FakeStore(disk) {
            private void meanwhile() {
                Runnable once = meanwhile;
                meanwhile = () -> {};
                once.run();
            }

            @Override
            public Optional<Snapshot> getLast() {
                meanwhile();
                return super.getLast();
            }

            @Override
            public SnapshotPage list(ListRequest request) {
                meanwhile();
                return super.list(request);
            }

            @Override
            public Snapshot get(String name) {
                meanwhile();
                return super.get(name);
            }

            @Override
            public OptionalLong count() {
                meanwhile();
                getLast();
                return OptionalLong.of(disk.names().size());
            }

            @Override
            public void close() {
                gone = true;
            }
        };
        lives.add(life);
        return life;
    }

    @Test
    void whatIsReadWhileAnotherThreadReopensIsReadFromTheNextLife() {
        Snapshot snapshot = States.snapshot(1, "a");
        serializer.save(snapshot);

        meanwhile = serializer::reopen;
        assertThat(serializer.getLast()).contains(snapshot);
        meanwhile = serializer::reopen;
        assertThat(serializer.list(ListRequest.firstPage(1)).headers()).containsExactly(snapshot.header());
        meanwhile = serializer::reopen;
        assertThat(serializer.get(snapshot.header().name())).isEqualTo(snapshot);
        meanwhile = serializer::reopen;
        assertThat(serializer.count()).hasValue(1);

        assertThat(lives).hasSize(5);
    }

    @Test
    void aFailureOfWhatIsOpenIsToldAsItIs() {
        assertThatExceptionOfType(SnapshotNotFoundException.class).isThrownBy(() -> serializer.get("absent"));

        assertThat(lives).hasSize(1);
    }

    @Test
    void whatIsReadWhileItIsClosedForGoodIsRefused() {
        meanwhile = serializer::close;

        assertThatIllegalStateException().isThrownBy(serializer::getLast).withMessage("The snapshot store is closed");
    }
}
