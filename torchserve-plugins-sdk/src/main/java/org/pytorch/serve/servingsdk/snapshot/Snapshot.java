package org.pytorch.serve.servingsdk.snapshot;

import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.Map;

/** What TorchServe's serializers are told of the models beside the properties; a bean, as its plugins expect one. */
public class Snapshot {

    private String name;
    private int modelCount;
    private long created = System.currentTimeMillis();
    private Map<String, Map<String, JsonObject>> models = new HashMap<>();

    /**
     * A snapshot of now, without models yet.
     *
     * @param modelCount the number of model versions
     */
    public Snapshot(String name, int modelCount) {
        this.name = name;
        this.modelCount = modelCount;
    }

    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    /** How many model versions it has. */
    public int getModelCount() {
        return modelCount;
    }

    public void setModelCount(int modelCount) {
        this.modelCount = modelCount;
    }

    /** When it was taken, in milliseconds since 1970. */
    public long getCreated() {
        return created;
    }

    public void setCreated(long created) {
        this.created = created;
    }

    /** The settings of each version, by the model's name and the version. */
    public Map<String, Map<String, JsonObject>> getModels() {
        return models;
    }

    public void setModels(Map<String, Map<String, JsonObject>> models) {
        this.models = models;
    }
}
