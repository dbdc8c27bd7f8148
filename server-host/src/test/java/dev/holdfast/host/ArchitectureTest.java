package dev.holdfast.host;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.PackageMatcher;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The walls between the rooms: who may know whom, and which room alone knows a library. */
class ArchitectureTest {

    private static final String HOST = "dev.holdfast.host";

    /** Each room, and the rooms that it may know; all may know {@code common}, and the composition root knows all. */
    private static final Map<String, String[]> MAY_KNOW = Map.ofEntries(
            Map.entry("common", rooms()),
            Map.entry("text", rooms()),
            Map.entry("codec", rooms()),
            Map.entry("config", rooms("text")),
            Map.entry("archive", rooms("text")),
            Map.entry("state", rooms()),
            Map.entry("logging", rooms("config", "text")),
            Map.entry("metrics", rooms("archive", "text")),
            Map.entry("plugins", rooms("metrics", "text")),
            Map.entry("runtime", rooms("archive", "state", "text")),
            Map.entry("crash", rooms("text")),
            Map.entry("serving", rooms("archive", "crash", "runtime", "state", "text")),
            Map.entry("snapshot", rooms("serving", "state", "config", "text")),
            Map.entry("history", rooms("snapshot", "serving", "state", "text")),
            Map.entry("journal", rooms("state", "snapshot", "text")),
            Map.entry("keeper", rooms("history", "journal", "snapshot", "serving", "state", "text")),
            Map.entry("restore", rooms("history", "journal", "keeper", "snapshot", "serving", "config", "text")),
            Map.entry("retention", rooms("snapshot", "state", "config", "text")),
            Map.entry("transfer", rooms("state", "text")),
            Map.entry("tls", rooms("config", "text")),
            Map.entry("operate", rooms("history", "snapshot", "serving", "state", "retention", "transfer", "text")),
            Map.entry("workflow", rooms("archive", "runtime", "text")),
            Map.entry("api", rooms("serving", "keeper", "plugins", "runtime", "archive", "text", "workflow")),
            Map.entry("wire", rooms("api", "config", "serving", "keeper", "runtime", "text")),
            Map.entry(
                    "grpc", rooms("api", "wire", "serving", "keeper", "runtime", "config", "text", "tls", "workflow")),
            Map.entry(
                    "http",
                    rooms(
                            "api",
                            "wire",
                            "serving",
                            "keeper",
                            "plugins",
                            "config",
                            "metrics",
                            "runtime",
                            "text",
                            "tls",
                            "workflow")),
            Map.entry("rpc", rooms("api", "config", "metrics", "runtime", "text")),
            Map.entry("cli", with(HOST, rooms("config", "crash", "logging", "operate", "plugins", "text", "tls"))),
            Map.entry("demo", rooms("cli", "text")));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/dev/holdfast/testsupport/"))
            // Generated.
            .withImportOption(location -> !location.contains("/dev/holdfast/protocol/"))
            .importPackages("dev.holdfast");

    /** Of each package, the packages of the classes that its own depend on. */
    private static final Map<String, Set<String>> KNOWN = CLASSES.stream()
            .collect(Collectors.groupingBy(
                    JavaClass::getPackageName,
                    Collectors.flatMapping(
                            type -> type.getDirectDependenciesFromSelf().stream()
                                    .map(dependency ->
                                            dependency.getTargetClass().getPackageName()),
                            Collectors.toSet())));

    private static String[] rooms(String... names) {
        return Arrays.stream(names).map(name -> HOST + "." + name + "..").toArray(String[]::new);
    }

    private static String[] with(String one, String[] others) {
        return Stream.concat(Stream.of(one), Arrays.stream(others)).toArray(String[]::new);
    }

    static Stream<String> roomNames() {
        return MAY_KNOW.keySet().stream().sorted();
    }

