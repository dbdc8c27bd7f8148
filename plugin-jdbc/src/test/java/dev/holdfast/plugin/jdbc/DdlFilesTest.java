package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files for those who make the tables themselves are what the plugin would run. */
class DdlFilesTest {

    @ParameterizedTest
    @CsvSource({
        "postgresql, jdbc:postgresql://db/holdfast",
        "mariadb, jdbc:mariadb://db/holdfast",
        "sqlite, jdbc:sqlite:/x.db",
        "h2, jdbc:h2:mem:x"
    })
    void aFileHasTheStatementsThatThePluginRuns(String database, String url) throws IOException {
        Settings settings = Settings.of(Configs.of(url, "default"));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        String mark =
                "insert into " + settings.table().schemaVersion() + " (id, version) values (1, " + Schema.NEWEST + ")";

        List<String> statements = Stream.of(
                        dialect.tables(settings.table()), dialect.chunkTable(settings.table()), List.of(mark))
                .flatMap(List::stream)
                .toList();

        assertThat(statements(Path.of("../docs/ddl/" + database + ".sql")))
                .as(statements.stream().collect(Collectors.joining(";\n", "\n", ";\n")))
                .isEqualTo(statements);
    }

    private static List<String> statements(Path file) throws IOException {
        String text = Files.readAllLines(file).stream()
                .filter(line -> !line.startsWith("--"))
                .collect(Collectors.joining(" "));
        return Stream.of(text.split(";"))
                .map(statement -> statement
                        .strip()
                        .replaceAll("\\s+", " ")
                        .replace("( ", "(")
                        .replace(" )", ")"))
                .filter(statement -> !statement.isEmpty())
                .toList();
    }
}
