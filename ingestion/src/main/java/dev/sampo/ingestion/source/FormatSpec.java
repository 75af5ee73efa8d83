package dev.sampo.ingestion.source;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.spec.Problems;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How files are read; in a spec also just the type's name. Absent values have the defaults told here. Immutable.
 *
 * @param type {@code csv}, {@code tsv}, {@code libsvm}, {@code idx} or {@code jsonl}; told by the file's name if absent
 * @param header csv/tsv: whether each file begins with the columns' names; true, or false if {@code columns} are given
 * @param columns csv/tsv: the columns' names where there is no header; jsonl: the fields to read, by default all
 * @param delimiter csv/tsv: one ASCII character; comma or tab
 * @param quote csv/tsv: one ASCII character around values that hold delimiters or line ends, doubled inside; {@code "}
 * @param trim csv/tsv: drop blanks around values (outside quotes); true
 * @param missing csv/tsv/jsonl: texts that stand for a missing value; the empty text, {@code ?}, {@code NA} and {@code N/A}
 * @param indexBase libsvm: the lowest index, 0 or 1; no default, for a wrong guess would shift every feature
 * @param features libsvm: the number of features; by default what the training files hold
 * @param labels idx: the labels' files in the order of the training files
 * @param validationLabels idx: the labels' files in the order of the validation files
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FormatSpec(
        @Nullable String type,
        @Nullable Boolean header,

        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable List<String> columns,

        @Nullable String delimiter,
        @Nullable String quote,
        @Nullable Boolean trim,

        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable List<String> missing,

        @Nullable Integer indexBase,
        @Nullable Integer features,

        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable List<String> labels,

        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) @Nullable List<String> validationLabels) {
    /** What stands for a missing value if the spec doesn't say. */
    public static final List<String> MISSING = List.of("", "?", "NA", "N/A");

    @JsonCreator
    public FormatSpec {}

    /** The format of that name with all defaults. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static FormatSpec of(String type) {
        return new FormatSpec(type, null, null, null, null, null, null, null, null, null, null);
    }

    /** The type if it is given and known. */
    @JsonIgnore
    public @Nullable FormatType knownType() {
        return type == null ? null : FormatType.of(type);
    }

    /** The same format with its type told. */
    public FormatSpec withType(FormatType told) {
        return new FormatSpec(
                told.text(),
                header,
                columns,
                delimiter,
                quote,
                trim,
                missing,
                indexBase,
                features,
                labels,
                validationLabels);
    }

    boolean hasHeader() {
        return header == null ? columns == null : header;
    }

    boolean trims() {
        return trim == null || trim;
    }

    char delimiterChar() {
        return delimiter == null ? (knownType() == FormatType.TSV ? '\t' : ',') : delimiter.charAt(0);
    }

    char quoteChar() {
        return quote == null ? '"' : quote.charAt(0);
    }

    List<String> missingTexts() {
        return missing == null ? MISSING : missing;
    }

    /** Adds every fault of this format. */
    public void check(String path, Problems problems) {
        FormatType known = knownType();
        if (type != null && known == null) {
            problems.add(path + ".type", "must be one of " + FormatType.texts() + ", was \"" + type + "\"");
        }
        if (known != null) {
            checkBelongs(path, known, problems);
        }
        checkCharacter(path + ".delimiter", delimiter, problems);
        checkCharacter(path + ".quote", quote, problems);
        if (delimiterChar0() == quoteChar0()) {
            problems.add(path + ".delimiter", "must differ from the quote");
        }
        checkColumns(path + ".columns", problems);
        if (known == FormatType.LIBSVM && (indexBase == null || indexBase < 0 || indexBase > 1)) {
            problems.add(path + ".indexBase", "must say 0 or 1, was " + (indexBase == null ? "absent" : indexBase));
        }
        if (features != null && features < 1) {
            problems.add(path + ".features", "must be ≥ 1, was " + features);
        }
        if (known == FormatType.IDX && (labels == null || labels.isEmpty())) {
            problems.add(path + ".labels", "must name the labels' file of each training file");
        }
    }

    // The checks look at specs that may be wrong, so these two tolerate an empty text.
    private int delimiterChar0() {
        return delimiter != null && delimiter.isEmpty() ? -1 : delimiterChar();
    }

    private int quoteChar0() {
        return quote != null && quote.isEmpty() ? -2 : quoteChar();
    }

    private void checkColumns(String path, Problems problems) {
        if (columns == null) {
            if (header != null && !header && knownType() != FormatType.JSONL) {
                problems.add(path, "must name the columns of files without a header");
            }
            return;
        }
        HashSet<String> seen = new HashSet<>();
        for (String column : columns) {
            if (column == null || column.isEmpty()) {
                problems.add(path, "must not hold an empty name");
            } else if (!seen.add(column)) {
                problems.add(path, "names \"" + column + "\" twice");
            }
        }
        problems.check(!columns.isEmpty(), path, "must not be empty");
    }

    private void checkBelongs(String path, FormatType known, Problems problems) {
        boolean table = known == FormatType.CSV || known == FormatType.TSV;
        checkBelongs(path + ".header", header, table, known, problems);
        checkBelongs(path + ".delimiter", delimiter, table, known, problems);
        checkBelongs(path + ".quote", quote, table, known, problems);
        checkBelongs(path + ".trim", trim, table, known, problems);
        checkBelongs(path + ".columns", columns, table || known == FormatType.JSONL, known, problems);
        checkBelongs(path + ".missing", missing, table || known == FormatType.JSONL, known, problems);
        checkBelongs(path + ".indexBase", indexBase, known == FormatType.LIBSVM, known, problems);
        checkBelongs(path + ".features", features, known == FormatType.LIBSVM, known, problems);
        checkBelongs(path + ".labels", labels, known == FormatType.IDX, known, problems);
        checkBelongs(path + ".validationLabels", validationLabels, known == FormatType.IDX, known, problems);
    }

    private static void checkBelongs(
            String path, @Nullable Object value, boolean belongs, FormatType type, Problems problems) {
        problems.check(value == null || belongs, path, "has no meaning for the format " + type.text() + "; remove it");
    }

    private static void checkCharacter(String path, @Nullable String value, Problems problems) {
        if (value != null && (value.length() != 1 || value.charAt(0) > 126 || value.charAt(0) == '\n')) {
            problems.add(path, "must be one ASCII character, was \"" + value + "\"");
        }
    }
}
