package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manual's table of what is different from TorchServe: each row has a test that holds it. */
class DifferencesTest {

    /** How rows begin, and the tests that check them; below {@code dev.holdfast.host}. */
    private static final Map<String, String> CHECKED = Map.ofEntries(
            Map.entry(
                    "the last snapshot is the one with the newest name",
                    "restore.RestoreTest#lastSnapshotIsTheOneOfTheHighestRevisionWhateverItsName"),
            Map.entry("a failed start can leave an empty snapshot", "HostTest#aStartThatFailsWritesNothing"),
            Map.entry(
                    "one bad archive drops all models after it",
                    "HostTest#aModelThatIsGoneIsReportedStaysRegisteredAndDoesNotStopTheRest"),
            Map.entry(
                    "a save that fails is logged", "http.DurabilityTest#aChangeThatARestartWouldLoseIs507AndIsRunning"),
            Map.entry(
                    "a token that is missing or wrong: 400",
                    "http.TokenAuthorizationTest#missingAndWrongTokensAre401AndChangeNothing"),
            Map.entry(
                    "gRPC answers most failures with `INTERNAL`",
                    "grpc.GrpcApisTest#failuresHaveTheStatusOfTheFieldAndTheWordsOfHttp"),
            Map.entry(
                    "a gRPC port that is taken stops the start",
                    "grpc.GrpcApisTest#theHostGoesOnWithoutADefaultPortThatIsTaken"),
            Map.entry("`min_worker=-1`", "http.BadInputTest#managementRefuses"),
            Map.entry(
                    "`allowed_urls` allows everything",
                    "archive.UrlFetchTest#withoutAWordFromTheOperatorNoUrlIsAllowed"),
            Map.entry("`enable_model_api` is off", "DifferencesTest#whatIsOffOrOpenThereIsNotHere"),
            Map.entry(
                    "`disable_token_authorization` sticks in snapshots",
                    "config.ConfigLayersTest#snapshotKeepsNoSecretNoSwitchAndNoFactOfTheMachine"),
            Map.entry(
                    "`key_file.json` in the working directory",
                    "http.TokenAuthorizationTest#theFileHasThreeStrongKeysAndIsItsOwnersAlone"),
            Map.entry(
                    "with a configuration file nothing is restored",
                    "HostTest#aGivenFileDecidesAndLatestBesideItRestoresTheModels"),
            Map.entry(
                    "`TS_CONFIG_FILE` wins",
                    "cli.StartArgumentsTest#theEnvironmentNamesTheLogLocationAndTheConfigurationUnlessTheCommandLineDoes"),
            Map.entry(
                    "`config.properties` in the working directory",
                    "cli.StartStopIT#aConfigurationInTheWorkingDirectoryIsSaidNotToBeRead"),
            Map.entry("a prediction may be asked for by any method", "http.CompatibilityTest#inferenceAnswers"),
            Map.entry("the pid file is one for the machine", "cli.StartStopIT#ofTwoHostsEachIsStoppedByItsLogLocation"),
            Map.entry("plugins: serializers and endpoints", "TorchServePluginIT#whatAHostServedComesBackAfterAKill"),
            Map.entry("`url=/anywhere/x.mar`", "archive.ArchiveSafetyTest#aLocationOutsideTheStoreIsRefused"),
            Map.entry(
                    "any file of the store is taken for a `.tar.gz`",
                    "archive.ArchiveSafetyTest#aFileThatIsNoArchiveIsRefused"),
            Map.entry(
                    "a directory anywhere on the disk", "archive.ArchiveSafetyTest#aLocationOutsideTheStoreIsRefused"),
            Map.entry("an archive that is not there, a URL that is not allowed", "http.BadInputTest#managementRefuses"),
            Map.entry("`batch_size=x`, `synchronous=maybe`", "http.BadInputTest#managementRefuses"),
            Map.entry("a number of workers, a batch or a time-out", "http.BadInputTest#managementRefuses"),
            Map.entry(
                    "a snapshot file that was edited is taken",
                    "EditedSnapshotTest#whereItIsFoundOutTheWayForwardIsNamed"),
            Map.entry(
                    "`--models` that cannot be had",
                    "cli.FailedStartIT#aHostThatCannotStartSaysWhyInOneLineWithExitCode1"),
            Map.entry(
                    "a reason phrase that a handler sets",
                    "PythonHandlersIT#statusHeadersAndContentTypeAreThoseThatTheHandlerSets"),
            Map.entry(
                    "a handler's request over `response_timeout`",
                    "PythonLifeIT#theTimeOfARequestThatWaitedBeginsWithItsRun"),
            Map.entry(
                    "`minWorkers`, `maxWorkers`, `responseTimeout`",
                    "PythonConfigFileIT#itsValuesHoldUnlessTheCallSaysOtherwiseAndComeBackAfterARestart"),
            Map.entry(
                    "a value in `model-config.yaml` that breaks its rule",
                    "archive.ModelConfigReaderTest#aValueAgainstItsRuleIsRefusedByKeyValueAndRule"),
            Map.entry("`torchrun`, `parallelType`", "archive.ModelConfigReaderTest#whatIsNotDoneHereIsRefusedByName"),
            Map.entry(
                    "packages that cannot be installed",
                    "PythonPackagesIT#whatCannotBeInstalledIsSaidInPipsLastWordsAndNothingIsLeft"),
            Map.entry(
                    "`Authorization` reaches handlers",
                    "PythonHandlersIT#tokensReachNoHandlerAndOtherAuthorizationDoes"),
            Map.entry(
                    "an archive whose manifest says `noop` of its model",
                    "PythonArchiveFormsIT#anArchiveThatIsCalledNoopOrHasAHandlerCalledEchoRunsItsOwn"),
            Map.entry(
                    "`system_metrics_cmd` names a program",
                    "config.ConfigLayersTest#keysOfTorchServeThatHaveNoEffectHereAreNamed"),
            Map.entry("[more of Python handlers]", "archive.ModelConfigReaderTest#whatIsNotDoneHereIsRefusedByName"));

