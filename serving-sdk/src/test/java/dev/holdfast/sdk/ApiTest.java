package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Everything of the SDK that the class file of a plugin can refer to, as the file {@code api.txt} beside this test keeps it.
 * A line that is gone from the SDK is a plugin that no longer loads.
 */
class ApiTest {

    private static final String FILE = "api.txt";

    @Test
    void everythingThatAPluginCanReferToIsThere() throws Exception {
        Set<String> gone = new TreeSet<>(recorded());
        gone.removeAll(current());

        assertThat(gone)
                .as(
                        "gone from the SDK: a plugin that was compiled against it no longer loads. Put it back, as deprecated"
                                + " if it must be; or this is the next major version")
                .isEmpty();
    }

    @Test
    void whatIsNewIsRecordedAndAsksNothingOfThePluginsThatAreOutThere() throws Exception {
        Set<String> added = new TreeSet<>(current());
        added.removeAll(recorded());

        assertThat(added)
                .as("new abstract methods, which the plugins that are out there do not have: give them a default")
                .noneMatch(line -> line.contains(" abstract"));
        assertThat(added)
                .as(
                        "new in the SDK, and a promise from the next release on: add these lines to %s, in their order, and a"
                                + " line to CHANGELOG.md",
                        FILE)
                .isEmpty();
    }

    private static List<String> recorded() throws IOException {
        try (var file = ApiTest.class.getResourceAsStream(FILE)) {
            assertThat(file).as(FILE).isNotNull();
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }

    private static Set<String> current() throws Exception {
        Set<String> lines = new TreeSet<>();
        for (Class<?> type : SpiTest.publicTypes()) {
            describe(type, lines);
        }
        return lines;
    }

    private static void describe(Class<?> type, Set<String> lines) {
        String name = type.getName().substring(type.getPackageName().length() + 1);
        lines.add(name + " is" + words(type.getModifiers() & ~Modifier.ABSTRACT)
                + (type.isInterface()
                        ? ""
                        : " class extends " + type.getSuperclass().getName())
                + (type.isSealed()
                        ? " permits "
                                + Stream.of(type.getPermittedSubclasses())
                                        .map(Class::getSimpleName)
                                        .sorted()
                                        .collect(Collectors.joining(" "))
                        : "")
                + Stream.of(type.getInterfaces())
                        .map(parent -> " with " + parent.getName())
                        .sorted()
                        .collect(Collectors.joining()));
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            if (isSeen(constructor.getModifiers())) {
                lines.add(name + "." + "new"
                        + MethodType.methodType(void.class, constructor.getParameterTypes())
                                .toMethodDescriptorString()
                        + words(constructor.getModifiers()));
            }
        }
        for (Method method : type.getDeclaredMethods()) {
            if (isSeen(method.getModifiers()) && !method.isSynthetic()) {
                lines.add(name + "." + method.getName()
                        + MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                                .toMethodDescriptorString()
                        + words(method.getModifiers()));
            }
        }
        for (Field field : type.getDeclaredFields()) {
            if (isSeen(field.getModifiers())) {
                lines.add(name + "." + field.getName() + " " + field.getType().getName() + words(field.getModifiers()));
            }
        }
    }

    private static boolean isSeen(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    private static String words(int modifiers) {
        List<String> words = new ArrayList<>();
        words.add(Modifier.toString(modifiers & (Modifier.PUBLIC | Modifier.PROTECTED)));
        words.add(Modifier.isStatic(modifiers) ? "static" : "");
        words.add(Modifier.isAbstract(modifiers) ? "abstract" : "");
        words.add(Modifier.isFinal(modifiers) ? "final" : "");
        words.removeIf(String::isEmpty);
        return " " + String.join(" ", words);
    }

    /** Writes the file anew, for whoever has added something. */
    public static void main(String[] arguments) throws Exception {
        Files.write(Path.of(arguments[0]), current());
    }
}
