package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotHeaderTest {

    private static final String LINE =
            "name=20261121093000123-startup.cfg kind=startup createdOn=2026-11-21T09:30:00.123Z"
                    + " group=default revision=7 host=host-1.example modelCount=3 size=12 sha256=" + "0a".repeat(32)
                    + " saveId=save-1";

    /** The fields that are words, what messages call them, and how long they may be. */
    static Stream<Arguments> words() {
        return Stream.of(
                word("Snapshot name", 128, SnapshotHeader.Builder::name),
                word("Group", 64, SnapshotHeader.Builder::group),
                word("Host", 255, SnapshotHeader.Builder::host),
                word("Save-id", 64, SnapshotHeader.Builder::saveId));
    }

    private static Arguments word(String what, int longest, BiConsumer<SnapshotHeader.Builder, String> set) {
        return Arguments.of(what, longest, set);
    }

    @ParameterizedTest
    @MethodSource("words")
    void aWordMayHaveLettersDigitsDotsDashesAndUnderlines(
            String what, int longest, BiConsumer<SnapshotHeader.Builder, String> set) {
        for (String value : List.of("a", "Z", "0", "a..b", "A.b_c-9", "x-", "n".repeat(longest))) {
            SnapshotHeader.Builder builder = Headers.complete();
            set.accept(builder, value);

            assertThat(builder.build().toMap()).as("%s '%s'", what, value).containsValue(value);
        }
    }

    @ParameterizedTest
    @MethodSource("words")
    void aWordOfAnotherShapeIsRefusedWithItsRule(
            String what, int longest, BiConsumer<SnapshotHeader.Builder, String> set) {
        for (String value : List.of("", ".a", "-a", "_a", "a b", "a/b", "a=b", "ä", "a\n", "..")) {
            SnapshotHeader.Builder builder = Headers.complete();
            set.accept(builder, value);

            assertThatIllegalArgumentException()
                    .as("%s '%s'", what, value)
                    .isThrownBy(builder::build)
                    .withMessage(
                            "%s '%s' must match [A-Za-z0-9][A-Za-z0-9._-]{0,%s}",
                            what, value.replace('\n', '?'), longest - 1);
        }
    }

    @ParameterizedTest
    @MethodSource("words")
    void aWordThatIsTooLongIsRefusedAndCutInTheMessage(
            String what, int longest, BiConsumer<SnapshotHeader.Builder, String> set) {
        SnapshotHeader.Builder builder = Headers.complete();
        set.accept(builder, "n".repeat(longest + 1));

        assertThatIllegalArgumentException()
                .isThrownBy(builder::build)
                .withMessageStartingWith(what + " '" + "n".repeat(Math.min(longest + 1, 80)))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(150));
    }

    @Test
    void numbersMayBeZeroButNotNegative() {
        SnapshotHeader zeros =
                Headers.complete().revision(0).modelCount(0).size(0).build();
        assertThat(zeros.revision() + zeros.modelCount() + zeros.size()).isZero();

        assertThatIllegalArgumentException()
                .isThrownBy(Headers.complete().revision(-1)::build)
                .withMessage("Revision -1 must be 0 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(Headers.complete().modelCount(-2)::build)
                .withMessage("Model count -2 must be 0 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(Headers.complete().size(-3)::build)
                .withMessage("Size -3 must be 0 or more bytes");
    }

    @Test
    void theTimeIsCutToMillisecondsAndLiesInYearsOfFourDigits() {
        assertThat(createdOn("2026-11-21T09:30:00.123999Z")).isEqualTo(Instant.parse("2026-11-21T09:30:00.123Z"));
        assertThat(createdOn("1970-01-01T00:00:00Z")).isEqualTo(Instant.EPOCH);
        assertThat(createdOn("9999-12-31T23:59:59.999999999Z")).isEqualTo(Instant.parse("9999-12-31T23:59:59.999Z"));

        for (String time : List.of("1969-12-31T23:59:59.999Z", "+10000-01-01T00:00:00Z")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> createdOn(time))
                    .withMessage("createdOn %s must lie in the years 1970 to 9999", time);
        }
    }

    private static Instant createdOn(String time) {
        return Headers.complete().createdOn(Instant.parse(time)).build().createdOn();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0a", "0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A"})
    void aSha256Has64LowerCaseHexadecimalDigits(String sha256) {
        assertThatIllegalArgumentException()
                .isThrownBy(Headers.complete().sha256(sha256)::build)
                .withMessage("sha256 '%s' must be 64 lower-case hexadecimal digits", sha256);
    }

    @Test
    void whatIsNotSetIsNamed() {
        assertThatNullPointerException()
                .isThrownBy(SnapshotHeader.builder()::build)
                .withMessage("The header's name is not set");
        assertThatNullPointerException()
                .isThrownBy(Headers.withoutText()::build)
                .withMessage("The header's sha256 is not set");
    }

    @Test
    void aBuilderGivesEachSaveAnIdOfItsOwn() {
        SnapshotHeader.Builder one = SnapshotHeader.builder();
        SnapshotHeader.Builder other = SnapshotHeader.builder();

        assertThat(saveId(one)).isNotEqualTo(saveId(other)).isEqualTo(saveId(one));
    }

    private static String saveId(SnapshotHeader.Builder builder) {
        return builder.name("n")
                .kind(SnapshotKind.SAVE)
                .createdOn(Headers.TIME)
                .group("g")
                .host("h")
                .sha256("0".repeat(64))
                .build()
                .saveId();
    }

    @Test
    void theLineIsAsStoresHaveKeptItSinceTheFirstRelease() {
        assertThat(Headers.complete().build().toLine()).isEqualTo(LINE);
        assertThat(Headers.complete().build()).hasToString(LINE);
    }

    @Test
    void everyFormGivesTheHeaderBack() {
        SnapshotHeader small = Headers.complete().build();
        SnapshotHeader large = Headers.complete()
                .kind(SnapshotKind.SAVE)
                .revision(Long.MAX_VALUE)
                .modelCount(Integer.MAX_VALUE)
                .size(Long.MAX_VALUE)
                .createdOn(Instant.parse("9999-12-31T23:59:59Z"))
                .host("h".repeat(255))
                .build();

        for (SnapshotHeader header : List.of(small, large)) {
            assertThat(SnapshotHeader.fromMap(header.toMap())).isEqualTo(header).hasSameHashCodeAs(header);
            assertThat(SnapshotHeader.fromLine(header.toLine())).isEqualTo(header);
            assertThat(SnapshotHeader.fromMap(header.toMap()).toMap()).isEqualTo(header.toMap());
        }
        assertThat(small).isNotEqualTo(large).isNotEqualTo(null).isNotEqualTo(LINE);
    }

    @Test
    void theTenValuesReadAsTheyWereSet() {
        SnapshotHeader header = SnapshotHeader.fromLine(LINE);

        assertThat(header.name()).isEqualTo("20261121093000123-startup.cfg");
        assertThat(header.kind()).isEqualTo(SnapshotKind.STARTUP);
        assertThat(header.createdOn()).isEqualTo(Headers.TIME);
        assertThat(header.group()).isEqualTo("default");
        assertThat(header.revision()).isEqualTo(7);
        assertThat(header.host()).isEqualTo("host-1.example");
        assertThat(header.modelCount()).isEqualTo(3);
        assertThat(header.size()).isEqualTo(12);
        assertThat(header.sha256()).isEqualTo("0a".repeat(32));
        assertThat(header.saveId()).isEqualTo("save-1");
    }

    @Test
    void theMapCannotBeChanged() {
        Map<String, String> map = Headers.complete().build().toMap();

        assertThat(map).isUnmodifiable();
        assertThat(map.keySet())
                .containsExactly(
                        "name",
                        "kind",
                        "createdOn",
                        "group",
                        "revision",
                        "host",
                        "modelCount",
                        "size",
                        "sha256",
                        "saveId");
    }

    @Test
    void fieldsOfALaterVersionArePassedOver() {
        SnapshotHeader header = Headers.complete().build();
        Map<String, String> later = new LinkedHashMap<>(header.toMap());
        later.put("colour", "of a later version");

        assertThat(SnapshotHeader.fromMap(later)).isEqualTo(header);
        assertThat(SnapshotHeader.fromLine("colour=red " + LINE + " shape=a=b word =x"))
                .isEqualTo(header);
    }

    @Test
    void theOrderOfALineIsFree() {
        List<String> entries = new ArrayList<>(List.of(LINE.split(" ")));
        Collections.reverse(entries);

        assertThat(SnapshotHeader.fromLine(String.join("  ", entries)))
                .isEqualTo(Headers.complete().build());
    }

    @Test
    void eachMissingFieldIsNamed() {
        Map<String, String> whole = Headers.complete().build().toMap();

        for (String field : whole.keySet()) {
            Map<String, String> map = new LinkedHashMap<>(whole);
            map.remove(field);

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SnapshotHeader.fromMap(map))
                    .withMessage("The snapshot header has no " + field);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SnapshotHeader.fromLine(""))
                .withMessage("The snapshot header has no name");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            kind=startup     | kind=Startup            | Snapshot kind 'Startup' must be one of startup, snapshot, shutdown, save
            revision=7       | revision=x              | The snapshot header's revision 'x' must be a whole number from 0 to 9223372036854775807
            revision=7       | revision=9223372036854775808 | The snapshot header's revision '9223372036854775808' must be a whole number from 0 to 9223372036854775807
            revision=7       | revision=-7             | The snapshot header's revision '-7' must be a whole number from 0 to 9223372036854775807
            modelCount=3     | modelCount=2147483648   | The snapshot header's modelCount '2147483648' must be a whole number from 0 to 2147483647
            modelCount=3     | modelCount=-4294967293  | The snapshot header's modelCount '-4294967293' must be a whole number from 0 to 2147483647
            modelCount=3     | modelCount=             | The snapshot header's modelCount '' must be a whole number from 0 to 2147483647
            size=12          | size=1.5                | The snapshot header's size '1.5' must be a whole number from 0 to 9223372036854775807
            createdOn=2026   | createdOn=yesterday-    | The snapshot header's createdOn 'yesterday--11-21T09:30:00.123Z' must be a time like 2026-11-21T09:30:00.123Z
            group=default    | group=../x              | Group '../x' must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}
            sha256=0a        | sha256=zz               | must be 64 lower-case hexadecimal digits
            """)
    void aBadValueInALineIsNamedWithItsRule(String good, String bad, String message) {
        assertThat(LINE).contains(good);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> SnapshotHeader.fromLine(LINE.replace(good, bad)))
                .withMessageEndingWith(message);
    }

    @Test
    void aNameThatNoSnapshotCanHaveIsKnown() {
        assertThat(List.of("a", "20261121093000123-startup.cfg", "n".repeat(128)))
                .allMatch(SnapshotHeader::isName)
                .allMatch(name -> name.matches(SnapshotHeader.NAME_RULE));
        assertThat(List.of("", ".a", "a/b", "ä", "a\n", "n".repeat(129)))
                .noneMatch(SnapshotHeader::isName)
                .noneMatch(name -> name.matches(SnapshotHeader.NAME_RULE));
    }

    @Test
    void aSnapshotOfAnotherGroupIsRefused() {
        SnapshotHeader header = Headers.complete().name("n").group("ours").build();

        header.requireGroup("ours");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> header.requireGroup("theirs"))
                .withMessage("Snapshot n is of group ours and cannot be saved into group theirs");
    }

    @Test
    void theUsualMessagesNameWhatIsInTheWay() {
        SnapshotHeader header =
                Headers.complete().name("n").group("ours").revision(7).build();

        assertThat(SnapshotConflictException.ofRevision(header, 9))
                .hasMessage("Group ours has revision 9 already; snapshot n has revision 7");
        assertThat(SnapshotConflictException.ofName(header)).hasMessage("Group ours has a snapshot n already");
        assertThat(SnapshotNotFoundException.of("n", "table t")).hasMessage("There is no snapshot 'n' in table t");
        assertThat(SnapshotNotFoundException.of("a/\nb", "table t"))
                .hasMessage("There is no snapshot 'a/?b' in table t, for names match [A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    }

    @Test
    void aLineThatAStoreGaveIsDamagedWhereItIsNotAHeaders() {
        assertThat(SnapshotHeader.fromLine(LINE, "table t")).isEqualTo(SnapshotHeader.fromLine(LINE));
        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> SnapshotHeader.fromLine("name=x", "table t"))
                .withMessage("A header in table t is damaged: The snapshot header has no kind");
        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> SnapshotHeader.fromLine(LINE.replace("kind=startup", "kind=START"), "table t"));
    }

    @Test
    void aKindThatIsNotKnownYetIsNotDamageButOfANewerVersion() {
        assertThatExceptionOfType(SnapshotFormatTooNewException.class)
                .isThrownBy(() -> SnapshotHeader.fromLine(LINE.replace("kind=startup", "kind=checkpoint"), "table t"))
                .withMessage(
                        "A header in table t is of the kind 'checkpoint', which a newer version of Holdfast wrote");
    }

    @Test
    void whatStandsInTheHistoryIsInTheMapAndTheLineWhereItIsSet() {
        SnapshotHeader header = Headers.complete()
                .follows("save-0")
                .history("first")
                .state("0b".repeat(32))
                .trimmed(4)
                .origin("elsewhere")
                .build();

        assertThat(header.toLine())
                .isEqualTo(LINE + " follows=save-0 history=first state=" + "0b".repeat(32)
                        + " trimmed=4 origin=elsewhere");
        SnapshotHeader read = SnapshotHeader.fromLine(header.toLine());
        assertThat(read.follows()).contains("save-0");
        assertThat(read.history()).contains("first");
        assertThat(read.state()).contains("0b".repeat(32));
        assertThat(read.trimmed()).isEqualTo(4);
        assertThat(read.origin()).contains("elsewhere");
    }

    @Test
    void aHeaderOfAnOlderHostSaysNothingOfTheHistory() {
        SnapshotHeader header = SnapshotHeader.fromLine(LINE);

        assertThat(header.follows()).isEmpty();
        assertThat(header.history()).isEmpty();
        assertThat(header.state()).isEmpty();
        assertThat(header.trimmed()).isZero();
        assertThat(header.origin()).isEmpty();
    }

    @Test
    void aStoreThatLosesWhereASnapshotStandsInTheHistoryGivesBackAnEqualHeader() {
        SnapshotHeader header = Headers.complete().follows("save-0").trimmed(4).build();

        assertThat(header)
                .isEqualTo(Headers.complete().build())
                .hasSameHashCodeAs(Headers.complete().build());
    }

    @Test
    void whatStandsInTheHistoryIsCheckedToo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Headers.complete().follows("a b").build())
                .withMessageStartingWith("follows 'a b' must match");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Headers.complete().state("0B").build())
                .withMessage("state '0B' must be 64 lower-case hexadecimal digits");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Headers.complete().trimmed(-1).build())
                .withMessage("trimmed -1 must be 0 or more");
    }
}
