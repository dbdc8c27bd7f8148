package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.holdfast.testsupport.ServerCertificate;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real servers that encrypt, or do not, and what an operator is told of it. */
class TlsFailureTest {

    private static final String NO_TLS = "The server has no TLS";
    private static final String NO_FILE =
            "The file with the certificate that the server's must be signed by cannot be read";
    private static final String OTHER_HOST =
            "The server's certificate is for another host than the one that the URL names";
    private static final String UNTRUSTED = "The server's certificate is not signed by anybody that this host trusts";

    @TempDir
    private Path directory;

    /** Past the pool, which would try again until its time is over. */
    private static SqlFailure failure(String url, String... settings) {
        Settings of = Settings.of(Configs.of(url, "default", settings));
        Dialect dialect = Dialect.of(of.url(), of.timeouts());
        DriverSource source = new DriverSource(
                Drivers.find(of.url().database(), TlsFailureTest.class.getClassLoader()), dialect, of.login());
        SQLException failure = catchThrowableOfType(SQLException.class, source::getConnection);
        return SqlFailure.of(dialect, Objects.requireNonNull(failure, url));
    }

    private static void assertTold(SqlFailure failure, String own, String cure) {
        assertThat(failure.own() + ". " + failure.cure())
                .startsWith(own)
                .contains(cure)
                .doesNotContain("=trust");
        assertThat(failure.kind()).isEqualTo(SqlFailure.Kind.REFUSED);
    }

    private ServerCertificate certificate(String name, String host) throws Exception {
        return ServerCertificate.make(Files.createDirectory(directory.resolve(name)), host);
    }

    @Test
    void mariadbsFailuresAreToldInOurWords() throws Exception {
        Mariadb plain = Mariadb.server();
        String without = "jdbc:mariadb://127.0.0.1:" + plain.port() + "/mysql";
        try (Connection connection = plain.connect("mysql")) {
            Rows.execute(connection, "create or replace user secret@localhost identified by 'x'");
        }
        ServerCertificate own = certificate("own", "db.example.org");
        ServerCertificate other = certificate("other", "localhost");
        Mariadb tls = Mariadb.start("--ssl-cert=" + own.certificate(), "--ssl-key=" + own.key());
        try {
            String with = "jdbc:mariadb://127.0.0.1:" + tls.port() + "/mysql";

            assertTold(failure(without), NO_TLS, "?sslMode=disable");
            assertTold(failure(with), UNTRUSTED, "serverSslCert=FILE");
            assertTold(
                    failure(with + "?sslMode=verify-ca&serverSslCert=" + other.certificate()),
                    UNTRUSTED,
                    "serverSslCert");
            assertTold(
                    failure(with + "?sslMode=verify-full&serverSslCert=" + own.certificate()), OTHER_HOST, "the URL");
            assertTold(
                    failure(with + "?serverSslCert=" + directory.resolve("none.pem")), NO_FILE, "serverSslCert=FILE");
        } finally {
            tls.kill();
        }
        assertTold(
                failure(without + "?sslMode=disable", "user", "secret"),
                "the server asks for a password, and none is set",
                "HOLDFAST_SNAPSHOT_JDBC_PASSWORD");
    }

    @Test
    void postgresqlsFailuresAreToldInOurWords() throws Exception {
        ServerCertificate own = certificate("own", "db.example.org");
        ServerCertificate other = certificate("other", "localhost");
        try (EmbeddedPostgres server = Postgres.start()) {
            String url = "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres";
            assertTold(failure(url + "?sslmode=require"), NO_TLS, "?sslmode=disable");
            try (Connection connection = DriverManager.getConnection(url, "postgres", "postgres")) {
                Path data =
                        Path.of(Rows.select(connection, "show data_directory").get(0));
                Files.copy(own.certificate(), data.resolve("server.crt"));
                Files.copy(own.key(), data.resolve("server.key"), StandardCopyOption.COPY_ATTRIBUTES);
                Path rules = data.resolve("pg_hba.conf");
                Files.writeString(
                        rules,
                        "hostssl all asked 127.0.0.1/32 scram-sha-256\nhostssl all encrypted 127.0.0.1/32 trust\n"
                                + "host all postgres 127.0.0.1/32 trust\n");
                Rows.execute(connection, "create role asked login password 'x'");
                Rows.execute(connection, "create role encrypted login");
                Rows.execute(connection, "alter system set ssl = on");
                Rows.select(connection, "select pg_reload_conf()");
                await().until(() -> Rows.select(connection, "show ssl").equals(List.of("on")));
            }

            assertTold(failure(url + "?sslmode=verify-full"), NO_FILE, "sslrootcert=FILE");
            assertTold(
                    failure(url + "?sslmode=verify-full&sslrootcert=" + directory.resolve("none")),
                    NO_FILE,
                    "sslrootcert");
            assertTold(
                    failure(url + "?sslmode=verify-ca&sslrootcert=" + other.certificate()), UNTRUSTED, "sslrootcert");
            assertTold(failure(url + "?sslmode=verify-full&sslrootcert=" + own.certificate()), OTHER_HOST, "the URL");
            SqlFailure unencrypted = failure(url + "?sslmode=disable", "user", "encrypted");
            assertThat(unencrypted.cure()).contains("pg_hba.conf", "?sslmode=verify-full");
            SqlFailure stranger = failure(url + "?sslmode=require", "user", "stranger");
            assertThat(stranger.cure()).contains("pg_hba.conf").doesNotContain("sslmode", "password");
            assertThat(failure(url + "?sslmode=require", "user", "asked").cure())
                    .contains("HOLDFAST_SNAPSHOT_JDBC_PASSWORD");
        }
    }
}
