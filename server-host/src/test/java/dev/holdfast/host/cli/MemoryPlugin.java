package dev.holdfast.host.cli;

import dev.holdfast.host.plugins.FixtureJar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The plugin {@code memory} of the test resources, compiled as it is or with a fault put in. */
final class MemoryPlugin {

    private static final Path SOURCES = Path.of("src/test/resources/memory-plugin/com/example");

    private final Map<String, String> sources = new LinkedHashMap<>();

    MemoryPlugin() {
        for (String type : new String[] {"MemorySerializerFactory", "MemorySerializer"}) {
            try {
                sources.put("com.example." + type, Files.readString(SOURCES.resolve(type + ".java")));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Puts other code in the place of some, which must be there. */
    MemoryPlugin with(String code, String instead) {
        if (sources.values().stream().noneMatch(source -> source.contains(code))) {
            throw new IllegalArgumentException("The plugin has no: " + code);
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
