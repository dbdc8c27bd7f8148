package dev.holdfast.host;

import com.sun.management.ThreadMXBean;
import dev.holdfast.host.rpc.RpcClient;
import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.classifier.Datum;
import dev.holdfast.host.runtime.classifier.OnlineClassifier;
import dev.holdfast.host.runtime.classifier.OnlineClassifierRuntime;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StatePart;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What an online classifier costs: memory for a feature, its files and its state; and its calls by RPC, beside an echo of the
 * same bytes by the same library and beside the algorithm alone in a loop. Prints a table; asserts nothing.
 */
public final class ClassifierBenchmark {

    private static final int FEATURES = 1_000_000;
    private static final int LABELS = 10;
    private static final int WORDS = 100;
    private static final int CALLS = 40_000;

    private ClassifierBenchmark() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory(Path.of(args[0]), "classifier");
        System.out.println("| what | figure |\n|---|---|");
        memory(directory);
        calls(directory);
    }

    private static OnlineClassifier model(Path directory) throws IOException {
        Files.writeString(directory.resolve("config.json"), TestArchives.CLASSIFIER);
        return (OnlineClassifier) new OnlineClassifierRuntime()
                .load(new FakeArchive(
                        "words",
                        directory,
                        FakeArchive.manifest("words", "config.json", "online-classifier", null)));
    }

    private static void row(String what, String figure, Object... values) {
        System.out.println("| " + what + " | " + String.format(Locale.ROOT, figure, values) + " |");
    }

    private static long used() {
        System.gc();
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static String words(int from) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < from + WORDS; i++) {
            text.append("vocabulary").append(i).append(' ');
        }
        return text.toString();
    }

    private static Datum datum(String text) {
        return new Datum(List.of(new Datum.Text("t", text)), List.of());
    }

    private static void memory(Path directory) throws IOException {
        long before = used();
        OnlineClassifier model = model(directory);
        long begin = System.nanoTime();
        for (int label = 0; label < LABELS; label++) {
            for (int from = 0; from < FEATURES; from += WORDS) {
                model.learn(List.of(new Datum.Labelled("label " + label, datum(words(from)))));
            }
        }
        row("to learn " + FEATURES + " features with " + LABELS + " labels", "%.1f s", seconds(begin));
        row("memory of a feature, nothing stored yet", "%d bytes", (used() - before) / FEATURES);
        begin = System.nanoTime();
        long size;
        try (StateCapture capture = model.capture()) {
            row("to take the first state", "%.0f ms", 1000 * seconds(begin));
            size = capture.parts().stream().mapToLong(StatePart::size).sum();
        }
        row("its size", "%d bytes a feature", size / FEATURES);
        row("memory of a feature, with what is stored", "%d bytes", (used() - before) / FEATURES);
        for (int i = 0; i < FEATURES / 100; i++) {
            model.learn(List.of(new Datum.Labelled("label 1", datum("vocabulary" + i * 97 % FEATURES))));
        }
        begin = System.nanoTime();
        try (StateCapture capture = model.capture()) {
            double took = seconds(begin);
            long more = capture.parts().stream().mapToLong(StatePart::size).sum() - size;
            row("to take the state after 1 %% of the features have changed".replace("%%", "%"), "%.0f ms", 1000 * took);
            row("what that adds", "%.2f %% of the state", 100.0 * more / size);
        }
        Path file = directory.resolve("model");
        begin = System.nanoTime();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            model.save(channel, "id", 1);
            channel.force(true);
        }
        row("to save it to a file of " + (Files.size(file) >> 20) + " MB", "%.1f s", seconds(begin));
        begin = System.nanoTime();
        try (FileChannel channel = FileChannel.open(file)) {
            model.load(channel);
        }
        row("to load it", "%.1f s", seconds(begin));
        Files.delete(file);
        model.close();
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    private static void calls(Path directory) throws Exception {
        HostDirectories directories = HostDirectories.in(directory);
        TestArchives.classifier(directories.store(), "words");
        String text = "the team won the match of the day against all odds";
        byte[] train = RpcClient.packed(
                List.of(0, 1, "train", List.of("", List.of(List.of("sport", RpcClient.datum(text))))));
        byte[] classify =
                RpcClient.packed(List.of(0, 1, "classify", List.of("", List.of(RpcClient.datum(text)))));
        try (Host host = Host.start(HostsInTests.options(
                        directories.store(),
                        directories.logs(),
                        Map.of("load_models", "words=words-1.0", "rpc_port", "0"),
                        Map.of()));
                Echo echo = new Echo()) {
            int port = host.rpcAddress().orElseThrow().port();
            try (RpcClient client = new RpcClient(port)) {
                for (String label : List.of("sport", "tech", "politics")) {
                    client.call("train", List.of(List.of(label, RpcClient.datum(text + " " + label))));
                }
            }
            OnlineClassifier alone = model(directory);
            for (String label : List.of("sport", "tech", "politics")) {
                alone.learn(List.of(new Datum.Labelled(label, datum(text + " " + label))));
            }
            for (int round = 0; round < 2; round++) {
                boolean told = round == 1;
                for (int connections : new int[] {1, 16}) {
                    measure(told, "classify", port, classify, connections, "rpc");
                    measure(told, "echo of its bytes", echo.port(), classify, connections, "echo");
                    measure(told, "train", port, train, connections, "rpc");
                    measure(told, "echo of its bytes", echo.port(), train, connections, "echo");
                }
                long begin = System.nanoTime();
                for (int i = 0; i < CALLS; i++) {
                    alone.classify(List.of(datum(text)));
                }
                double asked = seconds(begin);
                begin = System.nanoTime();
                for (int i = 0; i < CALLS; i++) {
                    alone.learn(List.of(new Datum.Labelled("sport", datum(text))));
                }
                if (told) {
                    row("the algorithm alone", "classify %.1f µs, train %.1f µs", asked / CALLS * 1e6, seconds(begin) / CALLS * 1e6);
                }
            }
            whileOneTrains(port, train, classify);
            alone.close();
        }
    }

    /** Asks from so many connections, each of which waits for its answers. */
    private static void measure(boolean told, String what, int port, byte[] call, int connections, String threads)
            throws Exception {
        Map<Long, Long> before = cpu(threads);
        long begin = System.nanoTime();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Thread caller = new Thread(() -> ask(port, call, CALLS / connections, new long[0]));
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        double took = seconds(begin);
        long used = 0;
        for (Map.Entry<Long, Long> thread : cpu(threads).entrySet()) {
            used += thread.getValue() - before.getOrDefault(thread.getKey(), 0L);
        }
        if (told) {
            row(
                    what + ", " + connections + (connections == 1 ? " connection" : " connections"),
                    "%.0f a second, %.1f µs of the server's processor time",
                    CALLS / took,
                    used / 1000.0 / CALLS);
        }
    }

    private static Map<Long, Long> cpu(String threads) {
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Map<Long, Long> times = new ConcurrentHashMap<>();
        for (long id : bean.getAllThreadIds()) {
            var info = bean.getThreadInfo(id);
            if (info != null && info.getThreadName().startsWith(threads)) {
                times.put(id, bean.getThreadCpuTime(id));
            }
        }
        return times;
    }

    private static void ask(int port, byte[] call, int times, long[] nanos) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            socket.getOutputStream().write(call);
            byte[] answer = new byte[1 << 16];
            // All answers to one call have the same length, and it comes in one piece.
            int length = in.read(answer);
            for (int i = 0; i < times; i++) {
                long begin = System.nanoTime();
                socket.getOutputStream().write(call);
                in.readFully(answer, 0, length);
                if (i < nanos.length) {
                    nanos[i] = System.nanoTime() - begin;
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void whileOneTrains(int port, byte[] train, byte[] classify) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Thread teacher = new Thread(() -> {
            while (!over.get()) {
                ask(port, train, 1000, new long[0]);
            }
        });
        teacher.start();
        long[] nanos = new long[CALLS];
        ask(port, classify, CALLS, nanos);
        over.set(true);
        teacher.join();
        Arrays.sort(nanos);
        row(
                "classify while another client trains",
                "p50 %.2f ms, p99 %.2f ms",
                nanos[CALLS / 2] / 1e6,
                nanos[CALLS * 99 / 100] / 1e6);
    }

    /** Sends back what comes. */
    private static final class Echo implements AutoCloseable {

        private final MultiThreadIoEventLoopGroup loops;
        private final Channel channel;

        Echo() throws InterruptedException {
            ThreadFactory threads = task -> {
                Thread thread = Executors.defaultThreadFactory().newThread(task);
                thread.setName("echo " + thread.getName());
                thread.setDaemon(true);
                return thread;
            };
            loops = new MultiThreadIoEventLoopGroup(2, threads, NioIoHandler.newFactory());
            channel = new ServerBootstrap()
                    .group(loops)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel connection) {
                            connection.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                                @Override
                                public void channelRead(ChannelHandlerContext context, Object message) {
                                    context.writeAndFlush(message, context.voidPromise());
                                }
                            });
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
        }

        int port() {
            return ((InetSocketAddress) channel.localAddress()).getPort();
        }

        @Override
        public void close() {
            channel.close().awaitUninterruptibly();
            loops.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }
}
