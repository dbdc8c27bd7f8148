package dev.holdfast.host.http;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.wire.SelectedOutputs;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What people want to know who are to call a model, as one page of HTML that needs nothing else: what goes in, what comes out, and a
 * request that runs as it stands.
 *
 * @param version the one that the page is asked for; empty for the default
 * @param base the address that it was asked at, {@code http://host:port}
 * @param tokens whether callers show a token
 */
record ModelPage(
        VersionStatus status, List<VersionStatus> versions, Optional<String> version, String base, boolean tokens) {

    private static final String STYLE = """
            :root { color-scheme: light dark; }
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
            h1 { font-size: 1.6rem; margin-bottom: 0; overflow-wrap: anywhere; }
            h2 { font-size: 1.15rem; margin-top: 2rem; }
            table { border-collapse: collapse; width: 100%; }
            th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #8886; overflow-wrap: anywhere; }
            pre { background: #8882; padding: .8rem 1rem; overflow-x: auto; border-radius: 6px; }
            code, pre { font: 14px/1.45 ui-monospace, monospace; }
            .bad { color: #c33; }
            """;

    String html() {
        StringBuilder html = new StringBuilder(8192);
        html.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width\"><title>")
                .append(escape(status.model()))
                .append("</title><style>\n")
                .append(STYLE)
                .append("</style></head><body>\n<h1>")
                .append(escape(status.model()))
                .append("</h1>\n<p>Version ")
                .append(escape(status.version()))
                .append(status.isDefault() ? ", the default" : "")
                .append(platform())
                .append(". <a href=\"")
                .append(escape(path()))
                .append("\">As JSON</a>, <a href=\"")
                .append(escape(path()))
                .append("/stats\">what it has done</a>.</p>\n");
        failure(html);
        otherVersions(html);
        status.signature().ifPresent(signature -> {
            signature(html, signature);
            samples(html, signature);
        });
        return html.append("</body></html>\n").toString();
    }

    private String platform() {
        return status.signature()
                .map(signature -> ", run by <code>" + escape(signature.platform()) + "</code>")
                .orElse("");
    }

    private void failure(StringBuilder html) {
        status.failure()
                .or(status::blocked)
                .ifPresent(why -> html.append("<p class=\"bad\">It cannot be called now: ")
                        .append(escape(why))
                        .append("</p>\n"));
    }

    private void otherVersions(StringBuilder html) {
        if (versions.size() > 1) {
            html.append("<p>Versions: ")
                    .append(versions.stream()
                            .map(each -> "<a href=\"/v2/models/" + url(each.model()) + "/versions/"
                                    + url(each.version()) + "/docs\">" + escape(each.version()) + "</a>")
                            .collect(Collectors.joining(", ")))
                    .append("</p>\n");
        }
    }

    private static void signature(StringBuilder html, ModelSignature signature) {
        if (signature.isOfHandler()) {
            html.append("<p>Its handler reads requests itself: whoever wrote it knows what it takes and gives.</p>\n");
            return;
        }
        if (signature.raw()) {
            html.append("<p>It takes the body of a request as it is, and its answer is a body likewise.</p>\n");
            return;
        }
        table(html, "Inputs", SelectedOutputs.withLabels(signature.inputs()));
        table(html, "A request may have besides", signature.controls());
        table(html, "Outputs", SelectedOutputs.withLabels(signature.outputs()));
        table(html, "The answer has besides, as parameters", signature.remarks());
        signature
                .leftOut()
                .forEach((name, why) -> html.append("<p>Answers never have <code>")
                        .append(escape(name))
                        .append("</code>, for it is ")
                        .append(escape(why))
                        .append(".</p>\n"));
    }

    private static void table(StringBuilder html, String title, List<TensorSpec> specs) {
        if (specs.isEmpty()) {
            return;
        }
        html.append("<h2>").append(title).append("</h2>\n<table><tr><th>Name<th>Datatype<th>Shape</tr>\n");
        for (TensorSpec spec : specs) {
            html.append("<tr><td><code>")
                    .append(escape(spec.name()))
                    .append("</code><td>")
                    .append(spec.type())
                    .append("<td>")
                    .append(spec.shape().stream()
                            .map(size -> size < 0 ? "any" : size.toString())
                            .collect(Collectors.joining(" × ", "", spec.shape().isEmpty() ? "one element" : "")))
                    .append("</tr>\n");
        }
        html.append("</table>\n");
    }

    private void samples(StringBuilder html, ModelSignature signature) {
        SampleRequest sample = new SampleRequest(signature, tokens);
        String target = base
                + (sample.isOfProtocol()
                        ? path() + "/infer"
                        : "/predictions/" + url(status.model())
                                + version.map(given -> "/" + url(given)).orElse(""));
        html.append("<h2>A request with curl</h2>\n<pre>")
                .append(escape(sample.curl(target)))
                .append("</pre>\n<h2>The same with Python</h2>\n<pre>")
                .append(escape(sample.python(target)))
                .append("</pre>\n");
        if (tokens) {
            html.append(
                    "<p><code>INFERENCE_TOKEN</code> is the token of inference in the host's <code>key_file.json</code>.</p>\n");
        }
    }

    private String path() {
        return "/v2/models/" + url(status.model())
                + version.map(given -> "/versions/" + url(given)).orElse("");
    }

    private static String url(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A text that stands in HTML, also in an attribute, as what it is. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
