package dev.holdfast.plugin.ddb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DdbOptionsTest {

    @Test
    void theManualHasEveryKeyInItsOrderWithItsDefault() throws IOException {
        List<String> rows = Pattern.compile("(?m)^\\| `snapshot\\.ddb\\.([a-z-]+)` \\|\\s*`?([^|`]*?)`?\\s*\\|")
                .matcher(Files.readString(Path.of("../docs/serializer-ddb.md")))
                .results()
                .map(row -> row.group(1) + "=" + row.group(2))
                .toList();

        assertThat(rows)
                .isEqualTo(DdbOptions.KEYS.stream()
                        .map(key -> key.name() + "=" + key.defaultValue())
                        .toList());
    }
}
