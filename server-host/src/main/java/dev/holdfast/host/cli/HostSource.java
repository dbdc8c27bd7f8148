package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.operate.RefusedException;
import dev.holdfast.host.operate.SnapshotSource;
import dev.holdfast.host.operate.SnapshotTags;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The snapshots of a running host, by its management API. */
record HostSource(HostApi api) implements SnapshotSource {

    @Override
    public Optional<String> partial() {
        JsonNode status = api.manage("GET", "/snapshots/status");
        String mode = status.path("mode").asText();
        return mode.equals("ATTACHED")
                ? Optional.empty()
                : Optional.of("The host is not attached to its store "
                        + status.path("store").asText() + " but " + mode
                        + ", so only what waits in its journal is seen; why: holdfast snapshots status");
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        StringBuilder path = new StringBuilder("/snapshots?limit=").append(request.limit());
        request.pageToken().ifPresent(token -> path.append("&next_page_token=").append(HostApi.encode(token)));
        request.kind().ifPresent(kind -> path.append("&kind=").append(kind.word()));
        request.from().ifPresent(from -> path.append("&from=").append(HostApi.encode(from.toString())));
        request.until().ifPresent(until -> path.append("&to=").append(HostApi.encode(until.toString())));
        JsonNode answer = api.manage("GET", path.toString());
        List<SnapshotHeader> headers = new ArrayList<>();
        answer.path("snapshots").forEach(json -> headers.add(header(json)));
        String token = answer.path("nextPageToken").asText("");
        return token.isEmpty() ? SnapshotPage.last(headers) : SnapshotPage.of(headers, token);
    }

    private static SnapshotHeader header(JsonNode json) {
        Map<String, String> map = new TreeMap<>();
        json.properties()
                .forEach(field -> map.put(field.getKey(), field.getValue().asText()));
        try {
            return SnapshotHeader.fromMap(map);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("The host lists a snapshot that cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public OptionalLong count() {
        return OptionalLong.empty();
    }

    @Override
    public Snapshot get(String name) {
        String text = found(() -> api.manageForText("GET", path(name)));
        return SnapshotTags.ofText(name, text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Optional<Snapshot> last() {
        return list(ListRequest.firstPage(1)).headers().stream().findFirst().map(header -> get(header.name()));
    }

    @Override
    public void delete(String name) {
        if (isThere(SnapshotTags.of(name))) {
            throw new RefusedException(SnapshotTags.refusal(name));
        }
        found(() -> api.manage("DELETE", path(name)));
    }

    @Override
    public void keep(String name) {
        String mark = SnapshotTags.of(name);
        get(name);
        if (!isThere(mark)) {
            api.manage("POST", "/snapshots?name=" + HostApi.encode(mark));
        }
    }

    @Override
    public boolean release(String name) {
        String mark = SnapshotTags.of(name);
        if (!isThere(mark)) {
            get(name);
            return false;
        }
        found(() -> api.manage("DELETE", path(mark)));
        return true;
    }

    private boolean isThere(String name) {
        try {
            found(() -> api.manageForText("GET", path(name)));
            return true;
        } catch (SnapshotNotFoundException e) {
            return false;
        }
    }

    private static String path(String name) {
        return "/snapshots/" + HostApi.encode(name);
    }

    private static <T> T found(Supplier<T> call) {
        try {
            return call.get();
        } catch (CommandFailure e) {
            if (e.exitCode() == ExitCodes.NOTHING_FOUND) {
                throw new SnapshotNotFoundException(String.valueOf(e.getMessage()), e);
            }
            throw e;
        }
    }
}
