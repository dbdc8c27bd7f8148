package dev.holdfast.plugin.jdbc;

import dev.holdfast.testkit.Outage;
import dev.holdfast.testkit.TcpProxy;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class PostgresqlContractIT extends JdbcContract {

    private static String url;
    private static TcpProxy proxy;

    @BeforeAll
    static void database() throws SQLException {
        url = Postgres.newDatabase();
        proxy = Configs.proxyTo(url);
    }

    @AfterAll
    static void closeProxy() throws IOException {
        proxy.close();
    }

    @Override
    String outageUrl() {
        return Configs.by(proxy, url);
    }

    @Override
    protected List<Outage> outages() {
        return proxy.outages();
    }

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return Postgres.connect(url);
    }
}
