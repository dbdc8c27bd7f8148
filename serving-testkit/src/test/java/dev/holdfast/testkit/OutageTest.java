package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutageTest {

    private static final int PATIENCE_MILLIS = 30_000;

    @TempDir
    private Path directory;

    private final BlockingQueue<Integer> received = new LinkedBlockingQueue<>();
    private ServerSocket store;
    private TcpProxy proxy;

    /** A store that says back what it is told, byte by byte. */
    @BeforeEach
    void listen() throws IOException {
        store = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        proxy = TcpProxy.to("127.0.0.1", store.getLocalPort());
        Thread answers = new Thread(this::accept, "store");
        answers.setDaemon(true);
        answers.start();
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        store.close();
    }

    private void accept() {
        while (!store.isClosed()) {
            try {
                Socket socket = store.accept();
                Thread echo = new Thread(() -> echo(socket), "echo");
                echo.setDaemon(true);
                echo.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private void echo(Socket socket) {
        try (socket) {
            for (int read = socket.getInputStream().read();
                    read >= 0;
                    read = socket.getInputStream().read()) {
                received.add(read);
                socket.getOutputStream().write(read);
            }
        } catch (IOException e) {
            // The proxy has cut the connection.
            return;
        }
    }

    private Socket connect(int patienceMillis) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        socket.setSoTimeout(patienceMillis);
        return socket;
    }

    private static int ask(Socket socket, int question) throws IOException {
        socket.getOutputStream().write(question);
        return socket.getInputStream().read();
    }

    @Test
    void withoutAnOutageEverythingPasses() throws IOException {
        try (Socket socket = connect(PATIENCE_MILLIS)) {
            assertThat(ask(socket, 7)).isEqualTo(7);
            assertThat(ask(socket, 8)).isEqualTo(8);
        }
    }

    @Test
    void connectionsOldAndNewAreReset() throws Exception {
        try (Socket old = connect(PATIENCE_MILLIS)) {
            ask(old, 1);

            proxy.outages().get(0).during(() -> {
                assertThatThrownBy(() -> ask(old, 2)).isInstanceOf(SocketException.class);
                assertThatThrownBy(() -> {
                            try (Socket socket = connect(PATIENCE_MILLIS)) {
                                ask(socket, 3);
                            }
                        })
                        .isInstanceOf(SocketException.class);
                return null;
            });
        }
        withoutAnOutageEverythingPasses();
    }

    @Test
    void nothingComesThrough() throws Exception {
        proxy.outages().get(1).during(() -> {
            try (Socket socket = connect(100)) {
                assertThatThrownBy(() -> ask(socket, 1)).isInstanceOf(SocketTimeoutException.class);
            }
            return null;
        });
        assertThat(received).isEmpty();
        withoutAnOutageEverythingPasses();
    }

    @Test
    void questionsReachTheStoreAndItsAnswersGetLost() throws Exception {
        proxy.outages().get(2).during(() -> {
            try (Socket socket = connect(100)) {
                assertThatThrownBy(() -> ask(socket, 5)).isInstanceOf(SocketTimeoutException.class);
                assertThat(received.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS))
                        .isEqualTo(5);
            }
            return null;
        });
        withoutAnOutageEverythingPasses();
    }

    @Test
    void aDirectoryIsGoneAndComesBackWhateverWasMadeInItsPlace() throws Exception {
        Path own = Files.createDirectory(directory.resolve("store"));
        Files.writeString(own.resolve("file"), "kept");
        Outage gone = Outage.directoryGone(own);

        gone.during(() -> {
            assertThat(own).doesNotExist();
            Files.createDirectories(own.resolve("made/meanwhile"));
            return null;
        });

        assertThat(own.resolve("file")).hasContent("kept");
        assertThat(own.resolve("made")).doesNotExist();
        assertThat(gone.looksUnused()).isTrue();
    }

    @Test
    void aFileStandsInTheDirectorysPlace() throws Exception {
        Path own = Files.createDirectory(directory.resolve("store"));
        Files.writeString(own.resolve("file"), "kept");
        Outage blocked = Outage.directoryBlocked(own);

        blocked.during(() -> assertThat(own).isRegularFile());

        assertThat(own.resolve("file")).hasContent("kept");
        assertThat(blocked.looksUnused()).isFalse();
        assertThat(blocked).hasToString("has a file in the place of its directory");
    }
}
