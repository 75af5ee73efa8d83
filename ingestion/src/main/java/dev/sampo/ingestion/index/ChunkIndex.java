package dev.sampo.ingestion.index;

import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.Span;
import dev.sampo.ingestion.stream.Dataset;
import dev.sampo.model.data.Schema;
import java.util.List;

/**
 * Where every record lies: the files' chunks, and which of their rows can be used. Immutable.
 *
 * @param train chunks of the training files, in file order
 * @param validation chunks of the validation files; empty with a validation fraction
 */
public record ChunkIndex(
        Schema schema,
        List<SourceFile> trainFiles,
        List<SourceFile> validationFiles,
        List<Chunk> train,
        List<Chunk> validation,
        double validationFraction,
        long seed) {
    /**
     * A contiguous range of records of one file.
     *
     * @param file position in the file list
     * @param trainRows good rows that are trained on
     * @param validationRows good rows that are evaluated on
     * @param bad numbers within the chunk of the records that can't be used, ascending
     */
    public record Chunk(int file, Span span, int trainRows, int validationRows, List<Integer> bad) {}

    /** The same source with its rows counted. */
    ChunkIndex withChunks(List<Chunk> counted, List<Chunk> validationCounted) {
        return new ChunkIndex(
                schema, trainFiles, validationFiles, counted, validationCounted, validationFraction, seed);
    }

    /** The chunks that hold a data set's rows. */
    public List<Chunk> chunks(Dataset dataset) {
        return dataset == Dataset.TRAIN || validation.isEmpty() ? train : validation;
    }

    public List<SourceFile> files(Dataset dataset) {
        return dataset == Dataset.TRAIN || validation.isEmpty() ? trainFiles : validationFiles;
    }

    /** Rows of a data set in one of its chunks. */
    public static int rows(Chunk chunk, Dataset dataset) {
        return dataset == Dataset.TRAIN ? chunk.trainRows() : chunk.validationRows();
    }

    public long rows(Dataset dataset) {
        return chunks(dataset).stream().mapToLong(chunk -> rows(chunk, dataset)).sum();
    }

    /** Whether a good record is evaluated on rather than trained on: a pure function of seed, file and number. */
    public static boolean isValidation(long seed, double fraction, int file, long record) {
        if (fraction <= 0) {
            return false;
        }
        long z = seed * 0x9E3779B97F4A7C15L + file * 0xD1B54A32D192ED03L + record * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return ((z ^ z >>> 31) >>> 11) * 0x1.0p-53 < fraction;
    }
}
