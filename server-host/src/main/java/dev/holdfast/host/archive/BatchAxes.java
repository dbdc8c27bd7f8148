package dev.holdfast.host.archive;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The author's word on running requests of different callers together: which dimension of each input and output counts
 * the rows, from 0.
 *
 * <p>An input that is not named is one for all rows: only requests that are equal in it run together. An output that is
 * not named cannot be told apart again. With no inputs at all it is the author's word that requests never run together.
 *
 * @param inputs the dimension by the input's name
 * @param outputs the dimension by the output's name
 */
public record BatchAxes(Map<String, Integer> inputs, Map<String, Integer> outputs) {

    public BatchAxes {
        inputs = Collections.unmodifiableMap(new TreeMap<>(inputs));
        outputs = Collections.unmodifiableMap(new TreeMap<>(outputs));
    }
}
