package dev.holdfast.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.cli.ChildHost;
import dev.holdfast.host.cli.HostApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The steps of the demo, with real models, real data and a real kill.
 *
 * <pre>
 *   start ─▶ register ─▶ predict ─▶ scale ─▶ new version, new default ─▶ models that learn ─┐
 *            stop ◀─ learn on ◀─ compare ◀─ start ◀─ SIGKILL ◀──────────────────────────────┘
 * </pre>
 */
final class Demo {

    private static final int SHOWN = 4;
    private static final String INFER = "/v2/models/digits/infer";

    private final DemoScreen screen;
    private final ChildHost host;
    private final List<Digit> digits;
    private final DemoLearner learner;
    private final DemoClassifier classifier;
    private final Path place;

    /** @param place the directory that the demo leaves behind, for users who want to look into it */
    Demo(
            DemoScreen screen,
            ChildHost host,
            List<Digit> digits,
            DemoLearner learner,
            DemoClassifier classifier,
            Path place) {
        this.screen = screen;
        this.host = host;
        this.digits = List.copyOf(digits);
        this.learner = learner;
        this.classifier = classifier;
        this.place = place;
    }

    /** @return whether everything came back as it was */
    boolean run() throws IOException, InterruptedException {
        screen.title("Holdfast: the state survives");

        screen.step("Start a host with the fs plugin and nothing stored");
        ChildHost.Started first = start();
        HostApi api = first.api();

        screen.step("Register a model that reads handwritten digits, with two workers");
        manage(api, "POST", "/models?url=digits-1.0&initial_workers=2&synchronous=true");
        List<Digit> shown = firstOfDifferentLabels();
        screen.pictures(shown, DigitAnswer.ask(api, INFER, shown));
        accuracy("1.0", DigitAnswer.ask(api, INFER, digits));

        screen.step("Give it four workers; add version 2.0, and make it the default");
        manage(api, "PUT", "/models/digits/1.0?min_worker=4&max_worker=4&synchronous=true");
        manage(api, "POST", "/models?url=digits-2.0.mar&initial_workers=3&synchronous=true");
        manage(api, "PUT", "/models/digits/2.0/set-default");
        Served before = Served.of(api, digits);
        accuracy("2.0", before.answers());
        before.lines().forEach(screen::say);

        screen.step("Register a model that learns while it is served, and teach it");
        manage(api, "POST", "/models?url=taxi-1.0&initial_workers=1&synchronous=true");
        learner.teach(api);
        List<Double> scores = learner.ask(api);
        learner.show(scores);

        screen.step("The same with a classifier of texts: who wrote this? Store what both have learned");
        manage(api, "POST", "/models?url=authors-1.0&initial_workers=1&synchronous=true");
        classifier.teach(api);
        List<DemoClassifier.Guess> guesses = classifier.ask(api);
        classifier.show(guesses);
        manage(api, "POST", "/snapshots?name=taught.cfg");

        screen.step("Kill the host: SIGKILL, no warning, no time to save anything");
        host.killAndWait(first);
        screen.say("Process " + first.pid() + " is gone.");

        screen.step("Start it again, with the same command");
        HostApi again = start().api();
        Served after = Served.of(again, digits);
        after.lines().forEach(screen::say);
        boolean same = compare(before, after);
        same &= report(learner.compare(scores, learner.ask(again)), "scores of the taxis, bit for bit");
        same &= report(classifier.compare(guesses, classifier.ask(again)), "scores of all paragraphs, bit for bit");

        screen.step("Go on teaching, a day at a time, and ask each morning before");
        learner.goOn(again);

        screen.step("Stop it, this time in order");
        host.stop();
        screen.say("Holdfast has stopped. Its snapshots stay in "
                + place.resolve("logs").resolve("config") + ":");
        snapshots().forEach(screen::say);
        screen.line("");
        screen.title(same ? "Everything came back as it was." : "Not everything came back as it was.");
        return same;
    }

    private ChildHost.Started start() throws IOException, InterruptedException {
        long begin = System.nanoTime();
        ChildHost.Started started = host.start();
        long millis = (System.nanoTime() - begin) / 1_000_000;
        screen.say("Ready after " + millis + " ms: process " + started.pid() + ", inference " + started.inference()
                + ", management " + started.management());
        started.state().forEach(screen::say);
        return started;
    }

    private void manage(HostApi api, String method, String path) {
        screen.call(method + " " + path);
        JsonNode answer = api.manage(method, path);
        screen.say(answer.path("status").asText());
    }

    private List<Digit> firstOfDifferentLabels() {
        Set<Integer> seen = new HashSet<>();
        return digits.stream()
                .filter(digit -> seen.add(digit.label()))
                .limit(SHOWN)
                .toList();
    }

    private void accuracy(String version, List<DigitAnswer> answers) {
        long right = 0;
        for (int i = 0; i < digits.size(); i++) {
            right += answers.get(i).digit() == digits.get(i).label() ? 1 : 0;
        }
        screen.say("Version " + version + " reads " + right + " of the " + digits.size()
                + " digits right that it has never seen: " + DemoScreen.percent((double) right / digits.size()));
    }

    private boolean compare(Served before, Served after) {
        boolean models = report(before.lines().equals(after.lines()), "models, versions, default and workers");
        boolean answers = report(
                before.answers().equals(after.answers()),
                "predictions for all " + digits.size() + " digits, bit for bit");
        return models && answers;
    }

    private boolean report(boolean same, String what) {
        if (same) {
            screen.good("The same " + what + ".");
        } else {
            screen.bad("Not the same " + what + "!");
        }
        return same;
    }

    private List<String> snapshots() throws IOException {
        try (Stream<Path> files = Files.list(place.resolve("logs").resolve("config"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".cfg"))
                    .sorted()
                    .map(name -> "  " + name)
                    .toList();
        }
    }

    /**
     * What a host serves, as far as the demo can see it.
     *
     * @param lines its versions, one a line
     * @param answers of the default version to all digits
     */
    private record Served(List<String> lines, List<DigitAnswer> answers) {

        static Served of(HostApi api, List<Digit> digits) {
            String defaultVersion = api.manage("GET", "/models/digits")
                    .path(0)
                    .path("modelVersion")
                    .asText();
            List<String> lines = new ArrayList<>();
            for (JsonNode version : api.manage("GET", "/models/digits/all")) {
                String name = version.path("modelVersion").asText();
                lines.add(version.path("modelName").asText() + " " + name + "  "
                        + version.path("workers").size() + " workers"
                        + (name.equals(defaultVersion) ? "  default" : ""));
            }
            lines.sort(null);
            return new Served(lines, DigitAnswer.ask(api, INFER, digits));
        }
    }
}
