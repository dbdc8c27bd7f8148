package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoginTest {

    @Test
    void aShortPasswordIsTakenOutWhereItStandsAloneAndNotOutOfWords() {
        Login login = new Login("holdfast", "a");

        assertThat(login.mask("a database was asked with password 'a', user=holdfast&password=a"))
                .isEqualTo("*** database was asked with password '***', user=holdfast&password=***");
        assertThat(new Login("u", "ab.c").mask("xab.c ab.c abxc")).isEqualTo("xab.c *** abxc");
        assertThat(new Login("u", "").mask("as it was")).isEqualTo("as it was");
    }

    @Test
    void aLongPasswordIsTakenOutWhereverItStands() {
        assertThat(new Login("u", "$ecret\\E-word").mask("x$ecret\\E-wordx")).isEqualTo("x***x");
    }
}
