package dev.holdfast.host.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CrashVerdictTest {

    private static final ModelFile A = new ModelFile("a", "1.0", "a.onnx", "a".repeat(64));
    private static final ModelFile B = new ModelFile("b", "1.0", "b.onnx", "b".repeat(64));

    @Test
    void anOrderlyEndClearsSuspectsAndKeepsTheAccused() {
        List<Suspect> after = CrashVerdict.of(List.of(suspect(A), accused(B)), ended(Ending.How.ORDERLY));

        assertThat(after).containsExactly(accused(B));
    }

    @Test
    void aStartThatWasGivenUpChangesNothing() {
        List<Suspect> before = List.of(suspect(A), accused(B));

        assertThat(CrashVerdict.of(before, ended(Ending.How.GIVEN_UP))).isEqualTo(before);
    }

    @Test
    void everythingThatWasBeingLoadedIsSuspectAfterTheFirstUnexpectedEnd() {
        List<Suspect> after = CrashVerdict.of(List.of(), killed(loading(A), loading(B)));

        assertThat(after).extracting(Suspect::file).containsExactly(A, B);
        assertThat(after).noneMatch(Suspect::accused);
    }

    @Test
    void aSecondCrashThatFindsASuspectAloneAccusesIt() {
        List<Suspect> first = CrashVerdict.of(List.of(), crashed("GC", loading(A), loading(B)));
        List<Suspect> second = CrashVerdict.of(first, crashed("load-a-1.0", loading(A)));

        assertThat(accusedOf(first)).isEmpty();
        assertThat(accusedOf(second)).containsExactly(A);
        assertThat(second)
                .extracting(Suspect::file)
                .as("the other stays a suspect")
                .contains(B);
    }

    @Test
    void aCrashWithTwoOfThemAccusesNobodyHoweverOftenItHappens() {
        List<Suspect> suspects = List.of();
        for (int i = 0; i < 5; i++) {
            suspects = CrashVerdict.of(suspects, crashed("GC", loading(A), loading(B)));
        }

        assertThat(accusedOf(suspects)).isEmpty();
    }

    @Test
    void theThreadInTheCrashReportTellsWhichOneItWas() {
        List<Suspect> first = CrashVerdict.of(List.of(), crashed("worker-b-1.0-9007", running(A), running(B)));
        List<Suspect> second = CrashVerdict.of(first, crashed("worker-b-1.0-9123", running(A), running(B)));

        assertThat(first).extracting(Suspect::file).containsExactly(B);
        assertThat(accusedOf(second)).containsExactly(B);
    }

    @Test
    void aNameThatBeginsLikeAnotherIsNotTakenForIt() {
        ModelFile longer = new ModelFile("a-1.0", "2", "c.onnx", "c".repeat(64));

        List<Suspect> after = CrashVerdict.of(List.of(), crashed("worker-a-1.0-2-9001", running(A), running(longer)));

        assertThat(after).extracting(Suspect::file).containsExactly(longer);
    }

    @Test
    void killsAccuseOnlyWhoWasAloneInThreeOfThem() {
        List<Suspect> suspects = CrashVerdict.of(List.of(), killed(loading(A), loading(B)));
        for (int alone = 1; alone < Suspect.SILENT_ENDS; alone++) {
            suspects = CrashVerdict.of(suspects, killed(loading(A)));
            assertThat(accusedOf(suspects)).as("after %d", alone).isEmpty();
        }

        assertThat(accusedOf(CrashVerdict.of(suspects, killed(loading(A))))).containsExactly(A);
    }

    @Test
    void aBusyHostThatIsKilledSuspectsNoModelThatHasAnswered() {
        assertThat(CrashVerdict.of(List.of(), killed(running(A)))).isEmpty();
        assertThat(CrashVerdict.of(List.of(), killed(work(A, Phase.FIRST_RUN)))).hasSize(1);
    }

    @Test
    void whatWasOnlyPlannedIsNoSuspectUnlessTheMachineWentDown() {
        Ending.Work planned = work(A, Phase.PLANNED);

        assertThat(CrashVerdict.of(List.of(), killed(planned, loading(B))))
                .extracting(Suspect::file)
                .containsExactly(B);
        assertThat(CrashVerdict.of(List.of(), machineWentDown(planned, loading(B), running(B))))
                .extracting(Suspect::file)
                .containsExactly(A, B);
    }

    @Test
    void noNumberOfPowerCutsAccusesAnybody() {
        List<Suspect> suspects = List.of();
        for (int i = 0; i < 10; i++) {
            suspects = CrashVerdict.of(suspects, machineWentDown(loading(A)));
        }

        assertThat(accusedOf(suspects)).isEmpty();
    }

    @Test
    void whatIsTriedOnceMoreAfterCrashesIsAccusedByTheNextOne() {
        Suspect tried = accused(A).acquitted();

        assertThat(tried.accused()).isFalse();
        assertThat(accusedOf(CrashVerdict.of(List.of(tried), crashed("load-a-1.0", loading(A)))))
                .containsExactly(A);
    }

    @Test
    void anotherContentUnderTheNameIsAnotherModel() {
        ModelFile mended = new ModelFile("a", "1.0", "a.onnx", "c".repeat(64));

        List<Suspect> after = CrashVerdict.of(List.of(suspect(A)), crashed("load-a-1.0", loading(mended)));

        assertThat(accusedOf(after)).isEmpty();
    }

    private static Suspect suspect(ModelFile file) {
        return new Suspect(file, false, 1, 0, false, "");
    }

    private static Suspect accused(ModelFile file) {
        return new Suspect(file, false, 2, 0, true, "");
    }

    private static List<ModelFile> accusedOf(List<Suspect> suspects) {
        return suspects.stream().filter(Suspect::accused).map(Suspect::file).toList();
    }

    private static Ending.Work loading(ModelFile file) {
        return work(file, Phase.LOADING);
    }

    private static Ending.Work running(ModelFile file) {
        return work(file, Phase.RUNNING);
    }

    private static Ending.Work work(ModelFile file, Phase phase) {
        return new Ending.Work(file, phase);
    }

    private static Ending ended(Ending.How how) {
        return new Ending(7, how, true, Optional.empty(), List.of(loading(A)));
    }

    private static Ending killed(Ending.Work... work) {
        return new Ending(
                7,
                Ending.How.UNEXPECTED,
                true,
                Optional.empty(),
                Stream.of(work).toList());
    }

    private static Ending machineWentDown(Ending.Work... work) {
        return new Ending(
                7,
                Ending.How.UNEXPECTED,
                false,
                Optional.empty(),
                Stream.of(work).toList());
    }

    private static Ending crashed(String thread, Ending.Work... work) {
        CrashReport report = new CrashReport(Path.of("hs_err_pid7.log"), Optional.of("SIGSEGV"), Optional.of(thread));
        return new Ending(
                7,
                Ending.How.UNEXPECTED,
                true,
                Optional.of(report),
                Stream.of(work).toList());
    }
}
