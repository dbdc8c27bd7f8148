package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The samples of a model's page, run as somebody would who copies them. */
class SampleRequestIT {

    private static final Pattern SAMPLE = Pattern.compile("<pre>(.*?)</pre>", Pattern.DOTALL);

    @TempDir
    static Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            sum   | "data":[0.0]
            wide  | "name":"z"
            pair  | "name":"y"
            words | "data":
            echo  | hello
            """)
    void theSamplesOfAPageRunAsTheyStand(String model, String answered) throws Exception {
        assumeTrue(isThere("curl") && isThere("python3"), "curl and python3 are not both here");
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with(model + ".mar")) {
            List<String> samples = new ArrayList<>();
            Matcher found = SAMPLE.matcher(
                    host.inference("GET", "/v2/models/" + model + "/docs", "").body());
            while (found.find()) {
                samples.add(found.group(1)
                        .replace("&quot;", "\"")
                        .replace("&#39;", "'")
                        .replace("&lt;", "<")
                        .replace("&gt;", ">")
                        .replace("&amp;", "&"));
            }

            assertThat(samples).hasSize(2);
            assertThat(run("sh", "-c", samples.get(0))).contains(answered);
            assertThat(run("python3", "-c", samples.get(1)).replace('\'', '"').replace(": ", ":"))
                    .contains(answered);
        }
    }

    @Test
    void largeInputsGoInBytesAndNoNameEndsAQuotation() throws Exception {
        assumeTrue(isThere("python3"), "python3 is not here");
        ModelSignature signature = new ModelSignature(
                "fake",
                List.of(
                        new TensorSpec("it's \"$HOME\" \\ `x`", TensorType.FP32, List.of(-1L, 3L, 224L, 224L)),
                        new TensorSpec("small", TensorType.BOOL, List.of(2L)),
                        new TensorSpec("texts", TensorType.BYTES, List.of(100L))),
                List.of(),
                false);
        SampleRequest sample = new SampleRequest(signature, false);

        String sent = run("sh", "-c", "curl() { printf '%s\\n' \"$@\"; wc -c; }\n" + sample.curl("http://h/it's"));

        String json =
                "{\"inputs\":[{\"name\":\"it's \\\"$HOME\\\" \\\\ `x`\",\"shape\":[1,3,224,224],\"datatype\":\"FP32\","
                        + "\"parameters\":{\"binary_data_size\":602112}},{\"name\":\"small\",\"shape\":[2],\"datatype\":\"BOOL\","
                        + "\"data\":[false,false]},{\"name\":\"texts\",\"shape\":[100],\"datatype\":\"BYTES\","
                        + "\"parameters\":{\"binary_data_size\":400}}]}";
        assertThat(sent.lines())
                .contains("Inference-Header-Content-Length: " + json.length(), "http://h/it's")
                .last()
                .isEqualTo(String.valueOf(json.length() + 602112 + 400));
        assertThat(run(
                        "python3",
                        "-c",
                        sample.python("http://h").replaceFirst("(?s)request = .*", "print(body.decode()[:60])")))
                .startsWith("{\"inputs\": [{\"name\": \"it's \\\"$HOME\\\" \\\\ `x`\"");
    }

    private static boolean isThere(String command) throws Exception {
        try {
            run(command, "--version");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }
}
