package dev.holdfast.host.http;

import dev.holdfast.host.api.SnapshotOperations;
import dev.holdfast.host.api.SnapshotOperations.RestorePlan;
import dev.holdfast.host.api.SnapshotOperations.Restored;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.keeper.StoreStatus.Divergence;
import dev.holdfast.host.keeper.StoreStatus.Side;
import dev.holdfast.host.metrics.RestoreMeasures;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Shortened;
import dev.holdfast.host.wire.Parameters;
import dev.holdfast.host.wire.SafeNames;
import dev.holdfast.host.wire.Scope;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotPage;
import io.javalin.http.Context;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The snapshots on the management API: listing, reading, deleting, saving one now, and ending a detachment. */
record SnapshotApi(SnapshotOperations snapshots, ChangeAnswers answers, RestoreMeasures measures) {

    private static final int PAGE = 100;

    List<Route> routes() {
        Scope scope = Scope.MANAGEMENT;
        return List.of(
                Route.get("/snapshots", scope, this::list),
                Route.post("/snapshots", scope, this::save),
                Route.get("/snapshots/status", scope, this::status),
                Route.post("/snapshots/attach", scope, this::attach),
                Route.get("/snapshots/undo", scope, this::undoPlan),
                Route.post("/snapshots/undo", scope, this::undo),
                Route.get("/snapshots/{name}/plan", scope, this::plan),
                Route.post("/snapshots/{name}/restore", scope, this::restore),
                Route.get("/snapshots/{name}", scope, this::read),
                Route.delete("/snapshots/{name}", scope, this::delete));
    }

    private void list(Context context) {
        Parameters parameters = RequestParameters.ofQuery(context);
        SnapshotPage page = snapshots.list(request(parameters));
        Map<String, Object> body = new LinkedHashMap<>();
        page.nextPageToken().ifPresent(token -> body.put("nextPageToken", token));
        body.put("snapshots", page.headers().stream().map(SnapshotApi::header).toList());
        answers.object(context, 200, body);
    }

    private static ListRequest request(Parameters parameters) {
        try {
            ListRequest request =
                    ListRequest.firstPage(parameters.number("limit").orElse(PAGE));
            request = parameters.text("next_page_token").map(request::page).orElse(request);
            request = parameters
                    .text("kind")
                    .map(SnapshotKind::of)
                    .map(request::kind)
                    .orElse(request);
            request = time(parameters, "from").map(request::from).orElse(request);
            return time(parameters, "to").map(request::until).orElse(request);
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest(String.valueOf(e.getMessage()));
        }
    }

    private static Optional<Instant> time(Parameters parameters, String name) {
        return parameters.text(name).map(value -> {
            try {
                return Instant.parse(value);
            } catch (DateTimeException e) {
                throw ApiException.badRequest("Parameter " + name + " '" + OneLine.name(value)
                        + "' must be a time like 2026-11-21T09:30:00Z.");
            }
        });
    }

    private static Map<String, Object> header(SnapshotHeader header) {
        Map<String, Object> json = new LinkedHashMap<>(header.toMap());
        json.put("revision", header.revision());
        json.put("modelCount", header.modelCount());
        json.put("size", header.size());
        return json;
    }

    private void read(Context context) {
        String name = checkedName(context.pathParam("name"));
        byte[] text = snapshots.get(name).toBytes();
        context.header(HeaderNames.SNAPSHOT, name);
        context.status(200).contentType(Answers.TEXT).result(text);
    }

    private void delete(Context context) {
        String name = checkedName(context.pathParam("name"));
        snapshots.delete(name);
        answers.object(context, 200, Answers.status("Snapshot \"" + name + "\" deleted"));
    }

    private void plan(Context context) {
        plan(context, snapshots.plan(checkedName(context.pathParam("name"))));
    }

    private void undoPlan(Context context) {
        plan(context, snapshots.plan(snapshots.undoes()));
    }

