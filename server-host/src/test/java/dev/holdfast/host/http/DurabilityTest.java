package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.serving.Durability;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A management call tells whether its change would survive a restart. */
class DurabilityTest {

    @TempDir
    Path directory;

    HostUnderTest host;

    @BeforeEach
    void start() {
        host = new HostUnderTest(directory, Map.of("snapshot_timeout", "1"));
        host.with("noop.mar");
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aStoredChangeNamesItsSnapshot() {
        HttpResponse<String> answer = host.management("PUT", "/models/noop?min_worker=2");

        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(answer.headers().firstValue("holdfast-snapshot")).hasValue("20261121093000123-snapshot.cfg");
        assertThat(answer.headers().firstValue("holdfast-notice")).isEmpty();
        assertThat(answer.body()).isEqualTo("{\n  \"status\": \"Processing worker updates...\"\n}\n");
    }

    @Test
    void aSpooledChangeSaysSoAndSucceeds() {
        host.snapshots.durability = new Durability(
                Durability.Kind.SPOOLED, Optional.of("s.cfg"), List.of("Store ‘ddb’ is down; 1 snapshot waits."));

        HttpResponse<String> answer = host.management("PUT", "/models/noop/1.0/set-default");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("\"notice\": \"Store ‘ddb’ is down; 1 snapshot waits.\"");
        assertThat(answer.headers().firstValue("holdfast-notice"))
                .hasValue("Store %E2%80%98ddb%E2%80%99 is down; 1 snapshot waits.");
        assertThat(answer.headers().firstValue("holdfast-snapshot")).hasValue("s.cfg");
    }

    @Test
    void aChangeThatIsNotKeptOnPurposeIsAnOrdinaryAnswer() {
        host.snapshots.durability = Durability.NOT_KEPT;

        HttpResponse<String> answer = host.management("DELETE", "/models/noop");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("holdfast-snapshot")).isEmpty();
    }

