package dev.holdfast.testsupport;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.util.List;

/**
 * DynamoDB Local in a process of its own, which ends with the tests: the tests' JVM then keeps its language, in which that
 * server does not work.
 */
public final class DynamoDbProcess {

    private static final String ENDPOINT = "endpoint ";

    private DynamoDbProcess() {}

    /** Where it listens, on loopback. */
    public static URI start() throws IOException {
        Process process = JavaProcess.with(List.of("-Xshare:auto"), DynamoDbProcess.class)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        // The process reads what the tests never write: the end of the pipe is the end of the tests.
        BufferedReader said = process.inputReader();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            if (line.startsWith(ENDPOINT)) {
                return URI.create(line.substring(ENDPOINT.length()));
            }
        }
        throw new IOException("DynamoDB Local ended before it listened");
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println(ENDPOINT + DynamoDbServer.start().endpoint());
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }
}
