package dev.sampo.ingestion.source;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sampo.model.feature.LabelSpec;
import dev.sampo.model.spec.Problems;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The data section of a job: which files, how they are read, what is learned of them. Immutable.
 *
 * @param train files, folders or globs; one text or a list. A folder means its files of the format's usual names
 * @param validation the same for data that is only evaluated on; empty for none
 * @param validationFraction of the training records, chosen by a hash of seed and record number, are only evaluated on
 * @param format how the files are read; null leaves it to the first file's name
 * @param label what is learned; its column is {@code label} by default in libsvm and idx
 * @param weight the column of sample weights, or null
 * @param chunkRows most records in a chunk, the unit of indexing and shuffling
 * @param shuffleWindow rows that are shuffled among each other within a rank's stream
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DataSpec(
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> train,

        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> validation,

        @Nullable Double validationFraction,
        @Nullable FormatSpec format,
        @Nullable LabelSpec label,
        @Nullable String weight,
        Integer chunkRows,
        Integer shuffleWindow) {
    private static final int CHUNK_ROWS_MAX = 1 << 16;
    private static final int SHUFFLE_WINDOW_MAX = 1 << 22;

    /** Fills in the defaults of absent values. */
    @JsonCreator
    public DataSpec(
            @Nullable List<String> train,
            @Nullable List<String> validation,
            @Nullable Double validationFraction,
            @Nullable FormatSpec format,
            @Nullable LabelSpec label,
            @Nullable String weight,
            @Nullable Integer chunkRows,
            @Nullable Integer shuffleWindow) {
        this.train = train == null ? List.of() : train;
        this.validation = validation == null ? List.of() : validation;
        this.validationFraction = validationFraction;
        this.format = format;
        this.label = label;
        this.weight = weight;
        this.chunkRows = chunkRows == null ? 1024 : chunkRows;
        this.shuffleWindow = shuffleWindow == null ? 16_384 : shuffleWindow;
    }

    /** The same data with its format told. */
    public DataSpec withFormat(FormatSpec told) {
        return new DataSpec(train, validation, validationFraction, told, label, weight, chunkRows, shuffleWindow);
    }

    /** Adds every fault that shows without opening a file. */
    public void check(String path, Problems problems) {
        checkPaths(path + ".train", train, problems);
        problems.check(!train.isEmpty(), path + ".train", "must name at least one file, folder or glob");
        checkPaths(path + ".validation", validation, problems);
        if (validationFraction != null) {
            problems.check(
                    validationFraction > 0 && validationFraction < 1,
                    path + ".validationFraction",
                    "must be > 0 and < 1, was " + validationFraction);
            problems.check(
                    validation.isEmpty(),
                    path + ".validationFraction",
                    "can't go with " + path + ".validation; give one of them");
        }
        if (format != null) {
            format.check(path + ".format", problems);
            checkLabels(path, format, problems);
        }
        if (label == null) {
            problems.add(path + ".label", "must say what is learned, such as {column: price, type: numeric}");
        } else {
            label.check(path + ".label", problems);
        }
        problems.check(weight == null || !weight.isEmpty(), path + ".weight", "must not be empty");
        checkRange(path + ".chunkRows", chunkRows, CHUNK_ROWS_MAX, problems);
        checkRange(path + ".shuffleWindow", shuffleWindow, SHUFFLE_WINDOW_MAX, problems);
    }

    private void checkLabels(String path, FormatSpec given, Problems problems) {
        if (given.knownType() == FormatType.IDX && !validation.isEmpty() && given.validationLabels() == null) {
            problems.add(path + ".format.validationLabels", "must name the labels' file of each validation file");
        }
    }

    private static void checkPaths(String path, List<String> names, Problems problems) {
        for (String name : names) {
            problems.check(name != null && !name.isBlank(), path, "must not hold an empty name");
        }
    }

    private static void checkRange(String path, int value, int max, Problems problems) {
        problems.check(value >= 1 && value <= max, path, "must be ≥ 1 and ≤ " + max + ", was " + value);
    }
}
