package dev.holdfast.host.rpc;

import dev.holdfast.host.rpc.RpcMethod.Body;
import dev.holdfast.host.rpc.RpcMethod.Reply;
import dev.holdfast.host.rpc.RpcMethod.Turn;
import dev.holdfast.host.runtime.classifier.Datum;
import dev.holdfast.host.runtime.classifier.OnlineClassifier;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.msgpack.core.MessageUnpacker;

/** The methods of classifiers. */
final class ClassifierMethods {

    private ClassifierMethods() {}

    /** @param status what {@code get_status} says of the server, whatever its models */
    static Engine<OnlineClassifier> engine(ServerStatus status) {
        Map<String, RpcMethod<OnlineClassifier>> methods = new HashMap<>();
        methods.put("train", teach((model, in) -> {
            List<Datum.Labelled> examples = in.list(ClassifierMethods::labelled);
            long count = change(model, some -> some.learn(examples));
            return out -> out.packLong(count);
        }));
        methods.put("classify", ask((model, in) -> {
            List<Map<String, Double>> answers = model.asked().classify(in.list(ClassifierMethods::datum));
            return out -> {
                out.packArrayHeader(answers.size());
                for (Map<String, Double> scores : answers) {
                    out.packArrayHeader(scores.size());
                    for (Map.Entry<String, Double> score : scores.entrySet()) {
                        out.packArrayHeader(2).packString(score.getKey()).packDouble(score.getValue());
                    }
                }
            };
        }));
        methods.put("get_labels", ask((model, in) -> {
            Map<String, Long> labels = model.asked().labels();
            return out -> {
                out.packMapHeader(labels.size());
                for (Map.Entry<String, Long> label : labels.entrySet()) {
                    out.packString(label.getKey()).packLong(label.getValue());
                }
            };
        }));
        methods.put("set_label", teach((model, in) -> {
            String label = in.text();
            return RpcMethod.truth(change(model, some -> some.setLabel(label)));
        }));
        methods.put("delete_label", teach((model, in) -> {
            String label = in.text();
            return RpcMethod.truth(change(model, some -> some.deleteLabel(label)));
        }));
        methods.put(
                "clear",
                teach((model, in) -> RpcMethod.truth(change(model, some -> {
                    some.clear();
                    return true;
                }))));
        methods.put("get_config", ask((model, in) -> {
            String text = model.asked().configuration();
            return out -> out.packString(text);
        }));
        Engine<OnlineClassifier> engine =
                new Engine<>("classifier", OnlineClassifier.class, methods, OnlineClassifier::isBusy);
        methods.put("save", file((model, in) -> FileMethods.save(engine.type(), model, in, model.asked()::save)));
        methods.put(
                "load",
                file((model, in) -> FileMethods.load(engine.type(), model, in, (some, file) -> some.load(file))));
        methods.put("get_status", ask((model, in) -> status(status, model)));
        return engine;
    }

    private static RpcMethod<OnlineClassifier> ask(Body<OnlineClassifier> body) {
        return new RpcMethod<>(Turn.ASK, body);
    }

    private static RpcMethod<OnlineClassifier> teach(Body<OnlineClassifier> body) {
        return new RpcMethod<>(Turn.TEACH, body);
    }

    private static RpcMethod<OnlineClassifier> file(Body<OnlineClassifier> body) {
        return new RpcMethod<>(Turn.FILE, body);
    }

    /** Each call that may change something counts, whether it does or not. */
    private static <T> T change(CalledModel<OnlineClassifier> model, Function<OnlineClassifier, T> change) {
        T done = model.found().teach(change);
        model.record().updates.incrementAndGet();
        return done;
    }

    private static Datum.Labelled labelled(MessageUnpacker in) throws IOException {
        int fields = in.unpackArrayHeader();
        String label = fields > 0 ? Arguments.textOf(in) : "";
        Datum datum = fields > 1 ? datum(in) : new Datum(List.of(), List.of());
        Arguments.skip(in, fields - 2);
        return new Datum.Labelled(label, datum);
    }

    private static Datum datum(MessageUnpacker in) throws IOException {
        int fields = in.unpackArrayHeader();
        List<Datum.Text> texts = fields > 0 ? Arguments.listOf(in, ClassifierMethods::text) : List.of();
        List<Datum.Num> numbers = fields > 1 ? Arguments.listOf(in, ClassifierMethods::number) : List.of();
        if (fields > 2) {
            Arguments.listOf(in, ClassifierMethods::binary);
        }
        Arguments.skip(in, fields - 3);
        return new Datum(texts, numbers);
    }

    private static Datum.Text text(MessageUnpacker in) throws IOException {
        Arguments.pair(in);
        String key = Arguments.textOf(in);
        return new Datum.Text(key, Arguments.textOf(in));
    }

    private static Datum.Num number(MessageUnpacker in) throws IOException {
        Arguments.pair(in);
        String key = Arguments.textOf(in);
        return new Datum.Num(key, Arguments.numberOf(in));
    }

    /** No rule makes anything of it. */
    private static String binary(MessageUnpacker in) throws IOException {
        Arguments.pair(in);
        String key = Arguments.textOf(in);
        in.skipValue();
        return key;
    }

    private static Reply status(ServerStatus server, CalledModel<OnlineClassifier> model) {
        Map<String, String> status = server.of(model.record());
        status.put("type", "classifier");
        status.put("num_classes", String.valueOf(model.asked().labels().size()));
        status.put("num_features", String.valueOf(model.asked().featureCount()));
        return out -> {
            out.packMapHeader(1).packString(model.files().server()).packMapHeader(status.size());
            for (Map.Entry<String, String> entry : status.entrySet()) {
                out.packString(entry.getKey()).packString(entry.getValue());
            }
        };
    }
}