    private void plan(Context context, RestorePlan plan) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("snapshot", plan.name());
        body.put("actions", plan.actions());
        answers.object(context, 200, body);
    }

    private void restore(Context context) {
        String name = checkedName(context.pathParam("name"));
        restored(context, measured(() -> snapshots.restore(name)));
    }

    private void undo(Context context) {
        restored(context, measured(() -> snapshots.restore(snapshots.undoes())));
    }

    /** Where nothing differed nothing was restored. */
    private Restored measured(Supplier<Restored> restore) {
        long begin = System.nanoTime();
        try {
            Restored restored = restore.get();
            if (!restored.plan().actions().isEmpty()) {
                measures.restored(RestoreMeasures.When.RUNNING, true, System.nanoTime() - begin);
            }
            return restored;
        } catch (RuntimeException e) {
            measures.restored(RestoreMeasures.When.RUNNING, false, System.nanoTime() - begin);
            throw e;
        }
    }

    private void restored(Context context, Restored restored) {
        Map<String, Object> more = new LinkedHashMap<>();
        more.put("restored", restored.plan().name());
        more.put("actions", restored.plan().actions());
        restored.change().snapshot().ifPresent(name -> more.put("snapshot", name));
        restored.before().ifPresent(name -> more.put("before", name));
        answers.changed(context, restored.change(), more);
    }

    private static String checkedName(String name) {
        return SafeNames.check("Snapshot name", name);
    }

    private void save(Context context) {
        String name = RequestParameters.ofQuery(context)
                .text("name")
                .map(SnapshotApi::checkedName)
                .orElseThrow(() -> ApiException.badRequest("Parameter name is required."));
        answers.changed(context, snapshots.save(name));
    }

    private void attach(Context context) {
        String take = RequestParameters.ofQuery(context).text("take").orElse("");
        if (!List.of("store", "local", "merge").contains(take)) {
            throw ApiException.badRequest("Parameter take '" + OneLine.name(take)
                    + "' must be store (go over to the store's last snapshot), local (write what this host serves) or"
                    + " merge (serve what both changed).");
        }
        Take whose = Take.valueOf(take.toUpperCase(Locale.ROOT));
        answers.object(context, 200, Answers.status(snapshots.attach(whose)));
    }

    private void status(Context context) {
        StoreStatus status = snapshots.status();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("store", status.store());
        body.put("group", status.group());
        body.put("mode", status.mode().name());
        status.lastSnapshot().ifPresent(name -> body.put("lastSnapshot", name));
        body.put("revision", status.revision());
        body.put("spooled", status.spooled());
        status.behind().ifPresent(head -> body.put("behind", side(head)));
        if (status.empty()) {
            body.put("empty", true);
        }
        status.divergence().ifPresent(sides -> body.put("divergence", divergence(sides)));
        if (!status.aside().isEmpty()) {
            body.put("aside", status.aside());
        }
        status.journal().ifPresent(use -> {
            Map<String, Object> journal = new LinkedHashMap<>();
            journal.put("bytes", use.bytes());
            journal.put("limit", use.limit());
            journal.put("dropped", use.dropped());
            journal.put("full", use.full());
            body.put("journal", journal);
        });
        body.put("notices", status.notices().stream().map(Shortened::forBody).toList());
        answers.object(context, 200, body);
    }

    private static Map<String, Object> divergence(Divergence sides) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("since", sides.since().toString());
        sides.base().ifPresent(base -> json.put("base", side(base)));
        sides.here().ifPresent(here -> json.put("here", side(here)));
        sides.inStore().ifPresent(store -> json.put("store", side(store)));
        json.put("differences", sides.differences());
        return json;
    }

    private static Map<String, Object> side(Side side) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("snapshot", side.snapshot());
        json.put("host", side.host());
        json.put("createdOn", side.createdOn().toString());
        json.put("callers", side.callers());
        return json;
    }
}