    private static List<String> rows() throws IOException {
        String manual = Files.readString(Path.of("..", "docs", "operators-manual.md"));
        int begin = manual.indexOf("| TorchServe | Holdfast |");
        assertThat(begin).as("the table of differences").isPositive();
        return manual.substring(begin, manual.indexOf("\n\n", begin))
                .lines()
                .skip(2)
                .map(row -> row.substring(2))
                .toList();
    }

    @Test
    void everyRowHasATestAndEveryTestARow() throws Exception {
        List<String> without = new ArrayList<>();
        for (String row : rows()) {
            List<String> tests = CHECKED.entrySet().stream()
                    .filter(entry -> row.startsWith(entry.getKey()))
                    .map(Map.Entry::getValue)
                    .toList();
            if (tests.size() != 1) {
                without.add(row);
            }
        }
        assertThat(without)
                .as("rows without a test of their own; write it, and name it here")
                .isEmpty();
        assertThat(CHECKED.keySet()).allSatisfy(begin -> assertThat(rows()).anyMatch(row -> row.startsWith(begin)));
        for (String test : CHECKED.values()) {
            assertThat(isTest(test)).as("whether there is a test %s", test).isTrue();
        }
    }

    private static boolean isTest(String name) throws ClassNotFoundException {
        String[] parts = name.split("#");
        Class<?> type = Class.forName("dev.holdfast.host." + parts[0], false, DifferencesTest.class.getClassLoader());
        return Stream.of(type.getDeclaredMethods())
                .filter(method -> method.getName().equals(parts[1]))
                .map(Method::getAnnotations)
                .flatMap(Stream::of)
                .anyMatch(annotation ->
                        annotation.annotationType().getSimpleName().endsWith("Test"));
    }

    @Test
    void whatIsOffOrOpenThereIsNotHere() {
        HostConfig config = ConfigLayers.of(Map.of()).toConfig();

        assertThat(config.http().enableModelApi()).isTrue();
        assertThat(config.http().tokenAuthorization()).isTrue();
        assertThat(config.models().allowedUrls()).isEmpty();
    }
}
