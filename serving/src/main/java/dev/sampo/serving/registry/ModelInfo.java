package dev.sampo.serving.registry;

import dev.sampo.cluster.wire.CborSerializable;
import dev.sampo.model.data.Target;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know about one model version without its weights. Immutable.
 *
 * @param reason why the state is {@link State#DAMAGED}; else empty
 * @param created when it was published, as its document says
 * @param job the training job; empty if unknown
 * @param metrics the final evaluation by metric name, sorted
 * @param inputs the raw columns that the model needs, in order; empty if damaged
 * @param target what it predicts; null if damaged
 */
public record ModelInfo(
        String name,
        int version,
        State state,
        String reason,
        String created,
        String job,
        String weightsSha256,
        Map<String, Double> metrics,
        List<Input> inputs,
        @Nullable Target target)
        implements CborSerializable {

    /** Where a version stands on one serving node. */
    public enum State {
        /** In the registry; loaded at the first request. */
        AVAILABLE,
        LOADING,
        READY,
        /** Refused when it was read; the reason says why. */
        DAMAGED
    }

    /** What kind of raw value a column holds. */
    public enum Kind {
        NUMBER,
        TEXT,
        VECTOR
    }

    /**
     * One raw column.
     *
     * @param width the vector's length; 1 for scalar columns
     */
    public record Input(String name, Kind kind, int width) {}

    public ModelInfo {
        metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
        inputs = List.copyOf(inputs);
    }

    /** A version whose document can't be read. */
    public static ModelInfo damaged(ModelKey key, String reason) {
        return new ModelInfo(key.name(), key.version(), State.DAMAGED, reason, "", "", "", Map.of(), List.of(), null);
    }

    public ModelInfo withState(State newState, String newReason) {
        return new ModelInfo(name, version, newState, newReason, created, job, weightsSha256, metrics, inputs, target);
    }

    public ModelKey key() {
        return new ModelKey(name, version);
    }

    /** What it predicts; {@link IllegalStateException} with the reason if the version is damaged. */
    public Target prediction() {
        if (target == null) {
            throw new IllegalStateException("model " + key() + " is damaged: " + reason);
        }
        return target;
    }

    /** Classes in order for a classifier, else empty; probabilities are given for each, also for a binary one. */
    public List<String> classes() {
        return target == null ? List.of() : target.classes();
    }
}
