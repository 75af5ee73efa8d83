package dev.sampo.serving.prediction;

import dev.sampo.serving.registry.ModelInfo;
import dev.sampo.serving.registry.ModelKey;
import java.io.IOException;

/** Reads the files of one model version. Thread-safe; any exception means that the version is damaged. */
public interface ModelFormat {
    /** The bytes of one file of the version by its name; the error names it. */
    @FunctionalInterface
    interface Files {
        byte[] read(String file) throws IOException;
    }

    /** What the version is, from its document alone: no weights are read. State {@code AVAILABLE}. */
    ModelInfo describe(ModelKey key, Files files) throws IOException;

    /** Reads and checks the whole version. */
    LoadedModel load(ModelKey key, Files files) throws IOException;
}
