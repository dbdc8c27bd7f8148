package dev.holdfast.host.workflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.HandlerRuntime;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the plans of workflows out of their archives. */
public final class WorkflowRuntime extends HandlerRuntime {

    private static final long LONGEST = 1 << 20;
    private static final String MANIFEST = "WAR-INF/MANIFEST.json";

    public WorkflowRuntime() {
        super(Workflows.PLAN);
    }

    @Override
    public LoadedModel load(Archive archive) {
        return new WorkflowModel(spec(archive));
    }

    /**
     * The plan in an archive.
     *
     * @throws ModelLoadException if it has none, or one that cannot be carried out
     */
    public static WorkflowSpec spec(Archive archive) {
        String file = archive.manifest().modelFile().orElse("");
        String what = "Archive " + archive.fileName() + " with a workflow: ";
        try {
            JsonNode workflow = new ObjectMapper()
                    .readTree(text(archive.root().resolve(MANIFEST)))
                    .path("workflow");
            Optional<String> handler =
                    Optional.ofNullable(workflow.path("handler").textValue()).filter(name -> !name.isBlank());
            if (handler.isPresent() && !Files.isRegularFile(archive.root().resolve(handler.get()))) {
                throw new ModelLoadException(what + "it has no file " + handler.get());
            }
            return WorkflowSpec.read(text(archive.root().resolve(file)), archive.fileName(), handler);
        } catch (IOException e) {
            throw new ModelLoadException(what + file + " cannot be read: " + e, e);
        } catch (IllegalArgumentException e) {
            throw new ModelLoadException(what + file + ": " + e.getMessage(), e);
        }
    }

    private static String text(Path file) throws IOException {
        if (Files.size(file) > LONGEST) {
            throw new IOException("it has more than " + LONGEST + " bytes");
        }
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
