package dev.holdfast.host.cli;

import dev.holdfast.host.plugins.FixtureJar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The plugin {@code memory} of the plugin author's manual, compiled from its text, as it is or with a fault put in. */
final class ManualPlugin {

    private static final Path MANUAL = Path.of("../docs/plugin-authors-manual.md");
    private static final Pattern BLOCK = Pattern.compile("```java\\R(.*?)```", Pattern.DOTALL);
    private static final Pattern TYPE = Pattern.compile("final class (\\w+) implements SnapshotSerializer");

    private final Map<String, String> sources = new LinkedHashMap<>();

    ManualPlugin() {
        try {
            Matcher block = BLOCK.matcher(Files.readString(MANUAL));
            while (block.find()) {
                Matcher type = TYPE.matcher(block.group(1));
                if (type.find()) {
                    sources.put("com.example." + type.group(1), block.group(1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts other code in the place of some, which must be there. */
    ManualPlugin with(String code, String instead) {
        if (sources.values().stream().noneMatch(source -> source.contains(code))) {
            throw new IllegalArgumentException("The manual's plugin no longer has: " + code);
        }
        sources.replaceAll((type, source) -> source.replace(code, instead));
        return this;
    }

    Path write(Path jar) {
        FixtureJar fixture = new FixtureJar();
        sources.forEach(fixture::source);
        return fixture.provider("com.example.MemorySerializerFactory").write(jar);
    }
}
