package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.common.ControlGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of the kernel, as it writes them. */
class MemoryLeftTest {

    @TempDir
    private Path directory;

    private Path proc;
    private Path groups;

    @BeforeEach
    void aMachineWithAGibibyteLeft() throws IOException {
        proc = directory.resolve("proc");
        groups = Files.createDirectories(directory.resolve("cgroup"));
        write(proc.resolve("meminfo"), "MemTotal: 16000000 kB\nMemFree: 100 kB\nMemAvailable:    1048576 kB\n");
    }

    @Test
    void withoutAGroupItIsWhatTheMachineHas() {
        assertThat(left()).hasValue(1L << 30);
    }

    @Test
    void aGroupOfVersion2HasItsLimitWithoutWhatItUsesAndCannotDrop() throws IOException {
        write(proc.resolve("self/cgroup"), "0::/pod/host\n");
        write(groups.resolve("pod/host/memory.max"), "1000\n");
        write(groups.resolve("pod/host/memory.current"), "700\n");
        write(groups.resolve("pod/host/memory.stat"), "anon 500\ninactive_file 150\n");

        assertThat(left()).hasValue(450);
    }

    @Test
    void theKernelsCounterOfKillsIsReadInBothForms() throws IOException {
        ControlGroup group = new ControlGroup(proc, groups);
        assertThat(group.oomKills()).isZero();
        write(proc.resolve("self/cgroup"), "0::/pod/host\n");
        write(groups.resolve("pod/host/memory.events"), "low 0\noom 3\noom_kill 2\n");
        assertThat(group.oomKills()).isEqualTo(2);
        write(proc.resolve("self/cgroup"), "5:cpu:/other\n4:memory:/pod\n");
        write(groups.resolve("memory/pod/memory.oom_control"), "under_oom 0\noom_kill 5\n");
        assertThat(group.oomKills()).isEqualTo(5);
    }

    @Test
    void aParentsLimitHoldsToo() throws IOException {
        write(proc.resolve("self/cgroup"), "0::/pod/host\n");
        write(groups.resolve("pod/host/memory.max"), "max\n");
        write(groups.resolve("pod/host/memory.current"), "700\n");
        write(groups.resolve("pod/memory.max"), "900\n");
        write(groups.resolve("pod/memory.current"), "800\n");

        assertThat(left()).hasValue(100);
    }

    @Test
    void inAContainerWhosePathIsNotVisibleTheRootIsTheGroup() throws IOException {
        write(proc.resolve("self/cgroup"), "0::/../../docker/1234\n");
        write(groups.resolve("memory.max"), "5000\n");
        write(groups.resolve("memory.current"), "1000\n");

        assertThat(left()).hasValue(4000);
    }

    @Test
    void aGroupOfVersion1IsReadByItsOwnNames() throws IOException {
        write(proc.resolve("self/cgroup"), "5:cpu,cpuacct:/x\n4:memory:/docker/1\n");
        write(groups.resolve("memory/docker/1/memory.limit_in_bytes"), "1000\n");
        write(groups.resolve("memory/docker/1/memory.usage_in_bytes"), "900\n");
        write(groups.resolve("memory/docker/1/memory.stat"), "inactive_file 1\ntotal_inactive_file 50\n");

        assertThat(left()).hasValue(150);
    }

    @Test
    void aVersion1GroupWithoutALimitIsNoLimit() throws IOException {
        write(proc.resolve("self/cgroup"), "4:memory:/x\n");
        write(groups.resolve("memory/x/memory.limit_in_bytes"), "9223372036854771712\n");
        write(groups.resolve("memory/x/memory.usage_in_bytes"), "900\n");

        assertThat(left()).hasValue(1L << 30);
    }

    @Test
    void oneThatUsesMoreThanItsLimitHasNothingLeft() throws IOException {
        write(proc.resolve("self/cgroup"), "0::/x\n");
        write(groups.resolve("x/memory.max"), "1000\n");
        write(groups.resolve("x/memory.current"), "1200\n");

        assertThat(left()).hasValue(0);
    }

    @Test
    void aSystemThatTellsNothingIsNotTakenForAFullOne() {
        assertThat(new MemoryLeft(directory.resolve("nothing"), directory.resolve("nothing")).get())
                .isEmpty();
    }

    private OptionalLong left() {
        return new MemoryLeft(proc, groups).get();
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
