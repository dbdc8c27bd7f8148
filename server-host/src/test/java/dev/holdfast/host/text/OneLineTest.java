package dev.holdfast.host.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class OneLineTest {

    @Test
    void aLongReasonKeepsItsBeginningAndItsEndWhereTheReasonIs() {
        String tooLong = "Error code - FAIL: " + "noise\n".repeat(5_000) + "index 7 is out of bounds";

        assertThat(OneLine.reason(tooLong))
                .hasSizeLessThan(4_100)
                .startsWith("Error code - FAIL: noise noise")
                .contains(" … ")
                .endsWith("index 7 is out of bounds");
        assertThat(OneLine.of(new IllegalStateException(tooLong))).endsWith("index 7 is out of bounds");
    }

    @Test
    void aReasonOfOrdinaryLengthIsWhole() {
        String reason = "n".repeat(3_999) + "!";

        assertThat(OneLine.reason(reason)).isEqualTo(reason);
    }

    @Test
    void aNameShowsWhereItHasALineBreakOrACharacterThatTurnsTheTextAround() {
        assertThat(OneLine.name("a\nb\u202Ec")).isEqualTo("a?b?c");
        assertThat(OneLine.name("n".repeat(81))).isEqualTo("n".repeat(80) + "…");
    }

    @Test
    void aFailureOfAFileSaysWhichAndWhyWithoutTheNameOfAClass() {
        assertThat(OneLine.of(new NoSuchFileException("/a/b"))).isEqualTo("there is no /a/b");
        assertThat(OneLine.of(new FileAlreadyExistsException("/a"))).isEqualTo("/a is there already");
        assertThat(OneLine.of(new AccessDeniedException("/a"))).isEqualTo("/a: access is denied");
        assertThat(OneLine.of(new FileSystemException("/a", "/b", "Invalid cross-device link")))
                .isEqualTo("/a to /b: Invalid cross-device link");
        assertThat(OneLine.of(new IOException("No space left on device"))).isEqualTo("No space left on device");
        assertThat(OneLine.of(new EOFException())).isEqualTo("java.io.EOFException");
    }

    @Test
    void aTextGoesOnInItsLineWhereItBroke() {
        assertThat(OneLine.of("first\r\n\u2028second")).isEqualTo("first second");
    }
}
