package dev.holdfast.host.cli;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.Placeholders;
import dev.holdfast.host.text.OneLine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The options for a host's JVM that its configuration has under {@code vmargs}, split at blanks.
 *
 * <p>A program of its own too: {@code bin/holdfast} runs {@link #main} before a host's JVM, so that this key is read like all
 * others. A file with a {@code model_snapshot} comes from a host, and perhaps from anybody who may write to its store: only its
 * memory sizes are taken, because an option such as {@code -javaagent} runs code, and {@code -Xlog} writes files.
 *
 * @param source the file with the options, as messages name it; empty if none has any
 * @param taken those that hold
 * @param leftOut those of a snapshot that are not taken
 */
record JvmOptions(String source, List<String> taken, List<String> leftOut) {

    /** The system property in which the launcher says what it took. */
    static final String TAKEN = "holdfast.vmargs";

    private static final Pattern BLANKS = Pattern.compile("\\s+");
    private static final Pattern MEMORY = Pattern.compile("-X(m[snx]|ss)\\d+[kKmMgGtT]?"
            + "|-XX:((Initial|Min|Max)RAMPercentage|MaxRAM|(Min|Max)HeapFreeRatio|(Initial|Min|Max)HeapSize|(Max)?NewSize"
            + "|NewRatio|SurvivorRatio|(Max)?MetaspaceSize|CompressedClassSpaceSize|MaxDirectMemorySize"
            + "|(Initial|Reserved)CodeCacheSize|ThreadStackSize)=\\d+(\\.\\d+)?[kKmMgGtT]?");

    private static final JvmOptions NONE = new JvmOptions("", List.of(), List.of());

    JvmOptions {
        taken = List.copyOf(taken);
        leftOut = List.copyOf(leftOut);
    }

    /**
     * Reads the files; the one that was given wins.
     *
     * @throws ConfigException if one cannot be read, or names an environment variable that is not set
     */
    static JvmOptions of(Optional<Path> byDefault, Optional<Path> given, Map<String, String> environment) {
        return given.flatMap(file -> read("--ts-config file", file, environment))
                .or(() -> byDefault
                        .filter(Files::exists)
                        .flatMap(file -> read("default configuration file", file, environment)))
                .orElse(NONE);
    }

    private static Optional<JvmOptions> read(String what, Path file, Map<String, String> environment) {
        String source = what + " " + file;
        Map<String, String> properties = ConfigFile.parse(source, ConfigFile.read(what, file));
        String written = properties.get(HostConfig.VMARGS);
        if (written == null) {
            return Optional.empty();
        }
        boolean snapshot = properties.containsKey(ConfigKey.MODEL_SNAPSHOT.key());
        List<String> taken = new ArrayList<>();
        List<String> leftOut = new ArrayList<>();
        for (String option : split(written)) {
            if (snapshot && !MEMORY.matcher(option).matches()) {
                leftOut.add(option);
            } else {
                taken.addAll(split(Placeholders.resolve(HostConfig.VMARGS + " of the " + source, option, environment)));
            }
        }
        return Optional.of(new JvmOptions(source, taken, leftOut));
    }

    private static List<String> split(String text) {
        return BLANKS.splitAsStream(text).filter(option -> !option.isEmpty()).toList();
    }

    /** A sentence for the operator about each option that does not hold. */
    List<String> notices(Optional<String> started) {
        String take = "; to have them, set HOLDFAST_JAVA_OPTS";
        List<String> notices = new ArrayList<>();
        if (!leftOut.isEmpty()) {
            notices.add("JVM options " + names(leftOut) + " in vmargs of the " + source
                    + " are left out, because it is a snapshot, of which sizes of memory are taken alone" + take);
        }
        if (!split(started.orElse("")).equals(taken)) {
            notices.add("JVM options " + names() + " in vmargs of the " + source
                    + " do not hold, because this JVM was not started with them by bin/holdfast" + take);
        }
        return notices;
    }

    /** Those that hold, without their values. */
    String names() {
        return names(taken);
    }

    /** A value may be a password. */
    private static String names(List<String> options) {
        return options.stream()
                .map(option -> OneLine.name(option.replaceFirst("=.*", "=...")))
                .collect(Collectors.joining(" "));
    }

    /** Prints the options that hold, on one line; the arguments are the default configuration file, and the given one. */
    public static void main(String[] files) {
        try {
            List<Optional<Path>> paths = Stream.of(files)
                    .map(file ->
                            Optional.of(file).filter(name -> !name.isEmpty()).map(Path::of))
                    .toList();
            System.out.println(String.join(
                    " ", of(paths.get(0), paths.get(1), System.getenv()).taken()));
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}
