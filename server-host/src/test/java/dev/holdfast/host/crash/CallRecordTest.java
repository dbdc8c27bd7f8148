package dev.holdfast.host.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CallRecordTest {

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-21T09:30:00Z"), ZoneOffset.UTC);

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private CallRecord open(long pid, String boot) {
        return CallRecord.open(logs, new CrashRecord.Here(pid, boot, logs), CLOCK);
    }

    @Test
    void aCallThatDidNotComeBackIsToldByTheNextHostAndOnlyByThatOne() {
        CallRecord before = open(7, "boot");
        before.begins("getLast of serializer x of plugin x.jar").run();
        before.begins("save of serializer x of plugin x.jar");

        String told =
                "The host before, process 7, ended unexpectedly while it was calling save of serializer x of plugin"
                        + " x.jar; where it was not killed from outside, the plugin ended it: use another version of it, or tell"
                        + " its author";
        assertThat(open(8, "boot").notices()).containsExactly(told);
        assertThat(log.warnings()).containsExactly(told);
        assertThat(open(9, "boot").notices()).isEmpty();
    }

    @Test
    void callsAtOnceAreAllTold() {
        CallRecord before = open(7, "boot");
        before.begins("save of plugin x.jar");
        before.begins("list of plugin x.jar").run();
        before.begins("get of plugin x.jar");

        assertThat(open(8, "boot").notices())
                .singleElement()
                .asString()
                .contains("calling save of plugin x.jar, and get of plugin x.jar;");
    }

    @Test
    void anOrderlyEndTellsNothingWhateverIsUnderWay() {
        CallRecord before = open(7, "boot");
        before.begins("save of plugin x.jar");
        before.close();

        assertThat(open(8, "boot").notices()).isEmpty();
    }

    @Test
    void aHostThatWasToldToEndTellsNothing() {
        open(7, "boot").begins("open of plugin x.jar");
        CallRecord.toldToEnd(logs);

        assertThat(open(8, "boot").notices()).isEmpty();
    }

    @Test
    void aMachineThatWentDownIsNoPluginsDoing() {
        open(7, "boot").begins("save of plugin x.jar");

        assertThat(open(8, "another boot").notices()).isEmpty();
    }

    @Test
    void whatIsUnderWayCanBeAskedForByItsProcess() {
        CallRecord now = open(7, "boot");
        Runnable ended = now.begins("save of plugin x.jar");

        assertThat(CallRecord.underWay(logs, 7)).contains("save of plugin x.jar");
        assertThat(CallRecord.underWay(logs, 8)).isEmpty();
        ended.run();
        assertThat(CallRecord.underWay(logs, 7)).isEmpty();
        assertThat(CallRecord.underWay(logs.resolve("none"), 7)).isEmpty();
    }

    @Test
    void manyCallsAtOnceAndNamesOfAnyKindFit() {
        CallRecord before = open(7, "boot");
        for (int i = 0; i < 200; i++) {
            before.begins("call " + i + " " + "größe\n".repeat(200));
        }

        assertThat(open(8, "boot").notices())
                .singleElement()
                .asString()
                .contains("call 0 größe", "call 199 größe")
                .doesNotContain("\n");
    }

    @Test
    void aPlaceThatCannotBeWrittenToCostsTheRecordAlone() throws IOException {
        Files.writeString(logs.resolve("crash"), "a file");

        CallRecord record = open(7, "boot");
        record.begins("save of plugin x.jar").run();
        record.close();

        assertThat(log.warnings()).singleElement().asString().contains("calls cannot be written");
    }
}