    @Test
    void aSaveWhileSnapshotsAreSwitchedOffIsRefused() {
        host.snapshots.mode = StoreStatus.Mode.OFF;

        HttpResponse<String> answer = host.management("POST", "/snapshots?name=before-upgrade");

        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.body()).contains("Snapshots are switched off by --no-config-snapshots");
    }

    @Test
    void aChangeThatARestartWouldLoseIs507AndIsRunning() {
        host.snapshots.durability = new Durability(
                Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of("The disk of the spool is full."));

        HttpResponse<String> answer = host.management("POST", "/models?url=echo.mar");

        assertThat(answer.statusCode()).isEqualTo(507);
        assertThat(answer.body())
                .contains(
                        "\"code\": 507",
                        "\"type\": \"SnapshotNotSavedException\"",
                        "The change is running but it is not durable",
                        "The disk of the spool is full.");
        assertThat(host.inference("POST", "/predictions/echo", "hello").body()).isEqualTo("hello");
    }

    @Test
    void aChangeThatAnotherHostsTookThePlaceOfIs409() {
        host.snapshots.durability =
                new Durability(Durability.Kind.UNDONE, Optional.empty(), List.of("The host serves b.cfg now."));

        HttpResponse<String> answer = host.management("PUT", "/models/noop?min_worker=2");

        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.body())
                .contains("The change was not made: another host of the group saved one at the same time."
                        + " Look at what is served, and try again. The host serves b.cfg now.");
    }

    @Test
    void aStoreThatNeverAnswersIsNotWaitedForForEver() {
        host.snapshots.silent = true;

        HttpResponse<String> answer = host.management("PUT", "/models/noop?min_worker=2");

        assertThat(answer.statusCode()).isEqualTo(507);
        assertThat(answer.body()).contains("The store has not answered within 6 s.");
    }

    @Test
    void aDetachedHostSaysSoInEveryAnswer() {
        host.snapshots.mode = StoreStatus.Mode.DETACHED;
        host.snapshots.notices = List.of("Detached from ddb.", "Decide with snapshots attach.");
        String notice = "Detached from ddb. Decide with snapshots attach.";

        for (String path : List.of("/models", "/models/noop", "/models/none", "/snapshots", "/snapshots/status")) {
            HttpResponse<String> answer = host.management("GET", path);

            assertThat(answer.headers().firstValue("holdfast-notice")).as(path).hasValue(notice);
        }
        assertThat(host.management("GET", "/models").body()).contains("\"notice\": \"" + notice + "\"");
        assertThat(host.management("PUT", "/models/noop?min_worker=1").body())
                .contains("\"notice\": \"" + notice + "\"");
        assertThat(host.management("GET", "/models/none").body()).doesNotContain("notice");
        HttpResponse<String> ping = host.inference("GET", "/ping", "");
        assertThat(ping.statusCode()).isEqualTo(200);
        assertThat(ping.body())
                .contains("\"status\": \"Healthy\"", "\"snapshots\": \"DETACHED\"", "\"notice\": \"" + notice + "\"");

        assertThat(host.management("POST", "/snapshots/attach?take=local").body())
                .contains("Attached, taking LOCAL");
        assertThat(host.snapshots.mode).isEqualTo(StoreStatus.Mode.ATTACHED);
    }

    @Test
    void snapshotsAreListedPageByPageReadAndSaved() {
        HttpResponse<String> first = host.management("GET", "/snapshots?limit=1");
        assertThat(first.body())
                .contains("\"nextPageToken\": \"1\"", "\"name\": \"20261121093000123-startup.cfg\"", "\"revision\": 1");
        assertThat(host.management("GET", "/snapshots?kind=snapshot&from=2026-11-21T09:30:00Z")
                        .body())
                .contains("20261121093000456-snapshot.cfg")
                .doesNotContain("startup");
        assertThat(host.management("GET", "/snapshots?to=2026-11-21T09:30:00Z").body())
                .contains("\"snapshots\": []");

        HttpResponse<String> text = host.management("GET", "/snapshots/20261121093000123-startup.cfg");
        assertThat(text.body()).isEqualTo("model_snapshot={}");
        assertThat(text.headers().firstValue("content-type").orElse("")).startsWith("text/plain");

        HttpResponse<String> saved = host.management("POST", "/snapshots?name=before-upgrade");
        assertThat(saved.statusCode()).isEqualTo(200);
        assertThat(saved.body()).contains("Snapshot \\\"before-upgrade\\\" saved");
        assertThat(host.management("GET", "/snapshots/before-upgrade").statusCode())
                .isEqualTo(200);

        HttpResponse<String> again = host.management("POST", "/snapshots?name=before-upgrade");
        assertThat(again.statusCode()).isEqualTo(409);
        assertThat(again.body()).contains("ConflictStatusException", "before-upgrade is there already");
    }

    @Test
    void aSnapshotIsDeleted() {
        HttpResponse<String> deleted = host.management("DELETE", "/snapshots/20261121093000123-startup.cfg");

        assertThat(deleted.statusCode()).isEqualTo(200);
        assertThat(deleted.body()).contains("Snapshot \\\"20261121093000123-startup.cfg\\\" deleted");
        assertThat(host.management("GET", "/snapshots").body()).doesNotContain("startup");
        assertThat(host.management("DELETE", "/snapshots/20261121093000123-startup.cfg")
                        .statusCode())
                .isEqualTo(404);
        HttpResponse<String> last = host.management("DELETE", "/snapshots/20261121093000456-snapshot.cfg");
        assertThat(last.statusCode()).isEqualTo(409);
        assertThat(last.body()).contains("ConflictStatusException", "is the last one");
    }

    @Test
    void aStoreThatCannotDeleteSaysSo() {
        host.snapshots.keepsAll = true;

        HttpResponse<String> answer = host.management("DELETE", "/snapshots/20261121093000123-startup.cfg");

        assertThat(answer.statusCode()).isEqualTo(501);
        assertThat(answer.body()).contains("NotImplementedException", "This store removes nothing");
    }

    @Test
    void theStoresStatusIsShownAndItsFailureIs503() {
        assertThat(host.management("GET", "/snapshots/status").body()).isEqualTo("""
                        {
                          "store": "fs",
                          "group": "default",
                          "mode": "ATTACHED",
                          "lastSnapshot": "last.cfg",
                          "revision": 7,
                          "spooled": 0,
                          "notices": []
                        }
                        """);
        host.snapshots.unavailable = true;

        HttpResponse<String> answer = host.management("GET", "/snapshots");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("\"type\": \"StoreUnavailableException\"");
    }
}
