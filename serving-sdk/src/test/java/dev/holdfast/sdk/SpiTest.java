package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The size of what plugins compile against. A new abstract method breaks every plugin that is out there, and a new public
 * type is a promise for all of 1.x: whoever means it changes this test too.
 */
class SpiTest {

    @Test
    void thePublicTypesAreThese() throws Exception {
        assertThat(publicTypes())
                .containsExactlyInAnyOrder(
                        ChunkStore.class,
                        Codec.class,
                        ConfigKey.class,
                        ConfigurationException.class,
                        ListRequest.class,
                        PageToken.class,
                        SerializerConfig.class,
                        SerializerConfig.Builder.class,
                        Snapshot.class,
                        SnapshotConflictException.class,
                        SnapshotCorruptException.class,
                        SnapshotFormatTooNewException.class,
                        SnapshotHeader.class,
                        SnapshotHeader.Builder.class,
                        SnapshotKind.class,
                        SnapshotNotFoundException.class,
                        SnapshotPage.class,
                        SnapshotSerializer.class,
                        SnapshotSerializerFactory.class,
                        SnapshotStoreException.class,
                        SnapshotUnreadableException.class,
                        StoreCommand.class,
                        StoreUnavailableException.class);
    }

    @Test
    void anAuthorHasToWriteTheseMethodsAndNoOthers() {
        assertThat(abstractMethods(SnapshotSerializerFactory.class))
                .containsExactlyInAnyOrder("String name()", "SnapshotSerializer open(SerializerConfig)");
        assertThat(abstractMethods(SnapshotSerializer.class))
                .containsExactlyInAnyOrder(
                        "void save(Snapshot)",
                        "Optional getLast()",
                        "SnapshotPage list(ListRequest)",
                        "Snapshot get(String)",
                        "void close()");
        assertThat(abstractMethods(ChunkStore.class))
                .containsExactlyInAnyOrder(
                        "int maxChunkBytes()",
                        "void put(Map)",
                        "Map get(Collection)",
                        "SortedMap list(String, int)",
                        "int delete(Collection, Instant)");
        assertThat(abstractMethods(Codec.class))
                .containsExactlyInAnyOrder(
                        "String name()", "OutputStream compress(OutputStream)", "InputStream decompress(InputStream)");
    }

    @Test
    void onlyTheFourInterfacesAreForOthersToImplement() throws Exception {
        assertThat(publicTypes())
                .filteredOn(type -> !Modifier.isFinal(type.getModifiers()) && !type.isSealed())
                .containsExactlyInAnyOrder(
                        ChunkStore.class, Codec.class, SnapshotSerializer.class, SnapshotSerializerFactory.class);
    }

    @Test
    void everyFailureIsOneOfFivePermittedClasses() throws Exception {
        assertThat(SnapshotStoreException.class.isSealed()).isTrue();
        assertThat(SnapshotStoreException.class.getPermittedSubclasses())
                .containsExactlyInAnyOrder(
                        SnapshotNotFoundException.class,
                        SnapshotUnreadableException.class,
                        SnapshotConflictException.class,
                        StoreUnavailableException.class);
        assertThat(SnapshotUnreadableException.class.getPermittedSubclasses())
                .containsExactlyInAnyOrder(SnapshotCorruptException.class, SnapshotFormatTooNewException.class);
        assertThat(publicTypes())
                .filteredOn(Throwable.class::isAssignableFrom)
                .filteredOn(type -> type != ConfigurationException.class)
                .allMatch(SnapshotStoreException.class::isAssignableFrom);
    }

    @Test
    void everyFailureTakesAMessageAndACause() throws Exception {
        Exception cause = new IOException("the cause");

        for (Class<?> type : List.of(
                SnapshotNotFoundException.class,
                SnapshotCorruptException.class,
                SnapshotFormatTooNewException.class,
                SnapshotConflictException.class,
                StoreUnavailableException.class)) {
            Constructor<?> withCause = type.getConstructor(String.class, Throwable.class);

            assertThat((Throwable) type.getConstructor(String.class).newInstance("what is wrong"))
                    .hasMessage("what is wrong")
                    .hasNoCause();
            assertThat((Throwable) withCause.newInstance("what is wrong", cause))
                    .hasMessage("what is wrong")
                    .hasCause(cause);
        }
    }

    @Test
    void aSerializerThatCannotDeleteSaysSo() {
        SnapshotSerializer withoutDelete = new SnapshotSerializer() {
            @Override
            public void save(Snapshot snapshot) {}

            @Override
            public Optional<Snapshot> getLast() {
                return Optional.empty();
            }

            @Override
            public SnapshotPage list(ListRequest request) {
                return SnapshotPage.last(List.of());
            }

            @Override
            public Snapshot get(String name) {
                throw new SnapshotNotFoundException(name);
            }

            @Override
            public void close() {}
        };

        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> withoutDelete.delete("old.cfg"))
                .withMessage("This serializer does not remove snapshots, so not old.cfg either");
    }

    @Test
    void signaturesNeedNothingButTheJdk() throws Exception {
        assertThat(publicTypes())
                .flatMap(type -> Arrays.asList(type.getMethods()))
                .flatMap(method -> {
                    Stream<Class<?>> types = Stream.of(
                                    Stream.of(method.getReturnType()),
                                    Stream.of(method.getParameterTypes()),
                                    Stream.of(method.getExceptionTypes()))
                            .flatMap(each -> each);
                    return types.toList();
                })
                .map(type -> type.isArray() ? type.getComponentType() : type)
                .allMatch(type -> type.isPrimitive()
                        || type.getName().startsWith("java.")
                        || type.getPackageName().equals("dev.holdfast.sdk"));
    }

    private static List<String> abstractMethods(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(method -> Modifier.isAbstract(method.getModifiers()))
                .map(SpiTest::signature)
                .toList();
    }

    private static String signature(Method method) {
        List<String> parameters = Arrays.stream(method.getParameterTypes())
                .map(Class::getSimpleName)
                .toList();
        return method.getReturnType().getSimpleName() + " " + method.getName() + "(" + String.join(", ", parameters)
                + ")";
    }

    /** The public classes of the directory that {@link Snapshot} was compiled into. */
    static List<Class<?>> publicTypes() throws IOException, URISyntaxException, ClassNotFoundException {
        Path root = Path.of(Snapshot.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        List<String> names;
        try (Stream<Path> files = Files.walk(root)) {
            names = files.map(file -> root.relativize(file).toString().replace('\\', '/'))
                    .filter(file -> file.endsWith(".class") && !file.endsWith("-info.class"))
                    .map(file ->
                            file.substring(0, file.length() - ".class".length()).replace('/', '.'))
                    .toList();
        }
        List<Class<?>> types = new ArrayList<>();
        for (String name : names) {
            Class<?> type = Class.forName(name);
            if (Modifier.isPublic(type.getModifiers())) {
                types.add(type);
            }
        }
        return types;
    }
}
