package dev.sampo.ingestion.source;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The file formats that can be read; each also packed with gzip. */
public enum FormatType {
    /** Values between delimiters, by default commas. */
    CSV,
    /** As CSV, by default with tabs. */
    TSV,
    /** {@code label index:value index:value …} a line. */
    LIBSVM,
    /** MNIST's binary arrays, the labels in a file of their own. */
    IDX,
    /** One flat JSON object a line. */
    JSONL;

    /** The name in a job spec, such as {@code csv}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** All names, for messages. */
    static String texts() {
        return Arrays.stream(values()).map(FormatType::text).collect(Collectors.joining(", "));
    }

    /** The format of that name, or null. */
    static @Nullable FormatType of(String text) {
        for (FormatType type : values()) {
            if (type.text().equals(text)) {
                return type;
            }
        }
        return null;
    }

    /** The format that a file's name tells, or null: {@code .csv}, {@code .tsv}, {@code .jsonl}, {@code .idx3-ubyte.gz} and so on. */
    public static @Nullable FormatType ofFileName(String fileName) {
        String name = fileName.toLowerCase(Locale.ROOT);
        if (name.endsWith(".gz")) {
            name = name.substring(0, name.length() - 3);
        }
        if (name.endsWith(".csv") || name.endsWith(".data")) {
            return CSV;
        }
        if (name.endsWith(".tsv")) {
            return TSV;
        }
        if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
            return JSONL;
        }
        if (name.endsWith(".libsvm") || name.endsWith(".svm") || name.endsWith(".svmlight")) {
            return LIBSVM;
        }
        return name.endsWith(".idx") || name.matches(".*idx\\d-[a-z]+") ? IDX : null;
    }
}
