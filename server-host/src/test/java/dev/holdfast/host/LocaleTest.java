package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The machine's language, its digits and its time zone change nothing of what is stored: a model that has learned comes
 * back with all of it, and an installation may move to a machine that is set up otherwise.
 */
class LocaleTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String PROBES = "[[-3.5], [0.25], [1], [40]]";

    private final Locale locale = Locale.getDefault();
    private final TimeZone zone = TimeZone.getDefault();

    @TempDir
    private Path directory;

    @AfterEach
    void backToTheMachines() {
        Locale.setDefault(locale);
        TimeZone.setDefault(zone);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fa-IR", "ar-EG", "th-TH-u-nu-thai", "hi-IN-u-nu-deva", "tr-TR", "de-DE"})
    void whatAModelLearnedComesBack(String language) throws Exception {
        Path store = directory.resolve("model-store");
        TestArchives.forest(store);
        Locale.setDefault(Locale.forLanguageTag(language));
        TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu"));
        String scores;
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            ok(host.managementAddress() + "/models?url=forest-1.0&initial_workers=1", "");
            ok(host.inferenceAddress() + "/models/forest/train", rows());
            ok(host.managementAddress() + "/models/forest/save?id=first", "");
            scores = ok(host.inferenceAddress() + "/predictions/forest", PROBES);
        }

        assertThat(files()).allMatch(name -> name.matches("\\p{ASCII}*"));
        Locale.setDefault(Locale.ROOT);
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            assertThat(ok(host.inferenceAddress() + "/predictions/forest", PROBES))
                    .isEqualTo(scores);
        }
    }

    /** More than a forest's first rows, so that it has trees to store. */
    private static String rows() {
        StringBuilder rows = new StringBuilder("[");
        for (int i = 0; i < 300; i++) {
            rows.append(i == 0 ? "[" : ", [").append((i * 37) % 101).append("]");
        }
        return rows.append("]").toString();
    }

    private List<String> files() throws Exception {
        try (Stream<Path> files = Files.walk(directory.resolve("logs"))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static String ok(String uri, String body) throws Exception {
        HttpResponse<String> answer = HTTP.send(
                HttpRequest.newBuilder(URI.create(uri))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }
}