    private static void seen(String... packages) {
        for (String name : packages) {
            assertThat(CLASSES.that(resideInAPackage(name)))
                    .as("classes of %s that the rule was checked on", name)
                    .isNotEmpty();
        }
    }

    @Test
    void everyRoomStandsInTheTable() {
        Set<String> rooms = CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith(HOST + "."))
                .map(name -> name.substring(HOST.length() + 1).replaceFirst("\\..*", ""))
                .collect(Collectors.toSet());

        assertThat(rooms).isEqualTo(MAY_KNOW.keySet());
    }

    @ParameterizedTest
    @MethodSource("roomNames")
    void aRoomKnowsOnlyTheRoomsThatItMay(String room) {
        String own = HOST + "." + room + "..";
        seen(own);
        String[] allowed = with(own, with(HOST + ".common..", MAY_KNOW.get(room)));
        classes()
                .that()
                .resideInAPackage(own)
                .should()
                .onlyDependOnClassesThat(resideOutsideOfPackages(HOST + "..").or(resideInAnyPackage(allowed)))
                .check(CLASSES);
    }

    /** They may know the values that go in and come out. */
    @Test
    void theWiresAskTheOperationsAndNothingBehindThem() {
        seen(HOST + ".api..", HOST + ".http..", HOST + ".grpc..", HOST + ".wire..");
        noClasses()
                .that()
                .resideInAnyPackage(HOST + ".http..", HOST + ".grpc..", HOST + ".wire..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName(HOST + ".serving.ModelServing")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName(HOST + ".serving.LearnedStates")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName(HOST + ".serving.RunningVersion")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName(HOST + ".keeper.Snapshots")
                .check(CLASSES);
    }

    @Test
    void theOperationsKnowNoTransport() {
        seen(HOST + ".api..");
        noClasses()
                .that()
                .resideInAPackage(HOST + ".api..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.javalin..", "org.eclipse.jetty..", "jakarta..", "com.fasterxml.jackson..", "io.grpc..")
                .check(CLASSES);
    }

    /** The journal's files are in the format of fs, so that a copy can be a hard link to one. */
    @Test
    void onlyTheCompositionRootAndTheJournalKnowTheFileSystemPlugin() {
        seen(HOST, HOST + ".journal..", "dev.holdfast.plugin.fs..");
        noClasses()
                .that()
                .resideInAPackage(HOST + "..")
                .and()
                .resideOutsideOfPackages(HOST, HOST + ".journal..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.holdfast.plugin..")
                .check(CLASSES);
    }

    static Stream<String[]> libraries() {
        return Stream.of(
                new String[] {"plugins", "org.pf4j.."},
                new String[] {"plugins.exit", "org.objectweb.asm.."},
                new String[] {"plugins", "org.pytorch.."},
                new String[] {"plugins.torchserve", "com.google.gson.."},
                new String[] {"runtime.onnx", "ai.onnxruntime.."},
                new String[] {"runtime.forest", "com.amazon.randomcutforest.."},
                new String[] {"codec", "com.github.luben.."},
                new String[] {"codec", "org.xerial.."},
                new String[] {"codec", "net.jpountz.."},
                new String[] {"codec", "org.tukaani.."},
                new String[] {"codec", "org.apache.commons.."},
                new String[] {"codec", "io.airlift.."},
                new String[] {"archive", "org.yaml.."},
                new String[] {"grpc", "io.grpc.."},
                new String[] {"grpc", "com.google.protobuf.."},
                new String[] {"http", "io.javalin.."},
                new String[] {"http", "org.eclipse.jetty.."},
                new String[] {"http", "io.micrometer.."},
                new String[] {"rpc", "io.netty.."},
                new String[] {"cli", "dev.holdfast.testkit.."});
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void oneRoomAloneKnowsALibrary(String room, String library) {
        PackageMatcher own = PackageMatcher.of(HOST + "." + room + "..");
        PackageMatcher theirs = PackageMatcher.of(library);

        Set<String> knowing = KNOWN.entrySet().stream()
                .filter(known -> !theirs.matches(known.getKey())
                        && known.getValue().stream().anyMatch(theirs::matches))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());

        assertThat(knowing).as("packages that know %s", library).isNotEmpty().allMatch(own::matches);
    }

    @Test
    void onlyTheRoomsWithCommandsKnowTheCommandLineLibrary() {
        seen(HOST + ".cli..", HOST + ".demo..");
        noClasses()
                .that()
                .resideOutsideOfPackages(HOST + ".cli..", HOST + ".demo..", "picocli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("picocli..")
                .check(CLASSES);
    }

    @Test
    void theSdkKnowsTheJdkAlone() {
        seen("dev.holdfast.sdk");
        classes()
                .that()
                .resideInAPackage("dev.holdfast.sdk..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.holdfast.sdk..", "java..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void thePluginKnowsTheSdkAndTheJdkAlone() {
        seen("dev.holdfast.plugin.fs");
        classes()
                .that()
                .resideInAPackage("dev.holdfast.plugin.fs..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.holdfast.plugin.fs..", "dev.holdfast.sdk..", "java..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void theRoomsHaveNoCycles() {
        seen(HOST + ".serving..", HOST + ".http..");
        slices().matching(HOST + ".(*)..").should().beFreeOfCycles().check(CLASSES);
        slices().matching(HOST + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    /** Classes that know one another cannot be understood one at a time. */
    @Test
    void whichClassesOfARoomMakeACircleIsToldInTheDocumentation() throws IOException {
        Pattern row = Pattern.compile("\\| (`[A-Z]\\w+`(?:, `[A-Z]\\w+`)+) \\|.*");
        Set<Set<String>> told = Files.readAllLines(Path.of("..", "docs", "architecture.md")).stream()
                .map(row::matcher)
                .filter(Matcher::matches)
                .map(found -> Set.of(found.group(1).replace("`", "").split(", ")))
                .collect(Collectors.toSet());

        assertThat(circles()).isEqualTo(told);
    }

    /** The sets of top-level classes of one package that all depend on one another. */
    private static Set<Set<String>> circles() {
        Map<String, Set<String>> reached = new HashMap<>();
        CLASSES.stream()
                .filter(type -> type.getPackageName().startsWith(HOST))
                .forEach(type -> type.getDirectDependenciesFromSelf().stream()
                        .map(Dependency::getTargetClass)
                        .filter(target -> target.getPackageName().equals(type.getPackageName()))
                        .forEach(target -> reached.computeIfAbsent(topLevel(type), any -> new HashSet<>())
                                .add(topLevel(target))));
        boolean more = true;
        while (more) {
            more = false;
            for (Set<String> further : reached.values()) {
                for (String known : List.copyOf(further)) {
                    more |= further.addAll(reached.getOrDefault(known, Set.of()));
                }
            }
        }
        return reached.keySet().stream()
                .map(one -> reached.get(one).stream()
                        .filter(other -> reached.getOrDefault(other, Set.of()).contains(one))
                        .map(other -> other.substring(other.lastIndexOf('.') + 1))
                        .collect(Collectors.toSet()))
                .filter(circle -> circle.size() > 1)
                .collect(Collectors.toSet());
    }

    private static String topLevel(JavaClass type) {
        return type.getName().replaceFirst("\\$.*", "");
    }

    @Test
    void onlyTheCommandLineWritesToTheConsoleAndEndsTheProcess() {
        seen(HOST + ".cli..");
        noClasses()
                .that()
                .resideOutsideOfPackage(HOST + ".cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .check(CLASSES);
    }

    @Test
    void nothingReadsSerializedJavaObjects() {
        seen(HOST + "..");
        noClasses()
                .should()
                .dependOnClassesThat()
                .areAssignableTo(java.io.ObjectInputStream.class)
                .check(CLASSES);
    }
}
