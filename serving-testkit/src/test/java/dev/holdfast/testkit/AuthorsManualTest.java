package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the plugin author's manual shows is code of the example, which the build compiles and tests, and stays so. */
class AuthorsManualTest {

    private static final Pattern CODE =
            Pattern.compile("<!-- (examples/[\\w-]+): (\\w+\\.java) -->\\n```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern SERVICE =
            Pattern.compile("the file `META-INF/services/([\\w.]+)` with\\n\\n {4}(\\S+)\\n");

    private final Path root = Path.of("..");
    private final String manual = read(root.resolve("docs/plugin-authors-manual.md"));

    @Test
    void everyPieceOfJavaStandsInTheFileThatIsNamedAboveIt() throws IOException {
        Matcher code = CODE.matcher(manual);
        int pieces = 0;
        while (code.find()) {
            String file = unindented(read(source(root.resolve(code.group(1)), code.group(2))));

            assertThat(file)
                    .as("%s, of which the manual shows a part", code.group(2))
                    .contains(unindented(code.group(3)));
            pieces++;
        }
        assertThat(pieces)
                .as("pieces of code in the manual, all of which say where they are from")
                .isEqualTo(manual.split("```java", -1).length - 1)
                .isGreaterThan(5);
    }

    @Test
    void theServiceFileIsTheOneOfTheExample() {
        Matcher service = SERVICE.matcher(manual);

        assertThat(service.find()).as("the service file in the manual").isTrue();
        assertThat(service.group(1)).isEqualTo(SnapshotSerializerFactory.class.getName());
        assertThat(read(root.resolve("examples/plugin-redis/src/main/resources/META-INF/services/" + service.group(1))))
                .isEqualTo(service.group(2) + "\n");
    }

    @Test
    void everyRequirementOfTheManualHasItsNumberAndRulesThatProveIt() {
        String section = manual.substring(manual.indexOf("\n## Requirements\n"), manual.indexOf("\n## Life cycle\n"));
        List<Integer> numbers = Pattern.compile("(?m)^([0-9]+)\\. ")
                .matcher(section)
                .results()
                .map(number -> Integer.parseInt(number.group(1)))
                .toList();
        assertThat(numbers)
                .isEqualTo(Arrays.stream(Requirement.values())
                        .map(Requirement::number)
                        .toList());

        Set<Requirement> proved = Stream.of(SnapshotSerializerContract.class, ChunkStoreContract.class)
                .flatMap(contract -> Arrays.stream(contract.getDeclaredMethods()))
                .map(rule -> rule.getAnnotation(Proves.class))
                .filter(Objects::nonNull)
                .flatMap(proves -> Arrays.stream(proves.value()))
                .collect(Collectors.toSet());
        assertThat(EnumSet.complementOf(EnumSet.copyOf(proved)))
                .as("what no rule proves, as the manual says")
                .containsExactly(Requirement.SECRETS);
        assertThat(section.split("Not tested", -1)).hasSize(2);
    }

    @Test
    void everyLinkWithinTheManualLeadsToAHeading() {
        List<String> headings = manual.lines()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9 -]", "")
                        .replace(' ', '-'))
                .toList();
        Matcher link = Pattern.compile("\\]\\(#([a-z0-9-]+)\\)").matcher(manual);
        while (link.find()) {
            assertThat(headings).contains(link.group(1));
        }
    }

    private static Path source(Path project, String name) throws IOException {
        try (Stream<Path> files = Files.walk(project.resolve("src"))) {
            return files.filter(file -> file.getFileName().toString().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("There is no " + name + " below " + project));
        }
    }

    /** The manual shows the members of a class without the class's indentation. */
    private static String unindented(String code) {
        return code.replaceAll("(?m)^ +", "").strip();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(file + " cannot be read", e);
        }
    }
}
