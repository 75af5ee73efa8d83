package dev.sampo.ingestion.index;

import dev.sampo.ingestion.source.BadSourceException;
import dev.sampo.ingestion.source.DataSpec;
import dev.sampo.ingestion.source.FormatSpec;
import dev.sampo.ingestion.source.FormatType;
import dev.sampo.ingestion.source.SourceFile;
import dev.sampo.ingestion.source.SourceFiles;
import dev.sampo.model.data.Schema;
import dev.sampo.model.spec.Problems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files a job's data section means, and their format.
 *
 * @param plan the job's plan with the format told
 * @param files an index that knows the files and nothing of their contents
 */
record SourceListing(IngestPlan plan, ChunkIndex files) {
    /** Lists the files; run it where they can be seen. */
    static SourceListing of(IngestPlan plan) throws IOException {
        DataSpec data = plan.data();
        FormatType told = data.format() == null ? null : data.format().knownType();
        List<Path> train = SourceFiles.resolve("data.train", data.train(), told);
        FormatType type = told == null ? typeOf(train.get(0)) : told;
        FormatSpec format = (data.format() == null ? FormatSpec.of(type.text()) : data.format()).withType(type);
        Problems problems = new Problems();
        format.check("data.format", problems);
        problems.orThrow(BadSourceException::new);
        List<Path> validation = data.validation().isEmpty()
                ? List.of()
                : SourceFiles.resolve("data.validation", data.validation(), type);
        ChunkIndex files = new ChunkIndex(
                new Schema(List.of(), null),
                files("data.format.labels", train, format.labels()),
                files("data.format.validationLabels", validation, format.validationLabels()),
                List.of(),
                List.of(),
                data.validationFraction() == null ? 0 : data.validationFraction(),
                plan.seed());
        return new SourceListing(plan.withData(data.withFormat(format)), files);
    }

    private static FormatType typeOf(Path file) throws BadSourceException {
        FormatType type = FormatType.ofFileName(String.valueOf(file.getFileName()));
        if (type == null) {
            throw new BadSourceException("data.format.type: not given, and the name " + file
                    + " does not tell it; set csv, tsv, libsvm, idx or jsonl");
        }
        return type;
    }

    private static List<SourceFile> files(String key, List<Path> paths, @Nullable List<String> labels)
            throws IOException {
        List<SourceFile> files = new ArrayList<>();
        if (labels == null || paths.isEmpty()) {
            paths.forEach(path -> files.add(new SourceFile(path.toString(), null)));
            return files;
        }
        List<Path> found = SourceFiles.resolve(key, labels, FormatType.IDX);
        if (found.size() != paths.size()) {
            throw new BadSourceException(key + ": " + found.size() + " files for " + paths.size() + " data files");
        }
        for (int i = 0; i < paths.size(); i++) {
            files.add(new SourceFile(paths.get(i).toString(), found.get(i).toString()));
        }
        return files;
    }
}
