package dev.holdfast.host.plugins;

import com.google.gson.Gson;
import dev.holdfast.host.common.OwnSerializers;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.slf4j.Logger;

/** A jar whose classes are compiled when it is written, and which can be made wrong in many ways. */
public final class FixtureJar {

    private static final String SERVICE_FILE = "META-INF/services/" + SnapshotSerializerFactory.class.getName();

    private static final String SERVICE_FILE_OF_TORCHSERVE =
            "META-INF/services/org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer";

    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();
    /** Kept, because reading the JDK's classes anew takes longer than compiling ours. */
    private static final JavaFileManager PLATFORM = COMPILER.getStandardFileManager(null, null, StandardCharsets.UTF_8);

    private final Map<String, String> sources = new LinkedHashMap<>();
    private final Map<String, byte[]> resources = new LinkedHashMap<>();
    private final Map<String, Integer> javaVersions = new LinkedHashMap<>();
    private final List<String> left = new ArrayList<>();
    private final List<String> providers = new ArrayList<>();
    private final Manifest manifest = new Manifest();
    private boolean hasManifest = true;
    private boolean hasDirectories = true;

    /** A whole plugin: one factory, whose serializer has nothing stored. One with a name of ours is in a package of ours. */
    public static FixtureJar plugin(String serializer) {
        String home = OwnSerializers.NAMES.contains(serializer) ? "dev.holdfast.plugin.fixture." : "good.";
        return new FixtureJar().factory(home + className(serializer), serializer, "");
    }

    private static String className(String serializer) {
        return "Factory_" + serializer.replace('-', '_');
    }

    FixtureJar factory(String type, String serializer, String members) {
        return factoryNamed(type, '"' + serializer + '"', members);
    }

    /** A factory whose name is a Java expression. */
    public FixtureJar factoryNamed(String type, String expression, String members) {
        return source(type, factorySource(type, expression, "", members)).provider(type);
    }

    static String factorySource(String type, String nameExpression, String superclass, String members) {
        return """
                package %s;
                import dev.holdfast.sdk.*;
                public class %s %s implements SnapshotSerializerFactory {
                    %s
                    public String name() { return %s; }
                    public SnapshotSerializer open(SerializerConfig config) {
                        return new SnapshotSerializer() {
                            public void save(Snapshot snapshot) {}
                            public java.util.Optional<Snapshot> getLast() { return java.util.Optional.empty(); }
                            public SnapshotPage list(ListRequest request) { return SnapshotPage.last(java.util.List.of()); }
                            public Snapshot get(String name) { throw new SnapshotNotFoundException(name); }
                            public void close() {}
                        };
                    }
                }
                """.formatted(
                        type.substring(0, type.lastIndexOf('.')),
                        type.substring(type.lastIndexOf('.') + 1),
                        superclass,
                        members,
                        nameExpression);
    }

    public FixtureJar source(String type, String source) {
        sources.put(type, source);
        return this;
    }

    public FixtureJar provider(String type) {
        providers.add(type);
        return this;
    }

    /** Names the classes in the service file of TorchServe's serializers. */
    public FixtureJar torchServeProviders(String... types) {
        return resource(SERVICE_FILE_OF_TORCHSERVE, String.join("\n", types) + "\n");
    }

    FixtureJar resource(String name, String text) {
        resources.put(name, text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    FixtureJar serviceFile(String text) {
        providers.clear();
        return resource(SERVICE_FILE, text);
    }

    FixtureJar withoutServiceFile() {
        providers.clear();
        resources.remove(SERVICE_FILE);
        return this;
    }

    /** Compiles the class and leaves it out of the jar. */
    public FixtureJar without(String type) {
        left.add(type);
        return this;
    }

    /** Makes a class look compiled for that Java. */
    FixtureJar forJava(String type, int feature) {
        javaVersions.put(type, feature);
        return this;
    }

    FixtureJar manifest(String attribute, String value) {
        manifest.getMainAttributes().put(new Attributes.Name(attribute), value);
        return this;
    }

    FixtureJar withoutManifest() {
        hasManifest = false;
        return this;
    }

    FixtureJar withoutDirectories() {
        hasDirectories = false;
        return this;
    }

    public Path write(Path file) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        if (hasManifest) {
            entries.put(JarFile.MANIFEST_NAME, manifestBytes());
        }
        if (!providers.isEmpty()) {
            entries.put(SERVICE_FILE, (String.join("\n", providers) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        entries.putAll(resources);
        entries.putAll(classes());
        try {
            Files.createDirectories(file.getParent());
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
                if (hasDirectories) {
                    zip.putNextEntry(new ZipEntry("META-INF/"));
                    zip.putNextEntry(new ZipEntry("META-INF/services/"));
                }
                for (var entry : entries.entrySet()) {
                    zip.putNextEntry(new ZipEntry(entry.getKey()));
                    zip.write(entry.getValue());
                }
            }
            return file;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] manifestBytes() {
        try {
            manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            manifest.write(bytes);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, byte[]> classes() {
        Map<String, byte[]> classes = sources.isEmpty() ? new TreeMap<>() : compile(sources);
        left.forEach(type -> classes.remove(entry(type)));
        javaVersions.forEach((type, feature) -> {
            // Bytes 6 and 7 of a class file are its major version.
            byte[] bytes = classes.get(entry(type));
            bytes[6] = 0;
            bytes[7] = (byte) (feature + 44);
        });
        return classes;
    }

    private static String entry(String type) {
        return type.replace('.', '/') + ".class";
    }

    private static Map<String, byte[]> compile(Map<String, String> sources) {
        Map<String, ByteArrayOutputStream> written = new TreeMap<>();
        List<JavaFileObject> units = new ArrayList<>();
        sources.forEach((type, source) -> units.add(new Source(type, source)));
        StringWriter messages = new StringWriter();
        JavaFileManager files = new ForwardingJavaFileManager<>(PLATFORM) {
            @Override
            public JavaFileObject getJavaFileForOutput(
                    Location location, String type, JavaFileObject.Kind kind, FileObject sibling) {
                return new Target(type, written);
            }
        };
        boolean compiled = COMPILER.getTask(
                        messages, files, null, List.of("-proc:none", "-cp", classPath()), null, units)
                .call();
        if (!compiled) {
            throw new IllegalStateException("The fixture does not compile: " + messages);
        }
        Map<String, byte[]> classes = new TreeMap<>();
        written.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
        return classes;
    }

    /** What a plugin's author has: the SDK and slf4j, or TorchServe's and Gson. */
    private static String classPath() {
        return Stream.of(
                        SnapshotSerializerFactory.class,
                        Logger.class,
                        org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer.class,
                        Gson.class)
                .map(FixtureJar::location)
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String location(Class<?> type) {
        return Path.of(URI.create(
                        type.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }

    private static final class Source extends SimpleJavaFileObject {

        private final String text;

        Source(String type, String text) {
            super(URI.create("string:///" + type.replace('.', '/') + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class Target extends SimpleJavaFileObject {

        private final String type;
        private final Map<String, ByteArrayOutputStream> written;

        Target(String type, Map<String, ByteArrayOutputStream> written) {
            super(URI.create("string:///" + type.replace('.', '/') + ".class"), Kind.CLASS);
            this.type = type;
            this.written = written;
        }

        @Override
        public OutputStream openOutputStream() {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            written.put(entry(type), bytes);
            return bytes;
        }
    }
}
