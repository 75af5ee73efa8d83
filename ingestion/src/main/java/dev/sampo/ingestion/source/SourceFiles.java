package dev.sampo.ingestion.source;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Turns the names of a spec (files, folders, globs) into a list of files, in an order that is the same everywhere. */
public final class SourceFiles {
    private SourceFiles() {}

    /**
     * The files meant by {@code names}: in the order of the names, within a folder or glob by path.
     *
     * @param what whose names they are, such as {@code data.train}, for messages
     * @param type which files of a folder are meant; null takes those of any known format
     * @throws BadSourceException if a name means no file, or a file is empty, unreadable or listed twice
     */
    public static List<Path> resolve(String what, List<String> names, @Nullable FormatType type) throws IOException {
        LinkedHashSet<Path> files = new LinkedHashSet<>();
        for (String name : names) {
            for (Path file : resolve(what, name, type)) {
                checkReadable(what, file);
                if (!files.add(file)) {
                    throw new BadSourceException(what + ": " + file + " is listed twice; its rows would count twice");
                }
            }
        }
        return List.copyOf(files);
    }

    private static List<Path> resolve(String what, String name, @Nullable FormatType type) throws IOException {
        Path path = Path.of(name).toAbsolutePath().normalize();
        if (Files.isDirectory(path)) {
            return filesOfFolder(what, path, type);
        }
        if (Files.exists(path)) {
            return List.of(path);
        }
        if (isGlob(name)) {
            return filesOfGlob(what, path);
        }
        throw new BadSourceException(
                what + ": there is no file or folder " + path + "; every ingest node must see it under this path");
    }

    private static List<Path> filesOfFolder(String what, Path folder, @Nullable FormatType type) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            List<Path> files = children.filter(Files::isRegularFile)
                    .filter(file -> isUsual(file, type))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new BadSourceException(what + ": the folder " + folder + " has no "
                        + (type == null ? "" : type.text() + " ") + "file; name the files or a glob such as "
                        + folder.resolve("part-*"));
            }
            return files;
        }
    }

    private static boolean isUsual(Path file, @Nullable FormatType type) {
        String name = String.valueOf(file.getFileName());
        FormatType told = FormatType.ofFileName(name);
        return !name.startsWith(".") && !name.startsWith("_") && told != null && (type == null || told == type);
    }

    private static boolean isGlob(String name) {
        return name.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
    }

    private static List<Path> filesOfGlob(String what, Path pattern) throws IOException {
        PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        Path root = pattern; // becomes the deepest folder without a wildcard
        int depth = 0;
        while (isGlob(root.toString()) && root.getParent() != null) {
            root = root.getParent();
            depth++;
        }
        boolean deep = pattern.toString().contains("**");
        List<Path> files = List.of();
        if (Files.isDirectory(root)) {
            try (Stream<Path> tree = Files.walk(root, deep ? Integer.MAX_VALUE : depth)) {
                files = tree.filter(Files::isRegularFile)
                        .filter(matcher::matches)
                        .sorted()
                        .toList();
            }
        }
        if (files.isEmpty()) {
            throw new BadSourceException(what + ": no file matches " + pattern);
        }
        return files;
    }

    private static void checkReadable(String what, Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new BadSourceException(what + ": " + file + " can't be read; check its permissions");
        }
        if (Files.size(file) == 0) {
            throw new BadSourceException(what + ": " + file + " is empty");
        }
    }
}
